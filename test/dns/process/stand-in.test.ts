// Stand-in: a supervisor that is to serve itself waits for its maps until somebody else serves. Whoever serves goes on, and is watched over.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { DnsControl } from '../../../orchestrator/agent/dns-control.ts';
import { openCalls } from '../../../orchestrator/datapath/wasm/calls.ts';
import type { Call, Hello } from '../../../orchestrator/dns/control-line.ts';
import { takeLock } from '../../../orchestrator/processes/lock.ts';
import { UserWorld } from '../../datapath/process/world.ts';
import { networkSkip } from '../../support/netns.ts';
import { stopProcess } from '../../support/stopped.ts';
import { childrenOf } from './flooding.ts';
import { isAlive, waitFor } from './world.ts';

t.setTimeout(180_000);
const main = fileURLToPath(new URL('../../../orchestrator/main.ts', import.meta.url));
const answerMs = 5000;

/** Of its own, which is no supervisor. */
function hasChild(supervisor: number): boolean {
  return childrenOf(supervisor).some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`).includes('dns-proxy-child');
    } catch {
      // It has just ended.
      return false;
    }
  });
}

t.test('who serves is watched over by somebody', { skip: await networkSkip() }, async (t) => {
  const world = new UserWorld(t);
  world.start();
  const words = ['dns-proxy', '--run-dir', world.folder, '--state-dir', world.folder, '--datapath', 'wasm'];
  const first = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
  const dns = join(world.folder, 'dns');
  const call = async <Result>(what: Call): Promise<Result> => {
    using control = await DnsControl.connect(join(dns, 'control.sock'));
    return await control.call<Result>(what, answerMs);
  };
  const hello = () => call<Hello>({ call: 'hello' });
  const another = (...pids: number[]): Promise<Hello> =>
    waitFor(async () => {
      const now = await hello().catch(() => undefined);
      return now !== undefined && !pids.includes(now.pid) && now;
    });
  const supervisor = () => Number(readFileSync(join(dns, 'supervisor.lock'), 'utf8'));
  t.teardown(async () => {
    const last = supervisor();
    if (isAlive(last)) process.kill(last, 'SIGTERM');
    await waitFor(() => !isAlive(last));
    if (first.exitCode === null && first.signalCode === null) await once(first, 'exit');
  });
  await another();

  await t.test('a child that somebody has told to leave is followed by another one', async (t) => {
    const { pid } = await hello();
    await call({ call: 'leave' });
    const next = await another(pid);
    t.ok(childrenOf(supervisor()).includes(next.pid));
  });

  await t.test('a supervisor whose maps come late does not take over from the one that serves', async (t) => {
    const calls = await openCalls();
    const roles = () => ['proxy', 'proxy-next'].map((role) => takeLock(calls, join(world.datapathFolder, `${role}.lock`)));
    // Until its own stand-in is loaded it has another child serve, at once.
    for (;;) {
      const { pid } = await hello();
      const late = supervisor();
      stopProcess(late);
      process.kill(pid, 'SIGKILL');
      const locks = await waitFor(() => {
        const taken = roles();
        if (!taken.includes(undefined)) return taken;
        for (const lock of taken) lock?.[Symbol.dispose]();
        return undefined;
      });
      process.kill(late, 'SIGCONT');
      const successor = await waitFor(() => (supervisor() !== late ? supervisor() : hasChild(late) && -1));
      if (successor > 0) stopProcess(late);
      for (const lock of locks) lock?.[Symbol.dispose]();
      const next = await another(pid);
      if (successor < 0) continue;
      t.ok(childrenOf(successor).includes(next.pid), 'a child of the next supervisor serves');
      process.kill(late, 'SIGCONT');
      await waitFor(() => !isAlive(late));
      t.equal((await hello()).pid, next.pid, 'it goes on');
      t.equal(supervisor(), successor);
      break;
    }
  });

  await t.test('and where that one ends, too, there is another one', async () => {
    const { pid } = await hello();
    process.kill(pid, 'SIGKILL');
    await another(pid);
  });
});
