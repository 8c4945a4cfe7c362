// The datapath outlives whoever opened it: hooks, flows and counters go on, through another object and other sizes.

import t, { type Test } from 'tap';
import { Hook } from '../../../orchestrator/datapath/generated/enums.ts';
import { backendsSpec, metricsSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import type { AttachMethod } from '../../../orchestrator/datapath/kernel/attach.ts';
import { openKernelDatapath } from '../../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { probe } from '../../../orchestrator/datapath/probe.ts';
import { buildFrame, buildPacket, parseMac } from '../../../orchestrator/net/packet.ts';
import { bpffsFolder, kernelObject, kernelSkip } from '../../support/kernel.ts';
import { addInterface, removeInterface, sendTo } from '../../support/network.ts';
import { smallSizes } from '../../support/small-sizes.ts';

const packet = buildPacket({
  source: '10.0.0.1',
  destination: '10.0.0.2',
  transport: { protocol: 'udp', sourcePort: 1, destinationPort: 2 },
});
const frame = buildFrame(packet, parseMac('ff:ff:ff:ff:ff:ff'), parseMac('02:00:00:00:00:01'));

type Opened = Awaited<ReturnType<typeof openKernelDatapath>>;

/** Packets counted under any reason. */
async function counted(datapath: Opened): Promise<bigint> {
  let packets = 0n;
  for await (const [, metric] of datapath.map(metricsSpec).entries()) packets += metric.packets;
  return packets;
}

/** Whether frames that reach the interface are seen by the programs. */
async function seesFrames(datapath: Opened, port: number): Promise<boolean> {
  const before = await counted(datapath);
  for (let sent = 0; sent < 5; sent++) await sendTo(port, frame);
  return (await counted(datapath)) >= before + 5n;
}

/** Opens twice, and gives the means to open once more. */
async function outlives(t: Test, attach: AttachMethod, port: number): Promise<() => Promise<Opened>> {
  const folder = await bpffsFolder();
  t.teardown(() => folder.remove());
  await addInterface(port, `port${port}`);
  const open = (sizes: object = {}) =>
    openKernelDatapath({ bpffsFolder: folder.path, object: kernelObject, attach, sizes: { ...smallSizes, ...sizes } });
  const backend = { hi: 0n, lo: 0n, port: 1, protocol: 6, state: 0, generation: 0, cluster: 0, zone: 0, flags: 0 };

  const first = await open();
  await first.attach({ number: port, kind: 'network' });
  t.ok(await seesFrames(first, port), 'an attached port sees packets');
  await first.map(backendsSpec).update([[5, backend]]);
  const packets = await counted(first);
  await first.close();

  const second = await open({ backends: 512, metrics: 512 });
  t.match(second.migrations, [{ map: 'backends', moved: 1, lost: 0 }]);
  t.same(await second.map(backendsSpec).get(5), backend);
  t.ok((await counted(second)) >= packets, 'counters go on');
  t.ok(await seesFrames(second, port), 'the port runs the new programs, over the new maps');
  const attached = await second.attach({ number: port, kind: 'network' });
  t.ok(await seesFrames(second, port), 'attaching again changes nothing');
  await attached[Symbol.asyncDispose]();
  t.notOk(await seesFrames(second, port), 'a detached port sees none');
  await t.rejects(second.attach({ number: 9999, kind: 'pod' }), { code: 'ATTACH_FAILED', message: /port 9999: hook from_pod .*ENODEV/ });
  await second.attach({ number: port, kind: 'network' });
  await removeInterface(port);
  await second.close();
  return () => open({ backends: 512 });
}

t.test('kernel datapath', { skip: await kernelSkip() }, async (t) => {
  const { capabilities } = await probe();
  const hasTcx = capabilities.some(({ name, works }) => name === 'tcx link' && works);
  await t.test(
    'hooks, entries and counters outlive it, by tcx links',
    { skip: hasTcx ? false : 'this kernel has no tcx links' },
    async (t) => {
      const open = await outlives(t, 'tcx', 61);
      await using third = await open();
      t.match(await third.run(Hook.fromPod, packet), { nextHop: 0 }, 'hooks of an interface that is gone are no hindrance');
      await third.remove();
    },
  );

  await t.test('hooks, entries and counters outlive it, by clsact filters', async (t) => {
    await outlives(t, 'clsact', 62);
  });
});
