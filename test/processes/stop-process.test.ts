// The end of a process that somebody else has started.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openCalls } from '../../orchestrator/datapath/wasm/calls.ts';
import { supervisorLock, takeLock } from '../../orchestrator/processes/lock.ts';
import { stopProcess } from '../../orchestrator/processes/stop-process.ts';
import { folderFor, hold } from './held.ts';

t.setTimeout(60_000);
const calls = await openCalls();

t.test('where none has ever been there is nothing to do', async (t) => {
  t.equal(await stopProcess(folderFor(t), () => Promise.reject(new Error('no C functions are needed for it'))), false);
});

t.test('who has the lock is told to end, and has ended then', async (t) => {
  const folder = folderFor(t);
  const holder = await hold(t, join(folder, supervisorLock));
  const ended = once(holder, 'exit');
  t.equal(await stopProcess(folder, openCalls), true);
  t.same(await ended, [0, null]);
  using lock = takeLock(calls, join(folder, supervisorLock));
  t.ok(lock);
});

t.test('whoever takes over meanwhile is told, too', async (t) => {
  const folder = folderFor(t);
  const path = join(folder, supervisorLock);
  const holder = await hold(t, path, 'bequeathing');
  // Its heir waits for the lock beside us, and signs when it has it.
  let heir = 0;
  const patient = async () => ({
    ...calls,
    flock(descriptor: number, operation: number): number {
      const result = calls.flock(descriptor, operation);
      heir = Number(readFileSync(path, 'utf8'));
      return heir === holder.pid ? -1 : result;
    },
    errno: () => 11,
  });
  t.equal(await stopProcess(folder, patient, 40_000), true);
  t.not(heir, holder.pid);
  using lock = takeLock(calls, path);
  t.ok(lock, 'nobody has it now');
});

t.test('a number that a process has left behind is nobody: who has it by now lives on', async (t) => {
  const folder = folderFor(t);
  const stranger = spawn('sleep', ['60']);
  t.teardown(() => stranger.kill('SIGKILL'));
  writeFileSync(join(folder, supervisorLock), `${stranger.pid}\n`);
  t.equal(await stopProcess(folder, openCalls), false);
  t.same([stranger.exitCode, stranger.signalCode], [null, null]);
});

t.test('one that does not end is left in time', async (t) => {
  const folder = folderFor(t);
  const holder = await hold(t, join(folder, supervisorLock), 'deaf');
  t.equal(await stopProcess(folder, openCalls, 200), true);
  t.equal(holder.exitCode, null);
});
