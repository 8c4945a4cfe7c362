// Longest-prefix maps against a naive search, and against the kernel's own where bpf(2) allows.

import fc from 'fast-check';
import t from 'tap';
import { numbered } from './commands.ts';
import { ERRNO, FLAG, KIND, toHex } from './instance.ts';
import { openTrie } from './kernel-trie.ts';
import { openHost } from './module.ts';

const host = await openHost();
const map = 9;
const valueSize = 8;

type Step =
  | { readonly do: 'update'; readonly key: Uint8Array; readonly value: number; readonly flags: number }
  | { readonly do: 'delete' | 'look'; readonly key: Uint8Array };
interface Target {
  update(key: Uint8Array, value: Uint8Array, flags: number): number;
  delete(key: Uint8Array): number;
  lookup(key: Uint8Array): Uint8Array | undefined;
  keys(): Uint8Array[];
}

const shapes = [
  { name: 'policy keys in groups', keySize: 16, group: 72, interesting: [0, 71, 72, 73, 80, 88, 96] },
  { name: 'policy keys without groups', keySize: 16, group: 0, interesting: [0, 71, 72, 80, 96] },
  { name: 'address keys', keySize: 24, group: 0, interesting: [0, 1, 32, 63, 64, 65, 127, 128, 129, 152, 160] },
  { name: 'short keys', keySize: 8, group: 0, interesting: [0, 1, 8, 31, 32] },
  { name: 'keys of 20 bytes in groups', keySize: 20, group: 104, interesting: [0, 103, 104, 105, 120] },
];

/** Keys that often agree in their first bits and often differ in a late one. */
function prefixKey(keySize: number, interesting: number[]): fc.Arbitrary<Uint8Array> {
  const span = (keySize - 4) * 8;
  const anywhere = fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, fc.array(fc.nat({ max: span - 1 }), { maxLength: 2 }));
  const length = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...interesting) },
    { weight: 3, arbitrary: fc.constant(span) },
    fc.nat({ max: span }),
    fc.constant(span + 1),
  );
  return fc.tuple(length, anywhere, fc.array(fc.constantFrom(...interesting), { maxLength: 2 })).map(([bits, anywhere, near]) => {
    const key = new Uint8Array(keySize);
    new DataView(key.buffer).setUint32(0, bits, true);
    for (const bit of [...anywhere, ...near.map((edge) => Math.min(edge, span - 1))]) key[4 + (bit >> 3)] ^= 0x80 >> (bit & 7);
    return key;
  });
}

function steps(keySize: number, interesting: number[]): fc.Arbitrary<Step[]> {
  const key = prefixKey(keySize, interesting);
  const flags = fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.constantFrom(1, 2, 3));
  const update = fc.record({ do: fc.constant('update' as const), key, value: fc.nat(), flags });
  const other = fc.record({ do: fc.constantFrom('delete' as const, 'look' as const), key });
  return fc.array(fc.oneof({ weight: 3, arbitrary: update }, { weight: 2, arbitrary: other }), { maxLength: 120, size: 'max' });
}

function wasm(keySize: number, group: number, entries: number): Target {
  host.exports.reset();
  if (host.exports.create(map, KIND.lpm | (group << 8), keySize, valueSize, entries) !== 0) throw new Error('not created');
  return {
    update: (key, value, flags) => host.put(map, key, value, flags),
    delete: (key) => host.remove(map, key),
    lookup: (key) => host.get(map, key, valueSize, 'lookup'),
    keys: () => host.entries(map, keySize, valueSize).map(([key]) => new Uint8Array(Buffer.from(key, 'hex'))),
  };
}

