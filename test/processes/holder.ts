// A process that has a lock and has signed it: it says so on its output, and goes on until it is told to end. As an heir it waits for its turn;
// with one of its own, it has that started before it ends. One that is deaf does not end.

import { spawn } from 'node:child_process';
import { openCalls } from '../../orchestrator/datapath/wasm/calls.ts';
import { awaitLock } from '../../orchestrator/processes/lock.ts';

const [path = '', manner = 'plain'] = process.argv.slice(2);

process.on('SIGTERM', () => {
  if (manner === 'deaf') return;
  if (manner === 'bequeathing') spawn(process.execPath, [import.meta.filename, path], { detached: true, stdio: 'ignore' }).unref();
  process.exit(0);
});
awaitLock(await openCalls(), path).sign();
process.stdout.write('it is mine\n');
setInterval(() => undefined, 1000);
