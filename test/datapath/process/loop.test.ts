// A worker's loop under load: what it leaves for others when one pod floods, what it costs when nobody speaks, what it throws away.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { SharedDatapath } from '../../../orchestrator/datapath/wasm/shared-datapath.ts';
import { ip, networkSkip } from '../../support/netns.ts';
import { type UserPod, UserWorld } from './world.ts';

t.setTimeout(240_000);
const skip = await networkSkip();
const ticksPerSecond = 100;

/** Processor time of all its threads, in seconds. */
function secondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

t.test('110 pods that say nothing cost less than 1 % of a processor', { skip }, async (t) => {
  const world = new UserWorld(t);
  await world.makePods(110);
  world.start();
  const datapath = await world.open();
  await world.settle(datapath);
  // Stacks introduce themselves to new devices for some seconds.
  const shares: number[] = [];
  for (let tried = 0; tried < 6 && !(Math.min(...shares) < 0.01); tried += 1) {
    const [before, started] = [secondsOf(world.pid), performance.now()];
    await sleep(5000);
    shares.push((secondsOf(world.pid) - before) / ((performance.now() - started) / 1000));
  }
  t.comment(`shares of a processor: ${shares.map((share) => `${(share * 100).toFixed(2)} %`).join(', ')}`);
  t.ok(Math.min(...shares) < 0.01);
  t.same((await datapath.status()).missing, []);
});

t.test('a pod that floods leaves others what is theirs, and packets leave no garbage', { skip }, async (t) => {
  const world = new UserWorld(t);
  await world.makePods(3);
  const [flooder, modest, target] = world.pods as [UserPod, UserPod, UserPod];
  // One worker, so that all ports must share it; without a supervisor, whose pipe the collector would talk into.
  const child = world.start(['--workers', '1'], { command: 'datapath-child', node: ['--trace-gc'] });
  let collections = 0;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (collections += text.match(/Scavenge|Mark-Compact/g)?.length ?? 0));
  const datapath = await world.open();
  await world.settle(datapath);
  const flood = await world.run('flood.ts', ['64', target.addresses[0]], flooder.netns);
  const received = async () => {
    const { ports } = await datapath.status();
    return (port: UserPod) => ports.find(({ number }) => number === port.port)?.received ?? 0;
  };
  await sleep(3000);
  const calm = await world.run('flood.ts', ['64', target.addresses[0], '500'], modest.netns);
  const [before, collectionsBefore] = [await received(), collections];
  const deadline = performance.now() + 40_000;
  while ((await received())(flooder) - before(flooder) < 100_000 && performance.now() < deadline) await sleep(200);
  const [after, during] = [await received(), collections - collectionsBefore];
  const sent = Number(await calm.end());
  await sleep(200);
  const share = (await received())(modest) / sent;
  const flooded = after(flooder) - before(flooder);
  t.comment(`${flooded} packets of the flood; of ${sent} others ${(share * 100).toFixed(1)} % were taken; ${during} collections`);
  t.ok(flooded > 2 * sent, 'it was a flood');
  t.ok(share >= 0.8, 'who sends little is not kept waiting');
  t.ok(during <= Math.ceil(flooded / 50_000), 'at most one collection for 50,000 packets');
  await flood.end();
});

/** A window in which both floods were more than was taken of them; others say nothing of how a worker shares. */
interface Window {
  readonly taken: readonly [number, number];
}

const takenFrom = async (datapath: SharedDatapath) => {
  const { ports } = await datapath.status();
  return (pod: UserPod) => ports.find(({ number }) => number === pod.port)?.received ?? 0;
};

