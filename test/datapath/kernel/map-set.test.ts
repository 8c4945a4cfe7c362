// Pinned maps: what is kept, what is converted, and what a crash in between leaves behind.

import t, { type Test } from 'tap';
import { type FlowKey, flowKeyCodec, type Translation, translationCodec } from '../../../orchestrator/datapath/generated/layouts.ts';
import { Bpf, mapType } from '../../../orchestrator/datapath/kernel/bpf.ts';
import { openLibc } from '../../../orchestrator/datapath/kernel/libc.ts';
import { KernelMap } from '../../../orchestrator/datapath/kernel/map.ts';
import { MapSet, type MapSetOptions } from '../../../orchestrator/datapath/kernel/map-set.ts';
import { Pins } from '../../../orchestrator/datapath/kernel/pins.ts';
import type { MapSpec } from '../../../orchestrator/datapath/layout.ts';
import type { Converter, LayoutField } from '../../../orchestrator/datapath/migrate.ts';
import { keyType, layoutBtf, valueType } from '../../support/btf.ts';
import { bpffsFolder, kernelSkip } from '../../support/kernel.ts';

const spec: MapSpec<FlowKey, Translation> = {
  number: 1,
  name: 'flows',
  kind: 'hash',
  key: flowKeyCodec,
  value: translationCodec,
  entries: 64,
  writer: 'datapath',
  sentence: 'flows of this test',
  layoutHash: 'today',
};
const key = (number: number): FlowKey => ({
  lowHi: 1n,
  lowLo: BigInt(number),
  highHi: 3n,
  highLo: 4n,
  lowPort: 5,
  highPort: 6,
  protocol: 17,
});
const value = (number: number): Translation => ({
  backendHi: 9n,
  backendLo: 8n,
  backendPort: 7,
  flags: 0,
  backend: number,
  service: 2,
  generation: 0,
  sourcePort: 0,
});

/** The key as it is, its first two words exchanged; of the value only two fields, elsewhere and of other sizes, and one more. */
const oldKey: LayoutField[] = [
  { name: 'lowLo', offset: 0, size: 8 },
  { name: 'lowHi', offset: 8, size: 8 },
  { name: 'highHi', offset: 16, size: 8 },
  { name: 'highLo', offset: 24, size: 8 },
  { name: 'lowPort', offset: 32, size: 2 },
  { name: 'highPort', offset: 34, size: 2 },
  { name: 'protocol', offset: 36, size: 4 },
];
const oldValue: LayoutField[] = [
  { name: 'backend', offset: 0, size: 8 },
  { name: 'weight', offset: 8, size: 4 },
  { name: 'service', offset: 12, size: 2 },
  { name: 'pad', offset: 14, size: 2 },
];

async function setUp(t: Test, options: Partial<MapSetOptions> = {}) {
  const libc = await openLibc();
  const bpf = new Bpf(libc);
  const folder = await bpffsFolder();
  t.teardown(() => folder.remove());
  const pins = new Pins(folder.path, bpf, libc);
  const create = (entries: number): number => bpf.mapCreate({ type: mapType.hash, keySize: 40, valueSize: 40, entries, flags: 1 });
  /** What opening the datapath does to this map, without programs. */
  const open = (entries: number) => {
    const set = new MapSet(bpf, libc, pins, { specs: [spec], ...options });
    const fitting = set.fit({ flows: entries }, 'flows');
    const descriptor = fitting !== undefined && 'descriptor' in fitting ? fitting.descriptor : create(entries);
    const loaded = new Map([['flows', descriptor]]);
    const migrations = set.adopt(loaded);
    return { set, descriptor, migrations, map: new KernelMap(spec, set.openMap(spec, descriptor)), complete: () => set.complete(loaded) };
  };
  return { libc, bpf, pins, open };
}

const names = (pins: Pins): string[] => pins.maps().map(({ path }) => path.split('/').at(-1) as string);