/** The rules, spelled out: a list of prefixes and a search through all of it. */
function naive(keySize: number, entries: number): Target {
  const span = (keySize - 4) * 8;
  const rows: { key: Uint8Array; length: number; value: Uint8Array }[] = [];
  const lengthOf = (key: Uint8Array) => new DataView(key.buffer, key.byteOffset).getUint32(0, true);
  const agree = (a: Uint8Array, b: Uint8Array, bits: number) => {
    for (let bit = 0; bit < bits; bit++) if (((a[4 + (bit >> 3)] ^ b[4 + (bit >> 3)]) << (bit & 7)) & 0x80) return false;
    return true;
  };
  const indexOf = (key: Uint8Array) => rows.findIndex((row) => row.length === lengthOf(key) && agree(row.key, key, row.length));
  return {
    update(key, value, flags) {
      if (flags > FLAG.exist || lengthOf(key) > span) return ERRNO.EINVAL;
      const index = indexOf(key);
      if (index >= 0 && flags === FLAG.noExist) return ERRNO.EEXIST;
      if (index < 0 && flags === FLAG.exist) return ERRNO.ENOENT;
      if (index < 0 && rows.length === entries) return ERRNO.ENOSPC;
      rows.splice(index < 0 ? rows.length : index, 1, { key, length: lengthOf(key), value });
      return 0;
    },
    delete(key) {
      if (lengthOf(key) > span) return ERRNO.EINVAL;
      const index = indexOf(key);
      if (index >= 0) rows.splice(index, 1);
      return index >= 0 ? 0 : ERRNO.ENOENT;
    },
    lookup(key) {
      if (lengthOf(key) > span) return undefined;
      const matching = rows.filter((row) => row.length <= lengthOf(key) && agree(row.key, key, row.length));
      return matching.sort((a, b) => b.length - a.length)[0]?.value;
    },
    keys: () => rows.map((row) => row.key),
  };
}

/** Runs a sequence on both and throws at the first difference. */
function compare(found: Target, expected: Target, sequence: Step[]): void {
  for (const [index, step] of sequence.entries()) {
    const [a, b] = [found, expected].map((target) => {
      if (step.do === 'update') return target.update(step.key, numbered(step.value, valueSize), step.flags);
      if (step.do === 'delete') return target.delete(step.key);
      const value = target.lookup(step.key);
      return value && toHex(value);
    });
    if (a !== b) throw new Error(`step ${index}, ${step.do} ${toHex(step.key)}: ${a} is not ${b}`);
  }
  const [a, b] = [found, expected].map((target) => target.keys().map(toHex).sort().join());
  if (a !== b) throw new Error(`keys: ${a} are not ${b}`);
}

for (const { name, keySize, group, interesting } of shapes) {
  t.test(`${name}: every answer is that of a search through all prefixes`, async (t) => {
    const property = fc.property(steps(keySize, interesting), fc.constantFrom(5, 40), (sequence, entries) => {
      compare(wasm(keySize, group, entries), naive(keySize, entries), sequence);
    });
    fc.assert(property, { numRuns: 250 });
    t.pass('no counterexample');
  });

  const probe = await openTrie(keySize, valueSize, 5);
  const reason = typeof probe === 'string' ? probe : false;
  if (typeof probe !== 'string') probe[Symbol.dispose]();
  t.test(`${name}: every answer is the kernel's`, { skip: reason }, async (t) => {
    const property = fc.asyncProperty(steps(keySize, interesting), fc.constantFrom(5, 40), async (sequence, entries) => {
      const trie = await openTrie(keySize, valueSize, entries);
      if (typeof trie === 'string') throw new Error(trie);
      using _closed = trie;
      compare(wasm(keySize, group, entries), trie, sequence);
    });
    await fc.assert(property, { numRuns: 100 });
    t.pass('no counterexample');
  });
}

t.test('the exact entry is told from the longest match', async (t) => {
  const target = wasm(16, 72, 10);
  const key = (length: number) => {
    const bytes = new Uint8Array(16);
    bytes[0] = length;
    return bytes;
  };
  target.update(key(80), numbered(80, valueSize), 0);
  t.same(host.get(map, key(96), valueSize), numbered(80, valueSize));
  t.equal(host.get(map, key(96), valueSize, 'mapExact'), undefined);
  t.same(host.get(map, key(80), valueSize, 'mapExact'), numbered(80, valueSize));
  t.equal(host.get(map, key(72), valueSize, 'mapExact'), undefined);
});

t.test('an empty group leaves nothing behind, so a map can be filled and emptied for ever', async (t) => {
  const entries = 50;
  const target = wasm(16, 72, entries);
  const key = (number: number, length: number) => {
    const bytes = numbered(0, 16);
    new DataView(bytes.buffer).setUint32(0, length, true);
    new DataView(bytes.buffer).setUint32(8, number, true);
    return bytes;
  };
  const results = new Set<number>();
  for (let round = 0; round < 200; round++) {
    const keys = Array.from({ length: entries }, (_, number) => key(round * 1000 + number, 73 + (number % 24)));
    for (const each of keys) results.add(target.update(each, numbered(round, 8), 0));
    t.equal(target.update(key(round * 1000 + entries, 96), numbered(1, 8), 0), ERRNO.ENOSPC);
    for (const each of keys) results.add(target.delete(each));
  }
  t.same([...results], [0]);
  t.equal(host.exports.mapCount(map), 0);
  t.equal(host.exports.longestChain(map), 0);
});
