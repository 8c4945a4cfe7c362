// Grants that are written together: the map gets what single ones would have given it; and when it takes only the first of them, the book knows what it
// has, and nothing else.

import { deepEqual, equal } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Book } from '../../../orchestrator/dns/book/book.ts';
import { bytesOf, GrantMap, grants, told } from './told.ts';

const now = 5_000_000;
const later = now + 3000;
const limits = { addresses: 6, names: 4, links: 8, perName: 4, records: 16 };
const addresses = Array.from({ length: 8 }, (_, index) => `1.0.0.${index}`);
const pods = [1, 2];

interface Grant {
  readonly pod: number;
  readonly at: readonly string[];
  readonly ttl: number;
  readonly under: readonly number[];
}

const someGrant: fc.Arbitrary<Grant> = fc.record({
  pod: fc.constantFrom(...pods),
  at: fc.array(fc.constantFrom(...addresses), { minLength: 1, maxLength: 3 }),
  ttl: fc.integer({ min: 0, max: 100 }),
  under: fc.uniqueArray(fc.integer({ min: 101, max: 103 }), { minLength: 1, maxLength: 3 }),
});
const someGrants = fc.array(someGrant, { maxLength: 5 });

function tell(book: Book, map: GrantMap, before: readonly Grant[], at: number): void {
  for (const { pod, at: wanted, ttl, under } of before) {
    book.grant(pod, told(wanted, ttl), grants(...under), at);
    map.apply(book);
  }
}

/** Of every pod and address. */
function known(book: Book): number[][] {
  return pods.flatMap((pod) => addresses.map((address) => [...book.identities(pod, bytesOf(address), 0, later)].sort()));
}

function live(map: GrantMap): number[][] {
  return pods.flatMap((pod) => addresses.map((address) => map.live(pod, address, later)));
}

t.test('what is granted together is what is granted one by one', async () => {
  fc.assert(
    fc.property(someGrants, someGrants, (before, together) => {
      const [one, other] = [new Book(limits), new Book(limits)];
      const [singly, jointly] = [new GrantMap(), new GrantMap()];
      tell(one, singly, before, now);
      tell(other, jointly, before, now);
      const refusals = together.map(({ pod, at, ttl, under }) => {
        const refusal = one.grant(pod, told(at, ttl), grants(...under), later);
        singly.apply(one);
        return refusal;
      });
      other.begin();
      deepEqual(
        together.map(({ pod, at, ttl, under }) => other.grantMore(pod, told(at, ttl), grants(...under), later)),
        refusals,
      );
      jointly.apply(other);
      deepEqual(jointly.entries, singly.entries);
    }),
    { numRuns: 300 },
  );
});

t.test('where the map takes only some entries, the book has those, and each grant can be tried again', async () => {
  fc.assert(
    fc.property(someGrants, someGrants, fc.nat({ max: 8 }), (before, together, most) => {
      const [book, map] = [new Book(limits), new GrantMap()];
      tell(book, map, before, now);
      book.begin();
      for (const { pod, at, ttl, under } of together) book.grantMore(pod, told(at, ttl), grants(...under), later);
      book.undo(map.apply(book, most));
      deepEqual(known(book), live(map));
      equal(book.counts().addresses, map.entries.size);
      const refusals = together.map(({ pod, at, ttl, under }) => {
        const refusal = book.grant(pod, told(at, ttl), grants(...under), later);
        map.apply(book);
        return refusal;
      });
      deepEqual(known(book), live(map));
      for (const [index, { pod, at, under }] of together.entries()) {
        if (refusals[index] !== undefined) continue;
        for (const address of at) {
          const has = map.live(pod, address, later);
          equal(
            under.every((identity) => has.includes(identity)),
            true,
          );
        }
      }
    }),
    { numRuns: 500 },
  );
});
