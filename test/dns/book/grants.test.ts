// Grants: what an answer puts into the map, what it never takes away, and when it is refused.

import t from 'tap';
import { grantCodec, grantKeyCodec } from '../../../orchestrator/datapath/generated/layouts.ts';
import { Book } from '../../../orchestrator/dns/book/book.ts';
import { keyBytes, valueBytes } from '../../../orchestrator/dns/book/map-changes.ts';
import { bytesOf, GrantMap, grants, ticksPerSecond, told } from './told.ts';

const now = 5_000_000;

function after(seconds: number): number {
  return (now + Math.ceil(seconds * ticksPerSecond)) | 0;
}

t.test('keys and values are as long as the datapath has them', async (t) => {
  t.same([keyBytes, valueBytes], [grantKeyCodec.size, grantCodec.size]);
});

t.test('an answer is granted to who asked, under every selector, until its TTL has ended', async (t) => {
  const [book, map] = [new Book(), new GrantMap()];
  t.equal(book.grant(7, told(['1.2.3.4', 'fd00::1'], 30), grants(101, 102), now), undefined);
  map.apply(book);
  for (const address of ['1.2.3.4', 'fd00::1']) {
    t.same(map.live(7, address, now), [101, 102]);
    t.same(map.live(7, address, after(29.9)), [101, 102]);
    t.same(map.live(7, address, after(30.5)), []);
    t.same(map.live(8, address, now), [], 'another pod');
    t.same(book.identities(7, bytesOf(address), 0, now), [101, 102]);
    t.same(book.identities(7, bytesOf(address), 0, after(31)), []);
  }
  t.equal(map.entries.size, 2);
});

t.test('minTtl and grace lengthen a life, and 0 seconds are one', async (t) => {
  const [book, map] = [new Book(), new GrantMap()];
  const rows: [address: string, ttl: number, minTtl: number, grace: number, life: number][] = [
    ['1.0.0.1', 5, 0, 0, 5],
    ['1.0.0.2', 5, 30, 0, 30],
    ['1.0.0.3', 50, 30, 10, 60],
    ['1.0.0.4', 0, 0, 0, 1],
    ['1.0.0.5', 0, 0, 2, 3],
  ];
  for (const [address, ttl, minTtl, grace, life] of rows) {
    book.grant(7, told([address], ttl), [{ identity: 101, minTtl, grace, depth: 0 }], now);
    map.apply(book);
    t.same(map.live(7, address, after(life - 0.02)), [101], `${address} lives`);
    t.same(map.live(7, address, after(life + 0.3)), [], `${address} ends`);
  }
});

t.test('the same answer again writes nothing while its end is the same, and a shorter one never', async (t) => {
  const book = new Book();
  book.grant(7, told(['1.2.3.4'], 30), grants(101), now);
  t.equal(book.changes.written, 1);
  book.grant(7, told(['1.2.3.4'], 29), grants(101), now);
  t.equal(book.changes.written, 0);
  book.grant(7, told(['1.2.3.4'], 30), grants(101), now + 1);
  t.ok(book.changes.written <= 1);
  book.grant(7, told(['1.2.3.4'], 30), grants(101), now + 60);
  t.equal(book.changes.written, 1);
});

t.test('nothing is written for names that grant nothing, and nothing for answers without addresses', async (t) => {
  const book = new Book();
  t.equal(book.grant(7, told(['1.2.3.4']), [], now), undefined);
  t.equal(book.changes.written, 0);
  t.equal(book.grant(7, told([]), grants(101), now), undefined);
  t.equal(book.changes.written, 0);
});

t.test('a fifth live name of an address is refused, and nothing of its answer is granted', async (t) => {
  const [book, map] = [new Book(), new GrantMap()];
  for (const identity of [101, 102, 103, 104]) {
    t.equal(book.grant(7, told(['1.2.3.4'], identity === 102 ? 10 : 60), grants(identity), now), undefined);
    map.apply(book);
  }
  t.equal(book.grant(7, told(['9.9.9.9', '1.2.3.4'], 60), grants(105), now), 'names');
  t.equal(book.changes.written, 0);
  t.same(map.live(7, '1.2.3.4', now), [101, 102, 103, 104]);
  t.equal(book.grant(7, told(['1.2.3.4'], 90), grants(101, 104), now), undefined, 'names that are there are renewed');
  map.apply(book);
  t.equal(book.grant(7, told(['1.2.3.4'], 60), grants(105), after(11)), undefined, 'an ended one has made room');
  map.apply(book);
  t.same(map.live(7, '1.2.3.4', after(11)), [101, 103, 104, 105]);
  t.equal(book.grant(7, told(['5.5.5.5']), grants(1, 2, 3, 4, 5), now), 'names', 'five at once');
});

