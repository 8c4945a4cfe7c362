// Clients are killed while they write: the process makes whole what they leave, and the next client finds it so.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { policySpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { openSharedDatapath } from '../../../orchestrator/datapath/wasm/shared-datapath.ts';
import { networkSkip } from '../../support/netns.ts';
import { type UserPod, UserWorld } from './world.ts';

t.setTimeout(180_000);
const skip = await networkSkip();

t.test('a client that is killed inside an update leaves no map locked, and packets go on', { skip }, async (t) => {
  const world = new UserWorld(t);
  await world.makePods(2);
  const [one, two] = world.pods as [UserPod, UserPod];
  world.start();
  const first = await world.open();
  await world.settle(first);
  await first.close();
  for (let kill = 0; kill < 6; kill += 1) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'writer.ts'), world.datapathFolder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await sleep(10 + Math.random() * 50);
    child.kill('SIGKILL');
    await once(child, 'exit');
    t.match(one.netns.run(`ping -c 1 -W 20 ${two.addresses[0]}`), ' 0% packet loss');
    const datapath = await world.open();
    const policy = datapath.map(policySpec);
    const key = { prefixLength: 96, set: 8, identity: kill, direction: 0, protocol: 6, port: 80 };
    const started = performance.now();
    await policy.update([[key, { rule: 1, proxyPort: 0, matchLength: 25, precedence: 1 }]]);
    t.ok(performance.now() - started < 900, 'nobody waits for the lock of somebody who is gone');
    const told = new Set<string>();
    for await (const [{ set, identity }] of policy.entries()) told.add(`${set} ${identity}`);
    t.equal(told.size, await policy.count(), `${told.size} entries are there, each once`);
    await datapath.close();
  }
});

t.test('who may have several roles takes the one that is free first, whichever that is', { skip }, async (t) => {
  const world = new UserWorld(t);
  world.start();
  const open = () => openSharedDatapath({ folder: world.datapathFolder, role: ['proxy', 'proxy-next'], waitMs: 60_000 });
  await using first = await open();
  const second = await open();
  const third = open();
  t.equal(await Promise.race([third, sleep(300, 'nobody')]), 'nobody', 'both are taken');
  await second.close();
  const taken = await Promise.race([third, sleep(20_000, 'nobody')]);
  t.not(taken, 'nobody', 'the second one is free');
  await first.close();
  await (await third).close();
});
