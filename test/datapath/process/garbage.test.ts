// What a pod may put onto its device: noise, headers that lie, fragments that overlap, other people's addresses.

import t from 'tap';
import { REASON_INVALID_PACKET, REASON_INVALID_SOURCE } from '../../../orchestrator/datapath/generated/enums.ts';
import { metricsSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { parseAddress } from '../../../orchestrator/net/address.ts';
import { networkSkip } from '../../support/netns.ts';
import { type UserPod, UserWorld } from './world.ts';

t.setTimeout(180_000);
const skip = await networkSkip();
const packets = 20_000;
const hex = (address: string) => Buffer.from(parseAddress(address)).toString('hex');

t.test('garbage from a pod is dropped with a reason: nothing crashes, and nothing that is not its own comes out', { skip }, async (t) => {
  const world = new UserWorld(t);
  await world.makePods(2);
  const [liar, other] = world.pods as [UserPod, UserPod];
  world.start();
  const datapath = await world.open();
  await world.settle(datapath);
  const { pid } = world;
  const [atOther, atHost] = await Promise.all([
    world.run('garbage.ts', ['watch', 'eth0'], other.netns),
    world.run('garbage.ts', ['watch', 'axoneme_host']),
  ]);

  const seed = Math.floor(Math.random() * 2 ** 31);
  const sender = await world.run('garbage.ts', ['send', String(seed), String(packets), ...liar.addresses, ...other.addresses], liar.netns);
  const line = await sender.line();
  t.match(line, /^sent \d+$/, `seed ${seed}: ${line}`);
  const dropped = async () => {
    const of = async (reason: number) => Number((await datapath.map(metricsSpec).get(reason * 2 + 1))?.packets ?? 0n);
    return { invalid: await of(REASON_INVALID_PACKET), spoofed: await of(REASON_INVALID_SOURCE) };
  };
  t.match(
    liar.netns.run(`ping -c 2 -W 10 ${other.addresses[0]}; ping -c 2 -W 10 ${other.addresses[1]}`),
    ' 0% packet loss',
    'what is honest still arrives',
  );
  t.equal(world.pid, pid, 'it is the same process');
  const { invalid, spoofed } = await dropped();
  t.comment(`${line} of ${packets}; dropped: ${invalid} invalid, ${spoofed} from others' addresses`);
  t.ok(invalid > 0 && spoofed > 0, 'drops have reasons');

  const allowed = new Set([...liar.addresses].map(hex));
  for (const [where, watcher] of [
    ['the other pod', atOther],
    ['the host', atHost],
  ] as const) {
    const sources = JSON.parse(await watcher.end()) as Record<string, number>;
    t.same(
      Object.keys(sources).filter((source) => !allowed.has(source)),
      [],
      `${where} saw no packet with a source that is not the sender's`,
    );
  }
});
