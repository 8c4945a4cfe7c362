// Packets between pods, and between pods and their host, through the datapath as a process of its own: real devices, real sockets.

import t from 'tap';
import { metricsSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { networkSkip } from '../../support/netns.ts';
import { hostAddresses, type UserPod, UserWorld } from './world.ts';

t.setTimeout(180_000);
const skip = await networkSkip();

t.test('pods and host reach each other with ICMP, TCP and UDP, in both families', { skip }, async (t) => {
  const world = new UserWorld(t);
  await world.makePods(2);
  const [one, two] = world.pods as [UserPod, UserPod];
  world.start();
  const datapath = await world.open();
  await world.settle(datapath);

  for (const address of [...two.addresses, ...hostAddresses])
    t.match(one.netns.run(`ping -c 2 -i 0.2 ${address}`), ' 0% packet loss', address);
  await Promise.all([world.serve(9000, two.netns), world.serve(9000)]);
  const asking = [
    await world.ask(one.netns, 9000, 2, [...two.addresses, ...hostAddresses]),
    await world.ask(undefined, 9000, 2, two.addresses),
  ];
  await new Promise((resolve) => setTimeout(resolve, 500));
  const open = [8, 4];
  for (const [index, talker] of asking.entries()) {
    const { alive, lost, answers } = await talker.end();
    t.same({ alive, lost }, { alive: open[index], lost: 0 });
    t.ok(answers > 0);
  }

  const { ports, missing } = await datapath.status();
  t.same(missing, []);
  t.same(
    ports.map(({ number, refused }) => ({ number, refused })),
    [1, 16, 17].map((number) => ({ number, refused: 0 })),
  );
  const metric = await datapath.map(metricsSpec).get(1);
  t.ok((metric?.packets ?? 0n) > 100n, 'forwarded packets are counted where everybody finds them');
});
