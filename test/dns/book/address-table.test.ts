// The table of addresses: a Map of addresses, whatever comes and goes, and however close together it lies.

import { equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { AddressTable, mostSlots } from '../../../orchestrator/dns/book/address-table.ts';

t.test('addresses come and go, and each is found while somebody holds it', async (t) => {
  const step = fc.record({ address: fc.nat({ max: 300 }), add: fc.boolean() });
  let most = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1500, size: 'max' }), (steps) => {
      const table = new AddressTable();
      const known = new Map<number, number>();
      for (const { address, add } of steps) {
        const words = [0, 0, -65_536, address << 16] as const;
        const slot = table.find(...words);
        equal(slot, known.get(address) ?? -1);
        if (add && slot < 0) {
          if (table.isFull) table.grow(table.nextCapacity);
          const added = table.add(...words);
          table.hold(added, 3);
          known.set(address, added);
        } else if (!add && slot >= 0) {
          ok(!table.release(slot, 1));
          ok(table.release(slot, 2));
          known.delete(address);
        }
        most = Math.max(most, table.used);
      }
      equal(table.used, known.size);
      equal(new Set(known.values()).size, known.size);
      for (const [address, slot] of known) equal(table.find(0, 0, -65_536, address << 16), slot);
    }),
    { numRuns: 40 },
  );
  t.ok(most > 100, `${most} at once`);
});

t.test('it grows as far as numbers go', async (t) => {
  const table = new AddressTable();
  for (let number = 0; number < mostSlots; number += 1) {
    if (table.isFull) table.grow(table.nextCapacity);
    table.hold(table.add(number, 1, 2, 3), 1);
  }
  t.ok(table.isFull);
  t.equal(table.nextCapacity, table.capacity);
  for (let number = 0; number < mostSlots; number += 1) equal(table.words[table.find(number, 1, 2, 3) * 4], number);
  t.equal(table.find(mostSlots, 1, 2, 3), -1);
});
