// Names that pods may look up and addresses that this opens, where packets run through WebAssembly on the one node, and through eBPF programs on the other.
import t from 'tap';
import { sandboxSkip } from '../support/sandbox.ts';
import { resolversSkip } from './dns/servers.ts';
import { playDns } from './dns/suite.ts';
import { topology } from './outage-world.ts';

t.setTimeout(900_000);

t.test('names', { skip: resolversSkip() || (await sandboxSkip()) }, (t) =>
  playDns(t, topology({ datapath: 'mixed' }), { home: 'b', hasOutages: false }),
);
