// Hash maps against a plain Map, over random command sequences.

import fc from 'fast-check';
import t from 'tap';
import { commands, numbered } from './commands.ts';
import { ERRNO, FLAG, KIND, toHex } from './instance.ts';
import { openHost } from './module.ts';

const host = await openHost();
const map = 9;

for (const [keySize, valueSize] of [
  [4, 32],
  [8, 4],
  [16, 48],
  [20, 12],
  [24, 24],
  [40, 112],
]) {
  t.test(`keys of ${keySize} bytes: every answer is a plain Map's, whatever the sequence`, async (t) => {
    const entries = 13;
    const property = fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), commands(20), (seed, sequence) => {
      host.exports.resetSeeded(seed);
      t.equal(host.exports.create(map, KIND.hash, keySize, valueSize, entries), 0);
      const model = new Map<string, string>();
      for (const command of sequence) {
        const key = numbered(command.key, keySize);
        const name = toHex(key);
        if (command.do === 'update') {
          const value = numbered(command.value, valueSize);
          const expected = updateResult(model, name, command.flags, entries);
          same(host.put(map, key, value, command.flags), expected);
          if (expected === 0) model.set(name, toHex(value));
        } else if (command.do === 'delete') {
          same(host.remove(map, key), model.delete(name) ? 0 : ERRNO.ENOENT);
        } else {
          const found = host.get(map, key, valueSize, command.do === 'use' ? 'lookup' : 'mapLookup');
          same(found && toHex(found), model.get(name));
        }
      }
      same(host.exports.mapCount(map), model.size);
      same(host.entries(map, keySize, valueSize).sort(), [...model].sort());
    });
    fc.assert(property, { numRuns: 60 });
    t.pass('no counterexample');
  });
}

function updateResult(model: Map<string, string>, name: string, flags: number, entries: number): number {
  if (flags > FLAG.exist) return ERRNO.EINVAL;
  if (model.has(name)) return flags === FLAG.noExist ? ERRNO.EEXIST : 0;
  if (flags === FLAG.exist) return ERRNO.ENOENT;
  return model.size < entries ? 0 : ERRNO.E2BIG;
}

function same(found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
}

t.test('a number by value finds what a key in memory finds', async (t) => {
  host.exports.reset();
  host.exports.create(map, KIND.hash, 4, 8, 100);
  const key = new Uint8Array([1, 2, 3, 4]);
  host.put(map, key, numbered(7, 8));
  t.equal(host.exports.lookupNumber(map, 0x04030201), host.exports.lookup(map, host.key));
  t.equal(host.exports.lookupNumber(map, 0x04030202), 0);
});

t.test('a value stays where it is while its entry lives, and 8-byte aligned', async (t) => {
  host.exports.reset();
  host.exports.create(map, KIND.hash, 40, 112, 5000);
  const addresses = Array.from({ length: 5000 }, (_, index) => {
    t.equal(host.put(map, numbered(index, 40), numbered(index, 112)), 0);
    return host.exports.mapLookup(map, host.key);
  });
  for (let index = 0; index < 5000; index += 2) host.remove(map, numbered(index, 40));
  for (let index = 0; index < 5000; index += 2) host.put(map, numbered(index + 10000, 40), numbered(index, 112));
  for (let index = 1; index < 5000; index += 2) {
    host.bytes.set(numbered(index, 40), host.key);
    if (host.exports.mapLookup(map, host.key) !== addresses[index]) t.fail(`entry ${index} moved`);
  }
  t.ok(addresses.every((address) => address % 8 === 0));
});

t.test('a replaced value is written beside the old one, which keeps its bytes for a while', async (t) => {
  host.exports.reset();
  host.exports.create(map, KIND.hash, 8, 16, 1000);
  const key = numbered(1, 8);
  host.put(map, key, numbered(1, 16));
  const before = host.exports.mapLookup(map, host.key);
  host.put(map, key, numbered(2, 16));
  t.not(host.exports.mapLookup(map, host.key), before);
  for (let round = 0; round < 100; round++) host.put(map, key, numbered(round, 16));
  t.equal(host.hex(before, 16), toHex(numbered(1, 16)));
});

t.test('maps that cannot be are refused and leave nothing behind', async (t) => {
  host.exports.reset();
  const free = host.exports.heapBreak();
  const refused: [string, number[], number][] = [
    ['a number beyond the last', [64, KIND.hash, 8, 8, 10], 22],
    ['no entries', [map, KIND.hash, 8, 8, 0], 22],
    ['a key of 6 bytes', [map, KIND.hash, 6, 8, 10], 22],
    ['a key of 44 bytes', [map, KIND.hash, 44, 8, 10], 22],
    ['a value of 2 bytes', [map, KIND.hash, 8, 2, 10], 22],
    ['an unknown kind', [map, 7, 8, 8, 10], 22],
    ['an array with a key of 8 bytes', [map, KIND.array, 8, 8, 10], 22],
    ['groups in a hash map', [map, KIND.hash | (72 << 8), 16, 8, 10], 22],
    ['groups that leave too many lengths', [map, KIND.lpm | (32 << 8), 16, 8, 10], 22],
    ['more than the memory holds', [map, KIND.hash, 40, 112, 16_000_000], 12],
  ];
  for (const [what, [number, kind, keySize, valueSize, entries], errno] of refused) {
    t.equal(host.exports.create(number, kind, keySize, valueSize, entries), errno, what);
  }
  t.equal(host.exports.heapBreak(), free);
  t.equal(host.exports.create(map, KIND.hash, 8, 8, 10), 0);
  t.equal(host.exports.create(map, KIND.hash, 8, 8, 10), 17, 'a number that is taken');
});

t.test('a map that was not created is empty and refuses writes', async (t) => {
  host.exports.reset();
  for (const number of [map, 63, 64, 4_000_000_000]) {
    t.equal(host.put(number, numbered(1, 8), numbered(1, 8)), ERRNO.EINVAL);
    t.equal(host.remove(number, numbered(1, 8)), ERRNO.EINVAL);
    t.equal(host.get(number, numbered(1, 8), 8), undefined);
    t.equal(host.exports.mapNext(number, 0), 0);
    t.equal(host.exports.entryKey(number, 1), 0);
    t.equal(host.exports.entryValue(number, 1), 0);
    t.equal(host.exports.mapCount(number), 0);
  }
  t.equal(host.exports.lookup(map, host.key), 0);
  t.equal(host.exports.lookupArray(map, 0), 0);
  t.equal(host.exports.lookupNumber(map, 0), 0);
});
