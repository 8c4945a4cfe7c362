// What every datapath's maps do alike.

import type { Test } from 'tap';
import type { Datapath, DatapathMap } from '../../orchestrator/datapath/datapath.ts';
import type { Affinity, AffinityKey, Backend, Metric, Prefix, PrefixKey } from '../../orchestrator/datapath/generated/layouts.ts';
import { affinitySpec, backendsSpec, ipcacheSpec, maglevSpec, metricsSpec } from '../../orchestrator/datapath/generated/maps.ts';
import { measurePressure } from '../../orchestrator/datapath/pressure.ts';
import { rangeMap } from '../../orchestrator/datapath/ranges.ts';
import { prefixText, prefixWords } from '../../orchestrator/net/words.ts';

const backend = (port: number): Backend => ({ hi: 0n, lo: 7n, port, protocol: 6, state: 0, generation: 0, cluster: 0, zone: 0, flags: 0 });
const prefix = (identity: number): Prefix => ({ identity, node: 0, flags: 0 });
const client = (number: number): AffinityKey => ({ clientHi: 1n, clientLo: BigInt(number), service: 1 });
const affinity = (number: number): Affinity => ({ backend: number, expires: 0 });

async function listed<K, V>(map: DatapathMap<K, V>): Promise<[K, V][]> {
  const found: [K, V][] = [];
  for await (const entry of map.entries()) found.push(entry);
  return found;
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

export async function mapsConform(t: Test, datapath: Datapath): Promise<void> {
  t.equal(datapath.map(backendsSpec), datapath.map(backendsSpec), 'the same spec is the same map');
  await t.test('a hash', (t) => hashConforms(t, datapath.map(backendsSpec)));
  await t.test('a hash that changes while it is read', (t) => changeConforms(t, datapath.map(backendsSpec)));
  await t.test('longest prefixes', (t) => prefixesConform(t, datapath.map(ipcacheSpec)));
  await t.test('LRU', (t) => lruConforms(t, datapath.map(affinitySpec)));
  await t.test('arrays', (t) => arraysConform(t, datapath.map(maglevSpec), datapath.map(metricsSpec)));
  await t.test('pressure is told of every map that can fill up', async (t) => {
    const [measured, ...others] = await measurePressure(datapath, [backendsSpec, maglevSpec]);
    t.same(others, []);
    t.same(measured, { map: 'backends', entries: 150, capacity: 256, ratio: 150 / 256 });
  });
}

async function hashConforms(t: Test, map: DatapathMap<number, Backend>): Promise<void> {
  await t.test('holds the last value that was put under a key', async (t) => {
    await map.update([
      [1, backend(80)],
      [2, backend(81)],
      [1, backend(82)],
    ]);
    await map.update([[2, backend(83)]]);
    await map.update([[2, backend(83)]]);
    t.same(
      (await listed(map)).sort(([a], [b]) => a - b),
      [
        [1, backend(82)],
        [2, backend(83)],
      ],
    );
    t.same(await map.get(1), backend(82));
    t.equal(await map.get(3), undefined);
    t.equal(await map.count(), 2);
  });

  await t.test('deleting an absent key is not an error, between present ones', async (t) => {
    await map.delete([1, 77, 2, 78]);
    t.same(await listed(map), []);
  });

  await t.test('refuses the first entry too many, keeps all before it, and takes one again when one has gone', async (t) => {
    t.equal(map.capacity, 256);
    await t.rejects(map.update(numbers(0, 300).map((id) => [id, backend(id)] as const)), { code: 'MAP_FULL', message: /backends.* 256$/ });
    t.equal(await map.count(), 256);
    t.same(await map.get(255), backend(255));
    await map.update([[255, backend(1)]]);
    await t.rejects(map.update([[256, backend(1)]]), { code: 'MAP_FULL' });
    await map.delete([0]);
    await map.update([[256, backend(1)]]);
    await map.delete(numbers(0, 300));
    t.equal(await map.count(), 0);
  });
}

async function changeConforms(t: Test, map: DatapathMap<number, Backend>): Promise<void> {
  await t.test('tells every entry that stays exactly once', async (t) => {
    await map.update(numbers(0, 200).map((id) => [id, backend(id)] as const));
    const seen: number[] = [];
    for await (const [id] of map.entries()) {
      seen.push(id);
      if (seen.length === 1) await map.delete(numbers(100, 200));
      if (id < 100)
        await map.update([
          [id, backend(id + 1)],
          [200 + (id % 50), backend(1)],
        ]);
    }
    t.same(
      seen.filter((id) => id < 100).sort((a, b) => a - b),
      numbers(0, 100),
    );
    t.equal(new Set(seen).size, seen.length);
    t.equal(await map.count(), 150);
  });
}

async function prefixesConform(t: Test, map: DatapathMap<PrefixKey, Prefix>): Promise<void> {
  const texts = ['0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/16', '10.1.2.3/32', 'fd00::/8', 'fd00::1/128', '::/0'];

  await t.test('get finds a prefix itself, not one around it', async (t) => {
    await map.update(texts.map((text, index) => [prefixWords(text), prefix(index)] as const));
    for (const [index, text] of texts.entries()) t.same(await map.get(prefixWords(text)), prefix(index), text);
    for (const text of ['10.0.0.0/9', '10.1.2.0/24', '10.2.0.0/16', 'fd00::/9', 'fd00::2', '11.0.0.0/8']) {
      t.equal(await map.get(prefixWords(text)), undefined, text);
    }
  });

  await t.test('all prefixes are told, and removed each by itself', async (t) => {
    t.same((await listed(map)).map(([key]) => prefixText(key)).sort(), [...texts].sort());
    await map.delete([prefixWords('10.1.0.0/16'), prefixWords('10.3.0.0/16'), prefixWords('10.1.0.0/16')]);
    t.equal(await map.get(prefixWords('10.1.0.0/16')), undefined);
    t.same(await map.get(prefixWords('10.1.2.3/32')), prefix(3));
    await map.delete(texts.map((text) => prefixWords(text)));
    t.equal(await map.count(), 0);
  });

  await t.test('thousands at once, deleted while they are read', async (t) => {
    const many = numbers(0, 3000).map((index) => prefixWords(`10.${index >> 8}.${index & 255}.0/${24 + (index % 3)}`));
    await map.update(many.map((key, index) => [key, prefix(index)] as const));
    const seen = new Set<number>();
    for await (const [key, { identity }] of map.entries()) {
      seen.add(identity);
      await map.delete([key]);
    }
    t.equal(seen.size, 3000);
    t.equal(await map.count(), 0);
  });

  await t.test('refuses the first prefix too many', async (t) => {
    const many = numbers(0, map.capacity + 1).map((index) => prefixWords(`10.${index >> 8}.${index & 255}.1/32`));
    await t.rejects(map.update(many.map((key) => [key, prefix(1)] as const)), { code: 'MAP_FULL' });
    t.equal(await map.count(), map.capacity);
    await map.delete(many);
  });
}

async function lruConforms(t: Test, map: DatapathMap<AffinityKey, Affinity>): Promise<void> {
  await t.test('takes any number of entries, and keeps the last', async (t) => {
    await map.update(numbers(0, 1000).map((number) => [client(number), affinity(number)] as const));
    t.same(await map.get(client(999)), affinity(999));
    t.ok((await map.count()) <= map.capacity, `${await map.count()} of ${map.capacity}`);
    t.ok((await listed(map)).every(([key, value]) => Number(key.clientLo) === value.backend));
    await map.delete(numbers(0, 1000).map(client));
    t.equal(await map.count(), 0);
  });
}

async function arraysConform(t: Test, map: DatapathMap<number, { backend: number }>, metrics: DatapathMap<number, Metric>): Promise<void> {
  await t.test('an entry of zeros counts as absent', async (t) => {
    await map.update([
      [0, { backend: 5 }],
      [4095, { backend: 6 }],
      [7, { backend: 0 }],
    ]);
    t.same(await listed(map), [
      [0, { backend: 5 }],
      [4095, { backend: 6 }],
    ]);
    t.equal(await map.get(7), undefined);
    await map.delete([0, 3]);
    t.equal(await map.get(0), undefined);
    t.equal(await map.count(), 1);
    await map.delete([4095]);
  });

  await t.test('an index behind the end is refused', async (t) => {
    await t.rejects(map.update([[4096, { backend: 1 }]]), { code: 'MAP_KEY_INVALID' });
  });

  await t.test('many entries at once, up to the last and over whatever was there; none where they do not all fit', async (t) => {
    const range = rangeMap(map);
    await map.update([[2999, { backend: 1 }]]);
    const slots = Uint32Array.from({ length: 1096 }, (_, index) => index + 1);
    await range.updateRange(3000, slots);
    t.same(await listed(map), [
      [2999, { backend: 1 }],
      ...Array.from(slots, (backend, index) => [3000 + index, { backend }] as const),
    ] as const);
    await t.rejects(range.updateRange(3001, slots), { code: 'MAP_KEY_INVALID', message: /maglev.* 4096: 4096/ });
    await t.rejects(range.updateRange(-1, slots), { code: 'MAP_KEY_INVALID' });
    t.same(await map.get(3001), { backend: 2 }, 'nothing of it was written');
    await range.updateRange(3000, new Uint32Array(0));
    await range.updateRange(2999, new Uint32Array(1097));
    t.equal(await map.count(), 0, 'and zeros clear them');
  });

  await t.test('a range of what is no plain array is refused', async (t) => {
    await t.rejects(rangeMap(metrics).updateRange(0, new Uint32Array(4)), TypeError);
  });

  await t.test('a per-CPU value is one value', async (t) => {
    await metrics.update([[3, { packets: 5n, bytes: 500n }]]);
    t.same(await metrics.get(3), { packets: 5n, bytes: 500n });
    await metrics.delete([3]);
    t.same(await listed(metrics), []);
  });
}