/** Packets of either that were taken, in windows in which either also lost many. */
async function floodedWindows(datapath: SharedDatapath, pods: readonly [UserPod, UserPod]): Promise<readonly Window[]> {
  const lostOf = ({ netns }: UserPod): number => ip('-s link show eth0', netns)[0].stats64.tx.dropped;
  const windows: Window[] = [];
  for (let look = 0; look < 80 && windows.length < 8; look += 1) {
    const [before, lost] = [await takenFrom(datapath), pods.map(lostOf)];
    await sleep(250);
    const after = await takenFrom(datapath);
    const taken = pods.map((pod) => after(pod) - before(pod)) as [number, number];
    const dropped = pods.map((pod, at) => lostOf(pod) - (lost[at] ?? 0));
    if (dropped.every((count, at) => count > (taken[at] ?? 0) / 4)) windows.push({ taken });
  }
  return windows;
}

t.test('of two equal floods each has its half, and who sends little keeps what it had without them', { skip }, async (t) => {
  const world = new UserWorld(t);
  await world.makePods(4);
  const [one, two, modest, target] = world.pods as [UserPod, UserPod, UserPod, UserPod];
  world.start(['--workers', '1'], { command: 'datapath-child' });
  const datapath = await world.open();
  await world.settle(datapath);
  const takenOf = () => takenFrom(datapath);
  /** Of what the modest one has sent, how much was taken while `act` ran. */
  const share = async (act: () => Promise<unknown>) => {
    const calm = await world.run('flood.ts', ['64', target.addresses[0], '500'], modest.netns);
    const before = (await takenOf())(modest);
    await act();
    const sent = Number(await calm.end());
    await sleep(200);
    return ((await takenOf())(modest) - before) / sent;
  };
  const alone = await share(() => sleep(1500));

  const floods = [];
  for (const { netns } of [one, two]) floods.push(await world.run('flood.ts', ['64', target.addresses[0]], netns));
  let windows: readonly Window[] = [];
  const among = await share(async () => {
    windows = await floodedWindows(datapath, [one, two]);
  });
  for (const flood of floods) await flood.end();

  const sums = [0, 1].map((at) => windows.reduce((sum, { taken }) => sum + (taken[at] ?? 0), 0));
  const total = (sums[0] ?? 0) + (sums[1] ?? 0);
  const halves = sums.map((sum) => (2 * sum) / total);
  t.comment(`${windows.length} windows, ${total} packets, of a half each: ${halves.map((half) => half.toFixed(2)).join(' and ')}`);
  t.comment(`of the others ${(alone * 100).toFixed(1)} % were taken without floods, ${(among * 100).toFixed(1)} % with them`);
  t.ok(windows.length >= 4, 'both flooded');
  t.ok(Math.min(...halves) >= 0.8, 'neither takes what is the other one’s');
  t.ok(among / alone >= 0.8, 'nor what is of those who send little');
});

t.test('a flood of the longest packets has no more of a turn than one of small packets', { skip }, async (t) => {
  const world = new UserWorld(t);
  await world.makePods(3);
  const [long, small, target] = world.pods as [UserPod, UserPod, UserPod];
  for (const { netns } of world.pods) netns.run('ip link set eth0 mtu 65000');
  world.start(['--workers', '1'], { command: 'datapath-child' });
  const datapath = await world.open();
  await world.settle(datapath);
  const floods = [];
  for (const [{ netns }, bytes] of [
    [long, '60000'],
    [small, '64'],
  ] as const) {
    floods.push(await world.run('flood.ts', [bytes, target.addresses[0]], netns));
  }
  const windows = await floodedWindows(datapath, [long, small]);
  for (const flood of floods) await flood.end();
  const [ofLong, ofSmall] = [0, 1].map((at) => windows.reduce((sum, { taken }) => sum + (taken[at] ?? 0), 0)) as [number, number];
  const ratio = ofSmall / ofLong;
  t.comment(`${windows.length} windows: ${ofLong} long packets, ${ofSmall} small ones: ${ratio.toFixed(1)} for each of them`);
  t.ok(windows.length >= 4, 'both flooded');
  // Fifteen while both wait. Senders share processors, too: while one of them does not run, the other has all turns.
  t.ok(ratio > 2, 'turns are shared by what packets cost, not by their number');
});
