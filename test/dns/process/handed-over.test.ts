// Handed over after all: an agent that finds a proxy of another version, and that one just standing in for a child that was killed.

import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { DnsProxy } from '../../../orchestrator/agent/dns-proxy.ts';
import type { Hello } from '../../../orchestrator/dns/control-line.ts';
import { openLog } from '../../../orchestrator/log.ts';
import { realClock as clock } from '../../../orchestrator/state/clock.ts';
import { version } from '../../../orchestrator/version.ts';
import { kernelSkip } from '../../support/kernel.ts';
import { grant, rows } from '../web-rules.ts';
import { ask, question } from './servers.ts';
import { type Pod, port, World, waitFor } from './world.ts';

t.setTimeout(120_000);
const server = '10.8.0.53';
const root = fileURLToPath(new URL('../../../', import.meta.url));

t.test(
  'an upgrade that comes while the supervisor serves itself is refused, and happens when it has somebody again',
  {
    skip: await kernelSkip(),
  },
  async (t) => {
    const world = await World.open(t, 1);
    const [one] = world.pods as [Pod];
    world.addAddress(server);
    world.spawn(
      [
        '-k',
        '--no-resolv',
        '--no-hosts',
        '--conf-file=/dev/null',
        '--pid-file=',
        '--user=root',
        '--bind-interfaces',
        `--listen-address=${server}`,
        '--address=/example.com/192.0.2.1',
      ],
      'dnsmasq',
    );
    await world.allow({ allowed: rows, granted: [grant] });
    await world.start();
    // Whoever was asked may be killed before it answers.
    const hello = (): Promise<Hello | undefined> => world.call<Hello>({ call: 'hello' }).catch(() => undefined);
    const other = join(world.folder, 'other');
    cpSync(join(root, 'orchestrator'), join(other, 'orchestrator'), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(other, 'node_modules'));
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    writeFileSync(join(other, 'package.json'), JSON.stringify({ ...manifest, version: '0.0.9' }));
    await world.call({ call: 'upgrade', program: [process.execPath, join(other, 'orchestrator', 'main.ts')] });
    const before = await waitFor(async () => {
      const now = await hello();
      return now?.version === '0.0.9' && now.pid !== world.supervisorPid() && now;
    });
    t.equal((await ask(one, server, question(1, 'a.example.com'))).rcode, 'NOERROR');

    // Once it is ready for that, a supervisor serves itself until there is another one with a child.
    let killed = before.pid;
    const stands = async (): Promise<boolean> => {
      const now = await hello();
      if (now === undefined || now.pid === killed) return false;
      if (now.pid === world.supervisorPid()) return true;
      killed = now.pid;
      process.kill(now.pid, 'SIGKILL');
      return false;
    };
    process.kill(killed, 'SIGKILL');
    await waitFor(stands);
    await t.rejects(world.call({ call: 'upgrade', program: ['/bin/false'] }), { message: /another one takes over just now/ });

    // Whoever is asked to take over is started as this agent was.
    process.argv[1] = join(root, 'orchestrator', 'main.ts');
    const lines: string[] = [];
    const log = openLog({ write: (line) => lines.push(line), now: () => new Date(0) }).room('dns');
    const ending = new AbortController();
    const proxy = await DnsProxy.open({
      runDir: world.folder,
      reject: 'refused',
      mode: 'kernel',
      port,
      lead: () => undefined,
      start: () => undefined,
      stop: async () => undefined,
      clock,
      log,
    });
    const running = proxy.run({ signal: ending.signal });
    t.teardown(async () => {
      ending.abort();
      await running;
    });
    const after = await waitFor(async () => {
      const now = await hello();
      return now?.version === version() && now;
    });
    t.not(after.pid, before.pid);
    await waitFor(() => proxy.state === 'serving' && proxy.upgradeProblem === undefined);
    t.match(lines.join(''), /handed over to this version/);
    t.equal((await ask(one, server, question(2, 'b.example.com'))).rcode, 'NOERROR');
    process.kill(after.pid, 'SIGKILL');
    const last = await waitFor(async () => {
      const now = await hello();
      return now !== undefined && now.pid !== after.pid && now;
    });
    t.equal(last.version, version(), 'nobody of the version before is left to take its place');
  },
);
