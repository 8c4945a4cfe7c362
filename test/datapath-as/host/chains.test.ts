// Cost of lookups: chains stay short whatever came and went before. Counted, not timed.

import t from 'tap';
import { numbered } from './commands.ts';
import { KIND } from './instance.ts';
import { openHost } from './module.ts';

const host = await openHost(1024);
const map = 9;
const valueSize = 8;

/** With two buckets per node, a longer chain has odds below one in a million; with fewer, somewhat more. */
const limit = 10;

t.test('chains stay short while entries come and go, millions of times', async (t) => {
  const keySize = 40;
  const entries = 20_000;
  const keys = Array.from({ length: 4 * entries }, (_, number) => numbered(number, keySize));
  const value = numbered(1, valueSize);
  for (const kind of [KIND.hash, KIND.lru]) {
    host.exports.reset();
    host.exports.create(map, kind, keySize, valueSize, entries);
    let failures = 0;
    for (let turn = 0; turn < 400_000; turn++) {
      if (host.put(map, keys[turn % keys.length], value) !== 0) failures++;
      if (turn >= entries - 1 && kind === KIND.hash && host.remove(map, keys[(turn - entries + 1) % keys.length]) !== 0) failures++;
    }
    t.equal(failures, 0);
    t.ok(host.exports.longestChain(map) <= limit, `longest chain ${host.exports.longestChain(map)}`);
    t.ok(host.exports.mapCount(map) >= entries - 1);
  }
});

t.test('buckets grow with the entries, not with what the map may hold', async (t) => {
  host.exports.reset();
  host.exports.create(map, KIND.hash, 8, valueSize, 500_000);
  t.equal(host.exports.bucketCount(map), 16);
  for (let number = 0; number < 1000; number++) host.put(map, numbered(number, 8), numbered(number, valueSize));
  t.equal(host.exports.bucketCount(map), 2000);
});

for (const [name, key] of [
  ['counted up in their first bytes', (number: number) => numbered(0, 40).map((byte, at) => (at < 4 ? (number >> (8 * at)) & 255 : byte))],
  ['counted up in their last bytes', (number: number) => numbered(number, 40)],
  [
    'that differ in single bits',
    (number: number) =>
      numbered(0, 40).map(
        (byte, at) => byte ^ ((number % 320) >> 3 === at ? 1 << (number & 7) : 0) ^ (((number / 320) | 0) === at ? 0x11 : 0),
      ),
  ],
] as const) {
  t.test(`keys ${name} spread over the buckets, whatever the seed`, async (t) => {
    for (const seed of [0n, 1n, 0xffffffffffffffffn, 0x123456789abcdef0n]) {
      host.exports.resetSeeded(seed);
      host.exports.create(map, KIND.hash, 40, valueSize, 12_000);
      for (let number = 0; number < 12_000; number++) host.put(map, key(number), numbered(number, valueSize));
      t.ok(host.exports.longestChain(map) <= limit, `seed ${seed}: longest chain ${host.exports.longestChain(map)}`);
    }
  });
}