t.test('kernel maps', { skip: await kernelSkip() }, async (t) => {
  await t.test('a map of the same layout and size is used as it is', async (t) => {
    const { pins, bpf, open } = await setUp(t);
    const first = open(64);
    await first.map.update([[key(1), value(1)]]);
    const second = open(64);
    t.same(bpf.mapInfo(second.descriptor), bpf.mapInfo(first.descriptor));
    t.same(second.migrations, []);
    t.same(second.complete(), []);
    t.same(names(pins), ['flows@today']);
  });

  await t.test('another size keeps all entries, those that came late too, and the newer value of both', async (t) => {
    const { pins, open } = await setUp(t);
    const first = open(64);
    await first.map.update([1, 2, 3].map((number) => [key(number), value(number)] as const));
    const second = open(128);
    t.match(second.migrations, [{ map: 'flows', from: { entries: 64 }, to: { entries: 128 }, moved: 3, lost: 0 }]);
    await first.map.update([
      [key(1), value(100)],
      [key(4), value(4)],
    ]);
    await second.map.update([[key(1), value(200)]]);
    t.match(second.complete(), [{ moved: 1, lost: 0 }]);
    t.same(await second.map.get(key(1)), value(200));
    t.same(await second.map.get(key(4)), value(4));
    t.equal(await second.map.count(), 4);
    t.same(names(pins), ['flows@today']);
  });

  await t.test('entries that a smaller map has no room for are counted', async (t) => {
    const { open } = await setUp(t);
    const first = open(64);
    await first.map.update(Array.from({ length: 60 }, (_, number) => [key(number), value(number)] as const));
    const second = open(32);
    t.match(second.migrations, [{ moved: 32, lost: 28 }]);
    t.equal(await second.map.count(), 32);
  });

  await t.test('another layout is converted by the names that the old map itself tells', async (t) => {
    const { pins, open, ...tools } = await setUp(t);
    makeOld(tools, pins, true);
    const { migrations, map, complete } = open(64);
    t.match(migrations, [{ from: { layoutHash: 'before' }, to: { layoutHash: 'today' }, moved: 1, lost: 0 }]);
    complete();
    const absent = { backendHi: 0n, backendLo: 0n, backendPort: 0, flags: 0, generation: 0, sourcePort: 0 };
    t.same(await map.get(key(77)), { ...absent, backend: 1234, service: 21 });
    t.same(names(pins), ['flows@today']);
  });

  await t.test('a converter adds what names cannot tell', async (t) => {
    const flows: Converter = (old, fresh) => {
      fresh.value.generation = old.value.weight ?? 0;
    };
    const converters = { flows };
    const { pins, open, ...tools } = await setUp(t, { converters });
    makeOld(tools, pins, true);
    t.match(await open(64).map.get(key(77)), { generation: 55 });
  });

  await t.test('an old map that does not tell its layout is given up, and its entries are counted', async (t) => {
    const { pins, open, ...tools } = await setUp(t);
    makeOld(tools, pins, false);
    const { migrations, map } = open(64);
    t.match(migrations, [{ moved: 0, lost: 1 }]);
    t.equal(await map.count(), 0);
  });

  await t.test('after a crash before the new map was pinned, the old one is converted all the same', async (t) => {
    const { pins, open } = await setUp(t);
    await open(64).map.update([[key(1), value(1)]]);
    pins.setAside(pins.maps()[0] as never);
    t.same(names(pins), ['flows@today~old']);
    const second = open(128);
    second.complete();
    t.same(await second.map.get(key(1)), value(1));
    t.same(names(pins), ['flows@today']);
  });

  await t.test("what somebody else pinned in a map's place is refused by its path before a byte of it is read", async (t) => {
    const { pins, bpf, libc, open } = await setUp(t);
    const foreign = [
      { type: mapType.hash, keySize: 4, valueSize: 4096 },
      { type: mapType.hash, keySize: 40, valueSize: 4096 },
      { type: mapType.lru, keySize: 40, valueSize: 32 },
    ];
    for (const attributes of foreign) {
      const map = bpf.mapCreate({ ...attributes, entries: 64, flags: attributes.type === mapType.hash ? 1 : 0 });
      pins.put(pins.mapPath('flows', 'today'), map);
      libc.close(map);
      t.throws(() => open(64), {
        code: 'MAP_FOREIGN',
        message: /^map flows: .*\/maps\/flows@today: what is pinned there is not ours: type \d/,
      });
    }
    pins.put(pins.mapPath('others', 'today'), bpf.mapCreate({ type: mapType.array, keySize: 4, valueSize: 8, entries: 1 }));
    pins.remove(pins.mapPath('flows', 'today'));
    await open(64).map.update([[key(1), value(1)]]);
    t.same(names(pins), ['flows@today', 'others@today'], 'another name is in nobody’s way');
  });

  await t.test('after a crash before the programs changed over, late entries are still brought over', async (t) => {
    const { pins, open } = await setUp(t);
    const first = open(64);
    await first.map.update([[key(1), value(1)]]);
    open(128);
    await first.map.update([[key(2), value(2)]]);
    const third = open(128);
    t.same(third.migrations, []);
    t.match(third.complete(), [{ moved: 1 }]);
    t.equal(await third.map.count(), 2);
    t.same(names(pins), ['flows@today']);
  });
});

/** Pins a map of the old layout with one entry: key 77, backend 1234, weight 55, service 21. */
function makeOld({ libc, bpf }: { libc: Awaited<ReturnType<typeof openLibc>>; bpf: Bpf }, pins: Pins, isTold: boolean): void {
  const btf = { descriptor: bpf.btfLoad(layoutBtf(oldKey, oldValue)), keyType, valueType };
  const map = bpf.mapCreate({ type: mapType.hash, keySize: 40, valueSize: 16, entries: 64, flags: 1, ...(isTold ? { btf } : {}) });
  const [keyBytes, valueBytes] = [new Uint8Array(40), new Uint8Array(16)];
  const [keyView, valueView] = [new DataView(keyBytes.buffer), new DataView(valueBytes.buffer)];
  [77n, 1n, 3n, 4n].forEach((word, index) => {
    keyView.setBigUint64(index * 8, word, true);
  });
  [5, 6, 17].forEach((half, index) => {
    keyView.setUint16(32 + index * 2, half, true);
  });
  valueView.setBigUint64(0, 1234n, true);
  valueView.setUint32(8, 55, true);
  valueView.setUint16(12, 21, true);
  bpf.update(map, libc.address(keyBytes), libc.address(valueBytes));
  pins.put(pins.mapPath('flows', 'before'), map);
  libc.close(map);
}
