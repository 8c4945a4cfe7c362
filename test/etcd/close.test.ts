// Closing a store leaves nothing: no socket, no timer, no process that waits. A process of its own says so by ending.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { noEtcd, startEtcd } from '../support/etcd.ts';
import { Gate } from '../support/gate.ts';
import { root } from '../support/sources.ts';

t.setTimeout(900_000);
const skip = noEtcd;
const user = join(root, 'test/etcd/user.ts');

/** What the process printed, and how long it took to end after it had said that the store was closed. */
async function use(endpoint: string, what: string, inUse = () => {}): Promise<{ left: string[]; endedAfterMs: number }> {
  const child = spawn(process.execPath, [user, endpoint, what], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let closedAt = 0;
  child.stdout.on('data', (chunk) => {
    if (text === '') inUse();
    text += chunk;
    if (text.includes(']\n')) closedAt ||= Date.now();
  });
  const overdue = setTimeout(() => child.kill('SIGKILL'), 60_000);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(overdue);
  return { left: JSON.parse(text.replace('in use\n', '')), endedAfterMs: Date.now() - closedAt };
}

for (const what of ['everything', 'many times', 'failing over']) {
  t.test(`a store that did ${what} leaves nothing`, { skip }, async (t) => {
    const etcd = await startEtcd(t);
    const { left, endedAfterMs } = await use(etcd.server.url, what);
    t.same(left, []);
    t.ok(endedAfterMs < 2_000, `the process ended ${endedAfterMs} ms later`);
  });
}

t.test('a store whose server hangs can be closed', { skip }, async (t) => {
  const etcd = await startEtcd(t);
  const gate = await Gate.before(t, etcd.server.url);
  const { left, endedAfterMs } = await use(gate.url, 'hung', () => gate.freeze());
  t.same(left, []);
  t.ok(endedAfterMs < 2_000, `the process ended ${endedAfterMs} ms later`);
});