t.test('aliases grant the addresses behind them only', async (t) => {
  const [book, map] = [new Book(), new GrantMap()];
  const chain = { ...told(['1.1.1.1', '2.2.2.2', '3.3.3.3']), depths: [0, 1, 2] };
  const alias = { identity: 102, minTtl: 0, grace: 0, depth: 2 };
  book.grant(7, chain, [...grants(101), alias], now);
  map.apply(book);
  t.same([map.live(7, '1.1.1.1', now), map.live(7, '2.2.2.2', now), map.live(7, '3.3.3.3', now)], [[101], [101], [101, 102]]);
  book.grant(8, chain, [alias], now);
  map.apply(book);
  t.same([map.live(8, '1.1.1.1', now), map.live(8, '3.3.3.3', now)], [[], [102]]);
});

t.test('a pod at its limit: what ended longest ago makes room, then what is in use, and what lives never', async (t) => {
  const [book, map] = [new Book({ addresses: 4, links: 4 }), new GrantMap()];
  for (const [address, ttl] of [
    ['1.0.0.1', 3],
    ['1.0.0.2', 1],
    ['1.0.0.3', 2],
    ['1.0.0.4', 100],
  ] as const) {
    t.equal(book.grant(7, told([address], ttl), grants(101), now), undefined);
    map.apply(book);
  }
  t.equal(book.grant(7, told(['2.0.0.1'], 100), grants(101), now), 'full');
  t.equal(book.grant(8, told(['2.0.0.1'], 100), grants(101), now), undefined, 'another pod has its own limit');
  const later = after(50);
  book.beginSweep(later);
  book.markInUse(7, bytesOf('1.0.0.2'), 0);
  const gone = (): string[] => ['1.0.0.1', '1.0.0.2', '1.0.0.3', '1.0.0.4'].filter((address) => !map.entries.has(`7 ${address}`));
  t.equal(book.grant(7, told(['2.0.0.1'], 100), grants(101), later), undefined);
  map.apply(book);
  t.same(gone(), ['1.0.0.3']);
  t.equal(book.grant(7, told(['2.0.0.2'], 100), grants(101), later), undefined);
  map.apply(book);
  t.same(gone(), ['1.0.0.1', '1.0.0.3']);
  t.equal(book.grant(7, told(['1.0.0.2', '2.0.0.3'], 100), grants(101), later), 'full', 'an address of the answer itself makes no room');
  t.equal(book.grant(7, told(['2.0.0.3'], 100), grants(101), later), undefined);
  map.apply(book);
  t.same(gone(), ['1.0.0.1', '1.0.0.2', '1.0.0.3']);
  t.equal(book.grant(7, told(['2.0.0.4'], 100), grants(101), later), 'full');
  t.equal(map.entries.size, 4);
  t.equal(book.counts().evictedAddresses, 3);
});

t.test('thousands that have ended make room for thousands', async (t) => {
  const [book, map] = [new Book({ addresses: 6000 }), new GrantMap()];
  const block = (first: number, size: number): string[] =>
    Array.from({ length: size }, (_, index) => `1.0.${(first + index) >> 8}.${(first + index) & 255}`);
  for (let first = 0; first < 6000; first += 500) {
    book.grant(7, told(block(first, 500), first === 0 ? 1000 : 1), grants(101), now);
    map.apply(book);
  }
  for (let first = 6000; first < 11_500; first += 500) {
    t.equal(book.grant(7, told(block(first, 500), 1000), grants(101), after(100)), undefined);
    map.apply(book);
  }
  t.equal(book.grant(7, told(block(11_500, 1), 1000), grants(101), after(100)), 'full');
  t.equal(map.entries.size, 6000);
  t.ok([...block(0, 500), ...block(6000, 5500)].every((address) => map.live(7, address, after(100)).length === 1));
});

t.test('what the map did not take is taken back, new ones and renewals', async (t) => {
  const [book, map] = [new Book(), new GrantMap()];
  book.grant(7, told(['1.0.0.1', '1.0.0.3'], 10), grants(101), now);
  map.apply(book);
  book.grant(7, told(['1.0.0.2', '1.0.0.1', '1.0.0.4', '1.0.0.3', '1.0.0.4'], 100), grants(101, 102), now);
  t.ok(book.changes.written >= 4);
  book.undo(map.apply(book, 1));
  for (const [address, identities] of [
    ['1.0.0.2', [101, 102]],
    ['1.0.0.1', [101]],
    ['1.0.0.3', [101]],
    ['1.0.0.4', []],
  ] as const) {
    t.same(book.identities(7, bytesOf(address), 0, now), identities, address);
    t.same(map.live(7, address, now), identities, address);
  }
  t.same(book.identities(7, bytesOf('1.0.0.1'), 0, after(11)), [], 'with its end');
  t.equal(book.counts().addresses, 3);
});

