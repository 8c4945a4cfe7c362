// A process with an access log and a file for it that takes little: it says so when the file has failed, and goes on.

import { fileURLToPath } from 'node:url';
import { LogEntry } from '../../../orchestrator/dns/log/log-entry.ts';
import { LogRing } from '../../../orchestrator/dns/log/log-ring.ts';
import { LogFile } from '../../../orchestrator/dns/process/log-file.ts';

const [path = ''] = process.argv.slice(2);
const ring = new LogRing(1 << 20);
const entry = new LogEntry();
const file = new LogFile({
  path,
  mostBytes: 1 << 30,
  files: 2,
  reader: ring.reader('newest'),
  naming: { node: 'n1', pod: () => undefined },
  after: Promise.resolve(),
  program: [process.execPath, fileURLToPath(new URL('../../../orchestrator/main.ts', import.meta.url))],
});
setInterval(() => {
  for (let count = 0; count < 1000; count += 1) ring.write(entry);
  if (file.failure !== undefined) process.stdout.write(`${file.failure}\n`);
}, 20);
