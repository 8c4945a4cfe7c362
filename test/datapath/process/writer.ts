// A client of the datapath process that does nothing but write entries, until it is killed.
//
//   writer.ts FOLDER   says "ready"

import { policySpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { openSharedDatapath } from '../../../orchestrator/datapath/wasm/shared-datapath.ts';

const datapath = await openSharedDatapath({ folder: process.argv[2] as string, waitMs: 60_000 });
const policy = datapath.map(policySpec);
process.stdout.write('ready\n');
for (let number = 0; ; number = (number + 1) % 500) {
  const key = { prefixLength: 96, set: 7, identity: number, direction: 0, protocol: 6, port: number };
  policy.updateNow(key, { rule: number, proxyPort: 0, matchLength: 25, precedence: 1 });
  if (number % 3 === 0) policy.deleteNow(key);
}
