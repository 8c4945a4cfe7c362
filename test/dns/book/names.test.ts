// Names: what a pod knows by which name, what is forgotten first, and that it outlives the process as bytes.

import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Book } from '../../../orchestrator/dns/book/book.ts';
import { bytesOf, GrantMap, grants, ticksPerSecond, told } from './told.ts';

const now = 1_000_000;

function namesOf(book: Book, endpoint: number, address: string): string[] {
  return book
    .namesOf(endpoint, bytesOf(address), 0)
    .map(({ name }) => name)
    .sort();
}

function listed(book: Book, endpoint: number): [name: string, addresses: string[]][] {
  return [...book.names(endpoint)].map(({ name, addresses }) => [name, addresses.map(({ address }) => address).sort()]);
}

t.test('a name has the addresses that it led to, and an address the names', async (t) => {
  const book = new Book();
  book.note(7, 'a.com.', told(['1.1.1.1', '2.2.2.2'], 10), now);
  book.note(7, 'b.com.', told(['2.2.2.2', 'fd00::1'], 20), now + 5);
  book.note(8, 'c.com.', told(['1.1.1.1']), now);
  t.same(listed(book, 7), [
    ['b.com.', ['2.2.2.2', 'fd00::1']],
    ['a.com.', ['1.1.1.1', '2.2.2.2']],
  ]);
  t.same(namesOf(book, 7, '2.2.2.2'), ['a.com.', 'b.com.']);
  t.same(namesOf(book, 7, '1.1.1.1'), ['a.com.']);
  t.same(namesOf(book, 7, '9.9.9.9'), []);
  t.same(namesOf(book, 9, '1.1.1.1'), []);
  const [latest] = [...book.names(7)];
  t.equal(latest.lastUse, now + 5);
  t.same(
    latest.addresses.map(({ expires }) => expires),
    [1, 2].map(() => now + 5 + Math.ceil(20 * ticksPerSecond)),
  );
});

t.test('a name that leads nowhere is not remembered', async (t) => {
  const book = new Book();
  book.note(7, 'a.com.', told([]), now);
  t.same(listed(book, 7), []);
});

t.test('an address that has ended and is swept is still known by its name', async (t) => {
  const [book, map] = [new Book(), new GrantMap()];
  book.grant(7, told(['1.1.1.1'], 1), grants(101), now);
  map.apply(book);
  book.note(7, 'a.com.', told(['1.1.1.1'], 1), now);
  book.beginSweep(now + 200);
  map.applyAll(book, book.endSweep(now + 200));
  t.equal(map.entries.size, 0);
  t.same(namesOf(book, 7, '1.1.1.1'), ['a.com.']);
});

t.test('the name that was not used for longest makes room', async (t) => {
  const book = new Book({ names: 3 });
  for (const name of ['a.com.', 'b.com.', 'c.com.']) book.note(7, name, told(['1.1.1.1']), now);
  book.note(7, 'a.com.', told(['1.1.1.2']), now);
  book.note(7, 'd.com.', told(['1.1.1.3']), now);
  t.same(
    listed(book, 7).map(([name]) => name),
    ['d.com.', 'a.com.', 'c.com.'],
  );
  t.same(namesOf(book, 7, '1.1.1.1'), ['a.com.', 'c.com.']);
  t.equal(book.counts().evictedNames, 1);
});

t.test('of one name, the address that ends first makes room', async (t) => {
  const book = new Book({ perName: 3, records: 8 });
  for (const [address, ttl] of [
    ['1.1.1.1', 30],
    ['1.1.1.2', 5],
    ['1.1.1.3', 20],
    ['1.1.1.4', 10],
  ] as const)
    book.note(7, 'a.com.', told([address], ttl), now);
  t.same(listed(book, 7), [['a.com.', ['1.1.1.1', '1.1.1.3', '1.1.1.4']]]);
});

t.test('a forgotten name takes the grants with it that no other name led to', async (t) => {
  const [book, map] = [new Book(), new GrantMap()];
  for (const [name, addresses] of [
    ['a.com.', ['1.1.1.1', '2.2.2.2']],
    ['b.com.', ['2.2.2.2']],
  ] as const) {
    book.grant(7, told(addresses), grants(101), now);
    map.apply(book);
    book.note(7, name, told(addresses), now);
  }
  map.applyAll(book, book.forget(7, 'a.com.'));
  t.same([...map.entries.keys()], ['7 2.2.2.2']);
  t.same(listed(book, 7), [['b.com.', ['2.2.2.2']]]);
  map.applyAll(book, book.forget(7, 'b.com.'));
  t.same([...map.entries.keys()], []);
});

