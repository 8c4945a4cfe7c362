// The datapath process is killed, again and again, while others speak through it.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { conntrackSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { networkSkip } from '../../support/netns.ts';
import { type UserPod, UserWorld } from './world.ts';

t.setTimeout(240_000);
const skip = await networkSkip();

/** Processor time that a process has had, in clock ticks; undefined when there is none. */
function timeOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return undefined;
  }
}

/** Waits until the supervisor has a second child, which has prepared itself and waits. */
async function waitForSpare(supervisor: number, current: number): Promise<void> {
  for (let [spare, before, calm] = [0, -1, 0]; calm < 3; await sleep(150)) {
    const children = readFileSync(`/proc/${supervisor}/task/${supervisor}/children`, 'utf8').trim().split(' ').map(Number);
    const found = children.find((pid) => pid !== current && pid !== 0);
    const time = found === undefined ? -1 : (timeOf(found) ?? -1);
    calm = found === spare && time === before && time > 10 ? calm + 1 : 0;
    [spare, before] = [found ?? 0, time];
  }
}

t.test('killed under load it loses no established flow, and is back within half a second', { skip }, async (t) => {
  const world = new UserWorld(t);
  await world.makePods(2);
  const [one, two] = world.pods as [UserPod, UserPod];
  const supervisor = world.start();
  const datapath = await world.open();
  await world.settle(datapath);
  await world.serve(9000, two.netns);
  const talker = await world.ask(one.netns, 9000, 25, two.addresses);
  const flows = await datapath.map(conntrackSpec).count();
  t.ok(flows >= 50, `${flows} flows`);
  const { id } = datapath.hello;

  const gaps: number[] = [];
  for (let kill = 0; kill < 3; kill += 1) {
    const { pid } = world;
    await waitForSpare(supervisor.pid as number, pid);
    t.comment(`before: ${await talker.gapMs()} ms`);
    process.kill(pid, 'SIGKILL');
    while (world.pid === pid || (await datapath.status()).ports.every(({ received }) => received === 0)) await sleep(20);
    // What was sent meanwhile comes back late, if it does.
    await sleep(300);
    gaps.push(await talker.gapMs());
  }
  t.comment(`silences of ${gaps.join(', ')} ms`);
  t.ok(Math.min(...gaps) <= 500, 'packets flow again within 500 ms');
  const { open, lost, alive } = await talker.end();
  t.same({ open, lost, alive }, { open: 50, lost: 0, alive: 50 }, 'every connection still answers');
  t.equal(datapath.hello.id, id, 'the memory is the same');
  t.ok((await datapath.map(conntrackSpec).count()) >= flows, 'and so are its flows');
  t.same((await datapath.status()).missing, [], 'all ports are open again');
});
