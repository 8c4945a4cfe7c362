// Map sizes follow the machine's memory, in steps, and stay as they are when memory changes a little.

import fc from 'fast-check';
import t from 'tap';
import { maps } from '../../orchestrator/datapath/generated/maps.ts';
import { mapSizes, stepBelow } from '../../orchestrator/datapath/sizes.ts';

const gibibyte = 2 ** 30;
const conntrack = (memory: number): number => mapSizes(maps, { memory: memory * gibibyte }).conntrack as number;

t.test('a small machine gets the least, a large one more, a huge one no more than the most', async (t) => {
  t.equal(conntrack(1), 131072);
  t.equal(conntrack(8), 131072);
  t.equal(conntrack(16), 196608);
  t.equal(conntrack(64), 786432);
  t.equal(conntrack(1024 * 1024), 16777216);
});

t.test('slots, whose memory is taken at once, are a small part of any memory, and no part of what flows share', async (t) => {
  const slots = (memory: number): number => mapSizes(maps, { memory: memory * gibibyte }).maglev as number;
  t.same([1, 16, 32, 64, 1024].map(slots), [4194304, 4194304, 8388608, 16777216, 33554431 & ~0x3fffff]);
  for (const memory of [16, 24, 64, 100, 1024]) t.ok(slots(memory) * 8 <= (memory * gibibyte) / 400, `${memory} GiB`);
});

t.test('grants have room for all addresses of a full node where there is memory, and take nothing from flows', async (t) => {
  const grants = (memory: number): number => mapSizes(maps, { memory: memory * gibibyte }).grants as number;
  t.same([1, 4, 16, 32, 64, 1024].map(grants), [262144, 262144, 1048576, 2097152, 2097152, 2097152]);
  t.ok(grants(20) >= 110 * 10_000);
  t.ok(grants(32) >= 110 * 16_384, 'the most that the DNS proxy lets each pod have');
});

t.test('maps of fixed size have it on every machine', async (t) => {
  for (const memory of [1, 64, 4096])
    t.match(mapSizes(maps, { memory: memory * gibibyte }), { config: 1, ipcache: 512000, policy: 1048576 });
});

t.test('a size that was asked for wins', async (t) => {
  t.match(mapSizes(maps, { memory: 64 * gibibyte, explicit: { conntrack: 1000, ipcache: 7 } }), { conntrack: 1000, ipcache: 7 });
});

t.test('a size for no map, or that is no count, is refused with its name', async (t) => {
  const size = (explicit: Record<string, number>) => () => mapSizes(maps, { memory: gibibyte, explicit });
  t.throws(size({ conntracks: 5 }), { code: 'SIZE_INVALID', message: /"conntracks"/ });
  for (const wrong of [0, -1, 1.5, Number.NaN, 2 ** 24 + 1])
    t.throws(size({ conntrack: wrong }), { code: 'SIZE_INVALID', message: /conntrack/ });
  t.match(mapSizes(maps, { memory: gibibyte, explicit: { maglev: 30_660_000 } }), { maglev: 30_660_000 }, 'an array may have more');
  t.throws(size({ maglev: 2 ** 25 }), { code: 'SIZE_INVALID', message: /maglev.*33554431/ });
  t.throws(size({ events: 5000 }), { code: 'SIZE_INVALID', message: /power of two/ });
});

t.test('steps are quarters of a power of two', async (t) => {
  t.same([1000, 1024, 1279, 1280, 1791, 1792, 2047, 2048].map(stepBelow), [896, 1024, 1024, 1280, 1536, 1792, 1792, 2048]);
});

t.test('no size changes when memory changes by a tenth, and the chosen size is never more than the share', async () => {
  const memories = fc.tuple(fc.integer({ min: gibibyte / 4, max: 512 * gibibyte }), fc.double({ min: 0.9, max: 1.1, noNaN: true }));
  fc.assert(
    fc.property(memories, ([memory, factor]) => {
      const current = mapSizes(maps, { memory });
      const later = mapSizes(maps, { memory: memory * factor, current });
      return maps.every(({ name }) => later[name] === current[name]);
    }),
  );
});

t.test('a size is changed when memory has doubled or halved, within its bounds', async (t) => {
  const current = mapSizes(maps, { memory: 64 * gibibyte });
  t.equal(mapSizes(maps, { memory: 128 * gibibyte, current }).conntrack, 1572864);
  t.equal(mapSizes(maps, { memory: 32 * gibibyte, current }).conntrack, 393216);
});
