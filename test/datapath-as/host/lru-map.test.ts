// LRU maps: who is evicted, exactly.

import fc from 'fast-check';
import t from 'tap';
import { commands, numbered } from './commands.ts';
import { ERRNO, FLAG, KIND } from './instance.ts';
import { openHost } from './module.ts';

const host = await openHost();
const map = 9;
const keySize = 24;
const valueSize = 8;

function create(entries: number): void {
  host.exports.reset();
  if (host.exports.create(map, KIND.lru, keySize, valueSize, entries) !== 0) throw new Error('not created');
}
function present(keys: number): number[] {
  return Array.from({ length: keys }, (_, key) => key).filter((key) => host.get(map, numbered(key, keySize), valueSize) !== undefined);
}

t.test('the entry that was not used for longest goes, whatever the sequence', async (t) => {
  const entries = 6;
  const property = fc.property(commands(12, 300), (sequence) => {
    create(entries);
    // A Map iterates in the order of insertion: oldest use first.
    const model = new Map<number, number>();
    const use = (key: number, value: number) => {
      model.delete(key);
      model.set(key, value);
    };
    for (const command of sequence) {
      const { key } = command;
      const bytes = numbered(key, keySize);
      if (command.do === 'update') {
        const found = host.put(map, bytes, numbered(command.value, valueSize), command.flags);
        const expected = result(model.has(key), command.flags);
        if (found !== expected) throw new Error(`update: ${found} is not ${expected}`);
        if (expected !== 0) continue;
        if (!model.has(key) && model.size === entries) model.delete([...model.keys()][0]);
        use(key, command.value);
      } else if (command.do === 'delete') {
        if ((host.remove(map, bytes) === 0) !== model.delete(key)) throw new Error('delete disagrees');
      } else {
        const found = host.get(map, bytes, valueSize, command.do === 'use' ? 'lookup' : 'mapLookup');
        const value = found && new DataView(found.buffer).getUint32(valueSize - 4);
        if (value !== model.get(key)) throw new Error(`${command.do}: ${value} is not ${model.get(key)}`);
        if (command.do === 'use' && value !== undefined) use(key, value);
      }
      const keys = [...model.keys()].sort((a, b) => a - b);
      if (String(present(12)) !== String(keys)) throw new Error(`present: ${present(12)}, expected ${keys}`);
    }
  });
  fc.assert(property, { numRuns: 100 });
  t.pass('no counterexample');
});

function result(exists: boolean, flags: number): number {
  if (flags > FLAG.exist) return ERRNO.EINVAL;
  if (exists) return flags === FLAG.noExist ? ERRNO.EEXIST : 0;
  return flags === FLAG.exist ? ERRNO.ENOENT : 0;
}

t.test('a large map evicts in the order of last use to the end', async (t) => {
  const entries = 5000;
  create(entries);
  for (let key = 0; key < entries; key++) host.put(map, numbered(key, keySize), numbered(key, valueSize));
  const order = Array.from({ length: entries }, (_, key) => (key * 2039) % entries);
  for (const key of order) host.get(map, numbered(key, keySize), valueSize, 'lookup');
  let wrong = 0;
  for (const [step, key] of order.entries()) {
    if (host.get(map, numbered(key, keySize), valueSize) === undefined) wrong++;
    host.put(map, numbered(entries + step, keySize), numbered(step, valueSize));
    if (host.get(map, numbered(key, keySize), valueSize) !== undefined) wrong++;
  }
  t.equal(wrong, 0);
  t.equal(host.exports.mapCount(map), entries);
});

t.test('a refused update evicts nobody', async (t) => {
  create(3);
  for (const key of [1, 2, 3]) host.put(map, numbered(key, keySize), numbered(key, valueSize));
  t.equal(host.put(map, numbered(4, keySize), numbered(4, valueSize), FLAG.exist), ERRNO.ENOENT);
  t.equal(host.put(map, numbered(3, keySize), numbered(4, valueSize), FLAG.noExist), ERRNO.EEXIST);
  t.same(present(5), [1, 2, 3]);
});

t.test('one entry is enough for an LRU map', async (t) => {
  create(1);
  for (let key = 0; key < 100; key++) t.equal(host.put(map, numbered(key, keySize), numbered(key, valueSize)), 0);
  t.same(present(100), [99]);
});
