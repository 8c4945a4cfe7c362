// Ranges of arrays in the kernel: written where they lie, or in batches into an array that an earlier release made; the same either way.

import t from 'tap';
import { type Affinity, affinityCodec, u32Codec } from '../../../orchestrator/datapath/generated/layouts.ts';
import { Bpf, mappable, mapType } from '../../../orchestrator/datapath/kernel/bpf.ts';
import { openLibc } from '../../../orchestrator/datapath/kernel/libc.ts';
import { KernelMap } from '../../../orchestrator/datapath/kernel/map.ts';
import { writeMapped } from '../../../orchestrator/datapath/kernel/mapped.ts';
import type { Codec, MapSpec } from '../../../orchestrator/datapath/layout.ts';
import { kernelSkip } from '../../support/kernel.ts';

interface Slot {
  readonly backend: number;
}

const slotCodec: Codec<Slot> = {
  size: 4,
  encode: ({ backend }, view, offset) => view.setUint32(offset, backend, true),
  decode: (view, offset) => ({ backend: view.getUint32(offset, true) }),
};

const slots: MapSpec<number, Slot> = {
  number: 1,
  name: 'slots',
  kind: 'array',
  key: u32Codec,
  value: slotCodec,
  entries: 3000,
  writer: 'orchestrator',
  sentence: 'of this test',
  layoutHash: 'today',
};

const wide: MapSpec<number, Affinity> = { ...slots, name: 'wide', value: affinityCodec };

async function openArray<V>(spec: MapSpec<number, V>, isMappable: boolean): Promise<KernelMap<number, V>> {
  const libc = await openLibc();
  const bpf = new Bpf(libc);
  const { size } = spec.value;
  const descriptor = bpf.mapCreate({ type: mapType.array, keySize: 4, valueSize: size, entries: 3000, flags: isMappable ? mappable : 0 });
  t.ok(descriptor >= 0);
  t.teardown(() => libc.close(descriptor));
  return new KernelMap(spec, { bpf, libc, descriptor, capacity: 3000, valueSize: size, isMappable });
}

const skip = await kernelSkip();

t.test('all of a range is there, and nothing else, wherever its pages begin', { skip }, async (t) => {
  for (const isMappable of [true, false]) {
    const map = await openArray(slots, isMappable);
    const expected = new Map<number, Slot>();
    // A page has 512 values, which lie 8 bytes apart.
    for (const [from, count] of [
      [0, 1],
      [511, 2],
      [1024, 512],
      [1700, 1000],
      [2999, 1],
    ] as const) {
      await map.updateRange(
        from,
        Uint32Array.from({ length: count }, (_, index) => from + index + 1),
      );
      for (let index = from; index < from + count; index += 1) expected.set(index, { backend: index + 1 });
    }
    t.same(new Map(await Array.fromAsync(map.entries())), expected, isMappable ? 'mapped' : 'in batches');
  }
});

t.test('a value of several words stays together', { skip }, async (t) => {
  for (const isMappable of [true, false]) {
    const map = await openArray(wide, isMappable);
    await map.updateRange(7, Uint32Array.of(1, 2, 3, 4));
    t.same(await Array.fromAsync(map.entries()), [
      [7, { backend: 1, expires: 2 }],
      [8, { backend: 3, expires: 4 }],
    ]);
  }
});

t.test('half a value is refused', { skip }, async (t) => {
  await t.rejects((await openArray(wide, true)).updateRange(7, Uint32Array.of(1, 2, 3)), TypeError);
});

t.test('what cannot be mapped says so, and nothing is written', { skip }, async (t) => {
  const libc = await openLibc();
  const descriptor = new Bpf(libc).mapCreate({ type: mapType.array, keySize: 4, valueSize: 4, entries: 8 });
  t.teardown(() => libc.close(descriptor));
  t.ok(writeMapped({ libc, descriptor }, 0, Uint32Array.of(1), 4) < 0);
});

t.test('the process is not shown an array as memory of its own for having written it', { skip }, async (t) => {
  const map = await openArray(slots, true);
  const { readFileSync } = await import('node:fs');
  await map.updateRange(0, new Uint32Array(3000).fill(1));
  t.notMatch(readFileSync('/proc/self/maps', 'utf8'), /bpf-map/);
});
