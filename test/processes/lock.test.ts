// The lock: one process at a time has it, and nobody who is gone.

import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openCalls } from '../../orchestrator/datapath/wasm/calls.ts';
import { awaitLock, awaitLockLater, takeLock } from '../../orchestrator/processes/lock.ts';
import { folderFor, hold } from './held.ts';

t.setTimeout(60_000);
const calls = await openCalls();

t.test('one has it at a time; who lets go of it leaves it to the next one', async (t) => {
  const path = join(folderFor(t), 'lock');
  const lock = takeLock(calls, path);
  t.ok(lock);
  t.equal(takeLock(calls, path), undefined);
  lock?.[Symbol.dispose]();
  using next = takeLock(calls, path);
  t.ok(next);
});

t.test('the number in the file is of who has it, whatever was there before', async (t) => {
  const path = join(folderFor(t), 'lock');
  writeFileSync(path, 'the number of a process that has ended long ago\n');
  using lock = awaitLock(calls, path);
  lock.sign();
  t.equal(readFileSync(path, 'utf8'), `${process.pid}\n`);
});

t.test('a process that is killed has it no more: who waits for it gets it, and goes on with other things until then', async (t) => {
  const path = join(folderFor(t), 'lock');
  const holder = await hold(t, path);
  t.equal(takeLock(calls, path), undefined);
  t.equal(readFileSync(path, 'utf8'), `${holder.pid}\n`);
  let hasIt = false;
  const waiting = awaitLockLater(calls, path).then((lock) => {
    hasIt = true;
    return lock;
  });
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  t.notOk(hasIt);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  using lock = await waiting;
  t.ok(lock);
});

t.test('where files cannot be locked that is said, which is something else than that somebody has it', async (t) => {
  const path = join(folderFor(t), 'lock');
  const opened = (): number => readdirSync('/proc/self/fd').length;
  const before = opened();
  const without = { flock: () => -1, flockLater: async () => false, errno: () => 37 };
  const refusal = { code: 'LOCK_UNUSABLE', message: new RegExp(`lock: ${path}: cannot be locked: `) };
  t.throws(() => takeLock(without, path), { ...refusal, message: /errno 37: its folder must be/ });
  t.throws(() => awaitLock(without, path), refusal);
  await t.rejects(awaitLockLater(without, path), refusal);
  t.equal(opened(), before, 'no descriptor is left');
});