t.test('names become bytes and names again, in their order, with their ends; other bytes do no harm', async (t) => {
  const book = new Book();
  book.note(7, 'a.com.', told(['1.1.1.1', 'fd00::1'], 10), now);
  book.note(7, 'b\\.c.com.', told(['1.1.1.1'], 20), now + 5);
  const bytes = book.namesBytes(7);
  const other = new Book();
  t.equal(other.restoreNames(7, bytes), 2);
  t.same([...other.names(7)].map(plain), [...book.names(7)].map(plain));
  t.same(namesOf(other, 7, '1.1.1.1'), ['a.com.', 'b\\.c.com.']);
  t.equal(book.namesBytes(9).length, 0);
  t.equal(other.restoreNames(9, book.namesBytes(9)), 0);
  fc.assert(
    fc.property(fc.nat({ max: bytes.length }), fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (end, at, value) => {
      const broken = Buffer.from(bytes);
      broken[at] = value;
      ok(new Book().restoreNames(7, broken.subarray(0, end)) <= 2);
    }),
    { numRuns: 500 },
  );
});

function plain({
  name,
  lastUse,
  addresses,
}: {
  readonly name: string;
  readonly lastUse: number;
  readonly addresses: readonly object[];
}): unknown {
  return { name, lastUse, addresses: addresses.map((address) => JSON.stringify(address)).sort() };
}

t.test('whatever is noted, forgotten and granted: names and addresses fit together, and limits hold', async (t) => {
  const limits = { addresses: 6, names: 4, links: 10, perName: 5, records: 8 };
  const address = fc.integer({ min: 1, max: 40 }).map((number) => `1.0.0.${number}`);
  const step = fc.record({
    do: fc.constantFrom('note', 'note', 'note', 'grant', 'forget', 'sweep'),
    name: fc.constantFrom('a.', 'b.', 'c.', 'd.', 'e.', 'f.'),
    addresses: fc.array(address, { minLength: 1, maxLength: 6 }),
    ttl: fc.integer({ min: 0, max: 9 }),
  });
  let links = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const [book, map] = [new Book(limits), new GrantMap()];
      const last: string[] = [];
      for (const [index, { do: what, name, addresses, ttl }] of steps.entries()) {
        const time = now + index * 30;
        if (what === 'note') {
          book.note(7, name, told(addresses, ttl), time);
          if (last.includes(name)) last.splice(last.indexOf(name), 1);
          last.unshift(name);
          const known = new Set(listed(book, 7)[0][1]);
          equal(listed(book, 7)[0][0], name);
          ok([...new Set(addresses)].length > limits.perName || addresses.some((one) => known.has(one)));
        } else if (what === 'grant') {
          book.grant(7, told(addresses, ttl), grants(101), time);
          map.apply(book);
        } else if (what === 'forget') {
          map.applyAll(book, book.forget(7, name));
          if (last.includes(name)) last.splice(last.indexOf(name), 1);
        } else {
          book.beginSweep(time);
          map.applyAll(book, book.endSweep(time));
        }
        const names = listed(book, 7);
        // The order is that of use, less those that made room.
        deepEqual(
          names.map(([one]) => one),
          last.filter((one) => names.some(([other]) => other === one)),
        );
        ok(names.length <= limits.names && names.every(([, list]) => list.length <= limits.perName && new Set(list).size === list.length));
        ok(names.reduce((sum, [, list]) => sum + list.length, 0) <= limits.links);
        for (const [one, list] of names) for (const each of list) ok(namesOf(book, 7, each).includes(one));
        for (let number = 1; number <= 40; number += 1) {
          for (const one of namesOf(book, 7, `1.0.0.${number}`))
            ok(names.some(([other, list]) => other === one && list.includes(`1.0.0.${number}`)));
          equal(book.identities(7, bytesOf(`1.0.0.${number}`), 0, time).length, map.live(7, `1.0.0.${number}`, time).length);
        }
        equal(book.counts().addresses, map.entries.size);
        links += names.length;
      }
    }),
    { numRuns: 60 },
  );
  t.ok(links > 1000);
});
