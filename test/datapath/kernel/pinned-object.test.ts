// Programs of an earlier life are used on where they are today's, and only there.

import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { metricsSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { type KernelDatapath, openKernelDatapath } from '../../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { buildFrame, buildPacket, parseMac } from '../../../orchestrator/net/packet.ts';
import { bpffsFolder, kernelObject, kernelSkip } from '../../support/kernel.ts';
import { addInterface, sendTo } from '../../support/network.ts';
import { smallSizes } from '../../support/small-sizes.ts';

/** The kernel's number of a program. */
function programOf(datapath: KernelDatapath): string {
  return /prog_id:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${datapath.program('from_network')}`, 'utf8'))?.[1] ?? '';
}

async function counted(datapath: KernelDatapath): Promise<bigint> {
  let packets = 0n;
  for await (const [, metric] of datapath.map(metricsSpec).entries()) packets += metric.packets;
  return packets;
}

t.setTimeout(900_000);

t.test('programs of the same object go on, those of another are exchanged', { skip: await kernelSkip() }, async (t) => {
  const bpffs = await bpffsFolder();
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-object-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  t.teardown(() => bpffs.remove());
  const object = join(folder, 'datapath.bpf.o');
  copyFileSync(kernelObject, object);
  await addInterface(140, 'kept140');
  const packet = buildPacket({
    source: '10.0.0.1',
    destination: '10.0.0.2',
    transport: { protocol: 'udp', sourcePort: 1, destinationPort: 2 },
  });
  const frame = buildFrame(packet, parseMac('ff:ff:ff:ff:ff:ff'), parseMac('02:00:00:00:00:01'));
  const open = (sizes: object = {}) =>
    openKernelDatapath({ bpffsFolder: bpffs.path, object, sizes: { ...smallSizes, ...sizes }, keepsPrograms: true });
  const marks = () => readdirSync(join(bpffs.path, 'programs')).filter((name) => name.startsWith('@'));

  const first = await open();
  await first.attach({ number: 140, kind: 'network' });
  const program = programOf(first);
  t.equal(marks().length, 1);
  await first.close();

  const second = await open();
  t.equal(programOf(second), program, 'nothing was loaded');
  const before = await counted(second);
  await sendTo(140, frame);
  t.ok((await counted(second)) > before, 'packets are seen, and counted in the same map');
  await second.attach({ number: 140, kind: 'network' });
  await second.close();

  const third = await open({ backends: 512 });
  t.not(programOf(third), program, 'a map of another size is one of other programs');
  const resized = programOf(third);
  await third.close();

  // What the section names of an ELF file are padded with changes no program.
  writeFileSync(object, Buffer.concat([readFileSync(object), Buffer.alloc(16)]));
  const fourth = await open({ backends: 512 });
  t.not(programOf(fourth), resized, 'another file is another object');
  t.equal(marks().length, 1, 'and the mark is its own');
  const last = programOf(fourth);
  await fourth.close();

  rmSync(join(bpffs.path, 'programs', 'from_pod'));
  const fifth = await open({ backends: 512 });
  t.not(programOf(fifth), last, 'a program that is missing is loaded, and all with it');
  await fifth.remove();
});