t.test('a sweep takes what has ended and nobody uses, and only what had ended when it began', async (t) => {
  const [book, map] = [new Book(), new GrantMap()];
  for (const [address, ttl] of [
    ['1.0.0.1', 1],
    ['1.0.0.2', 1],
    ['1.0.0.3', 5],
    ['1.0.0.4', 100],
  ] as const) {
    book.grant(7, told([address], ttl), grants(101), now);
    map.apply(book);
  }
  book.beginSweep(after(3));
  t.same(Buffer.from(book.expired(7)).toString('hex'), Buffer.concat([bytesOf('1.0.0.1'), bytesOf('1.0.0.2')]).toString('hex'));
  book.markInUse(7, bytesOf('1.0.0.2'), 0);
  book.markInUse(7, bytesOf('8.8.8.8'), 0);
  book.markInUse(9, bytesOf('1.0.0.1'), 0);
  map.applyAll(book, book.endSweep(after(50)));
  t.same([...map.entries.keys()], ['7 1.0.0.2', '7 1.0.0.3', '7 1.0.0.4']);
  book.beginSweep(after(50));
  book.grant(7, told(['1.0.0.2'], 100), grants(101), after(50));
  map.apply(book);
  map.applyAll(book, book.endSweep(after(51)));
  t.same([...map.entries.keys()], ['7 1.0.0.2', '7 1.0.0.4'], 'renewed meanwhile');
});

t.test('what the map has is taken over, and lives on as it was', async (t) => {
  const [before, map] = [new Book(), new GrantMap()];
  before.grant(7, told(['1.0.0.1', 'fd00::1'], 60), grants(101, 102, 103), now);
  map.apply(before);
  const { keys, values } = before.changes;
  const book = new Book();
  const view = new DataView(values.buffer);
  for (let entry = 0; entry < 2; entry += 1) t.ok(book.takeOver(7, keys, entry * 24, view, entry * 32));
  t.same(book.identities(7, bytesOf('fd00::1'), 0, now), [101, 102, 103]);
  book.grant(7, told(['1.0.0.1'], 60), grants(104), now);
  map.apply(book);
  t.same(map.live(7, '1.0.0.1', now), [101, 102, 103, 104]);
  map.applyAll(book, book.remove(7));
  t.same([...map.entries], []);
  t.same([...book.endpoints], []);
});

t.test('identities that rules no longer know are withdrawn, the others stay', async (t) => {
  const [book, map] = [new Book({ records: 256 }), new GrantMap()];
  const many = Array.from({ length: 600 }, (_, index) => `1.0.${index >> 8}.${index & 255}`);
  for (let first = 0; first < many.length; first += 200) {
    book.grant(7, told(many.slice(first, first + 200)), grants(101, 102), now);
    map.apply(book);
  }
  book.grant(7, told(['2.0.0.1']), grants(102), now);
  map.apply(book);
  map.applyAll(
    book,
    book.retain(7, (identity) => identity !== 102),
  );
  t.equal(map.entries.size, 600);
  t.ok(many.every((address) => map.live(7, address, now).join() === '101'));
  map.applyAll(
    book,
    book.retain(7, () => false),
  );
  t.equal(map.entries.size, 0);
  t.equal(book.counts().addresses, 0);
});

t.test('new rules grant what was told before, for as long as it still holds', async (t) => {
  const [book, map] = [new Book(), new GrantMap()];
  for (const [name, address, ttl] of [
    ['a.com.', '1.0.0.1', 60],
    ['a.com.', '1.0.0.2', 2],
    ['b.com.', '1.0.0.3', 60],
  ] as const) {
    book.note(7, name, told([address], ttl), now);
  }
  const later = after(10);
  map.applyAll(
    book,
    book.regrant(7, (name) => (name === 'a.com.' ? grants(101) : []), later),
  );
  t.same([...map.entries.keys()], ['7 1.0.0.1']);
  t.same(map.live(7, '1.0.0.1', after(59)), [101]);
  t.same(map.live(7, '1.0.0.1', after(62)), []);
});

t.test('live grants are counted by identity', async (t) => {
  const book = new Book();
  book.grant(7, told(['1.0.0.1', '1.0.0.2'], 5), grants(101), now);
  book.grant(8, told(['1.0.0.1'], 50), grants(101, 102), now);
  t.same(
    [...book.liveGrants(now)],
    [
      [101, 3],
      [102, 1],
    ],
  );
  t.same(
    [...book.liveGrants(after(10))],
    [
      [101, 1],
      [102, 1],
    ],
  );
});
