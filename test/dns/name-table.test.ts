// The table of names: a number for each as long as it is there, also where many have one hash.

import { equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { mostNames, NameTable, nameHash } from '../../orchestrator/dns/name-table.ts';

const someName = fc.nat({ max: 60 }).map((index) => `n${index}.example.com.`);
const step = fc.record({ name: someName, remove: fc.boolean() });
/** Good ones, few, one. */
const hashes = [nameHash, (name: string) => nameHash(name) & 3, () => -1];

t.test('names come and go, and each is found by its number while it is there', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), fc.constantFrom(...hashes), (steps, hash) => {
      const table = new NameTable();
      const known = new Map<string, number>();
      for (const { name, remove } of steps) {
        equal(table.find(name, hash(name)), known.get(name) ?? -1);
        const number = known.get(name);
        if (remove && number !== undefined) {
          table.remove(number);
          known.delete(name);
        } else if (number === undefined) known.set(name, table.add(name, hash(name)));
        equal(table.size, known.size);
        equal(new Set(known.values()).size, known.size);
      }
      for (const [name, number] of known) {
        equal(table.find(name, hash(name)), number);
        equal(table.texts[number], name);
      }
    }),
    { numRuns: 300 },
  );
});

t.test('numbers of names that have gone are taken again, and there is room for all', async (t) => {
  const table = new NameTable();
  for (let number = 0; number < mostNames; number += 1) equal(table.add(`${number}.`, nameHash(`${number}.`)), number);
  table.remove(7);
  t.equal(table.find('7.', nameHash('7.')), -1);
  t.equal(table.add('new.', nameHash('new.')), 7);
  for (let number = 8; number < mostNames; number += 1) ok(table.find(`${number}.`, nameHash(`${number}.`)) === number);
  t.ok(table.bytes < mostNames * 12, `${table.bytes} bytes`);
});

t.test('one text has one hash', async (t) => {
  t.equal(nameHash('a.example.com.'), nameHash(['a', 'example', 'com', ''].join('.')));
  t.ok(new Set(Array.from({ length: 1000 }, (_, index) => nameHash(`n${index}.`))).size > 990);
});
