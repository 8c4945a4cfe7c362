// This program, started again by itself.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { folderFor } from './held.ts';

t.setTimeout(60_000);

t.test('what is started apart outlives who has started it, in a session of its own', async (t) => {
  const path = join(folderFor(t), 'said');
  const first = spawn(process.execPath, [join(import.meta.dirname, 'apart.ts'), 'first', path], { stdio: 'inherit' });
  const [status] = await once(first, 'exit');
  t.equal(status, 0, 'it does not wait for it');
  while (!existsSync(path)) await sleep(10);
  const [starter, second] = readFileSync(path, 'utf8').split(' ').map(Number) as [number, number];
  t.teardown(() => process.kill(second, 'SIGKILL'));
  t.equal(starter, first.pid);
  // Behind the name, which may have anything in it: state, parent, group, session.
  const [, , , session] = readFileSync(`/proc/${second}/stat`, 'utf8').split(') ')[1].split(' ');
  t.equal(Number(session), second);
});
