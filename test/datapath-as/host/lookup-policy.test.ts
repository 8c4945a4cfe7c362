// Remembered policy matches: whatever is written to the map, by whichever worker, no lookup returns what the map no longer has.

import fc from 'fast-check';
import t from 'tap';
import { prefixKey, prefixSet, prefixTraffic } from './hammer.ts';
import { FLAG, Host, hostMemory, KIND } from './instance.ts';
import { hostModule } from './module.ts';

const module = await hostModule();
const map = 7;
const bytes = (number: number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(number)).buffer);

/** Two instances over one memory: what one finds, and what the other writes. */
function workers(): [reader: Host, writer: Host] {
  const memory = hostMemory();
  const hosts: [Host, Host] = [new Host(module, memory, 0), new Host(module, memory, 1)];
  create(hosts[0]);
  return hosts;
}
function create(host: Host): void {
  if (host.exports.create(map, KIND.lpm, 16, 8, 1000) !== 0) throw new Error('not created');
}
/** Matches of peer `number` and of every peer, as the core asks for them. */
function findBoth(host: Host, number: number): [peer: number | undefined, everyPeer: number | undefined] {
  const address = host.exports.policyMatches(prefixSet, number, prefixTraffic);
  const [peer, everyPeer] = [0, 8].map((at) => Number(host.view.getBigUint64(address + at, true)) || undefined);
  return [peer, everyPeer];
}
function find(host: Host, number: number): number | undefined {
  return findBoth(host, number)[0];
}
const put = (host: Host, length: number, value: number, flags: number = FLAG.any): number =>
  host.put(map, prefixKey(length, 5), bytes(value), flags);
const remove = (host: Host, length: number): number => host.remove(map, prefixKey(length, 5));

const changes: { name: string; before: [length: number, value: number][]; change(host: Host): number; was?: number; is?: number }[] = [
  { name: 'replaced', before: [[96, 1]], change: (host) => put(host, 96, 2), was: 1, is: 2 },
  { name: 'deleted', before: [[96, 1]], change: (host) => remove(host, 96), was: 1 },
  { name: 'added where there was none', before: [], change: (host) => put(host, 96, 1), is: 1 },
  { name: 'shadowed by the whole key', before: [[80, 1]], change: (host) => put(host, 96, 2), was: 1, is: 2 },
  { name: 'shadowed by a range of ports', before: [[72, 1]], change: (host) => put(host, 88, 2), was: 1, is: 2 },
  { name: 'shadowed by its group', before: [[40, 1]], change: (host) => put(host, 72, 2), was: 1, is: 2 },
  {
    name: 'no longer shadowed',
    before: [
      [80, 1],
      [96, 2],
    ],
    change: (host) => remove(host, 96),
    was: 2,
    is: 1,
  },
  { name: 'deleted outside groups', before: [[40, 1]], change: (host) => remove(host, 40), was: 1 },
  { name: 'replaced in its group', before: [[72, 1]], change: (host) => put(host, 72, 2, FLAG.exist), was: 1, is: 2 },
];

for (const { name, before, change, was, is } of changes) {
  t.test(`an entry that is ${name} is so for every worker at once`, async (t) => {
    const [reader, writer] = workers();
    for (const [length, value] of before) put(writer, length, value);
    for (const host of [reader, writer]) t.same([find(host, 5), find(host, 5)], [was, was]);
    t.equal(change(writer), 0);
    for (const host of [reader, writer]) t.same([find(host, 5), find(host, 5)], [is, is]);
  });
}

t.test('an update that fails changes nothing that is found', async (t) => {
  const [reader, writer] = workers();
  put(writer, 96, 1);
  t.equal(find(reader, 5), 1);
  t.equal(put(writer, 96, 2, FLAG.noExist), -17);
  t.equal(remove(writer, 80), -2);
  t.equal(find(reader, 5), 1);
});

t.test('a map that is made anew has nothing of the one before it, after any number of updates', async (t) => {
  const [host] = workers();
  for (let updates = 1; updates < 5; updates++) {
    for (let update = 0; update < updates; update++) put(host, 96, updates);
    t.equal(find(host, 5), updates);
    host.exports.reset();
    create(host);
    for (let update = 0; update < updates; update++) host.put(map, prefixKey(96, 6), bytes(9));
    t.equal(find(host, 5), undefined);
  }
});

t.test('a worker remembers in its own area only', async (t) => {
  const [reader, writer] = workers();
  put(writer, 96, 1);
  const [own, others] = [
    [0x10000, 0x150000],
    [0x150000, 0x290000],
  ] as const;
  const before = Buffer.from(writer.bytes.slice(...others));
  t.equal(find(reader, 5), 1);
  t.ok(before.equals(writer.bytes.slice(...others)), 'of worker 1, while worker 0 found');
  const other = Buffer.from(reader.bytes.slice(...own));
  t.equal(find(writer, 6), undefined);
  t.ok(other.equals(reader.bytes.slice(...own)), 'of worker 0, while worker 1 found');
});

t.test('what speaks of every peer is found beside what speaks of one, and is as new', async (t) => {
  const [reader, writer] = workers();
  put(writer, 96, 1);
  t.same(
    [findBoth(reader, 5), findBoth(reader, 6)],
    [[1], [undefined]].map(([peer]) => [peer, undefined]),
  );
  writer.put(map, prefixKey(80, 0), bytes(2));
  t.same(
    [findBoth(reader, 5), findBoth(reader, 6), findBoth(reader, 0)],
    [
      [1, 2],
      [undefined, 2],
      [2, 2],
    ],
  );
  writer.remove(map, prefixKey(80, 0));
  t.same(
    [findBoth(reader, 5), findBoth(reader, 0)],
    [
      [1, undefined],
      [undefined, undefined],
    ],
  );
});

t.test('another set, direction, protocol or port is another question', async (t) => {
  const [host] = workers();
  put(host, 96, 1);
  t.equal(find(host, 5), 1);
  for (const bit of Array(32).keys()) {
    const other = (1 << bit) >>> 0;
    t.equal(host.view.getUint32(host.exports.policyMatches(prefixSet ^ other, 5, prefixTraffic), true), 0, `set, bit ${bit}`);
    t.equal(host.view.getUint32(host.exports.policyMatches(prefixSet, 5, prefixTraffic ^ other), true), 0, `traffic, bit ${bit}`);
  }
  t.equal(find(host, 5), 1);
});

t.test('more matches than there is room for are forgotten, not mistaken', async (t) => {
  const [host] = workers();
  const peers = 100_000;
  for (let peer = 1; peer <= 900; peer++) host.put(map, prefixKey(96, peer), bytes(peer));
  for (const round of [1, 2]) {
    let wrong = 0;
    for (let peer = 1; peer <= peers; peer++) if (find(host, peer) !== (peer <= 900 ? peer : undefined)) wrong++;
    t.equal(wrong, 0, `round ${round}`);
  }
});

t.test('when the half of a version that matches are remembered under begins again, none is left', async (t) => {
  const [reader, writer] = workers();
  const version = 0x2000 + map * 256 + 128;
  for (const half of [0x7fffffffn, 0xffffffffn]) {
    writer.view.setBigUint64(version, half - 1n, true);
    put(writer, 80, 1);
    writer.view.setBigUint64(version, half - 1n, true);
    for (const host of [reader, writer]) t.same([find(host, 5), find(host, 5)], [1, 1]);
    put(writer, 80, 2);
    for (const host of [reader, writer]) t.same([find(host, 5), find(host, 5)], [2, 2]);
    t.not(writer.view.getUint32(version, true), 0);
    writer.view.setBigUint64(version, half - 1n, true);
    put(writer, 80, 3);
    writer.view.setBigUint64(version, half - 1n, true);
    for (const host of [reader, writer]) t.same([find(host, 5), find(host, 5)], [3, 3], 'what was remembered a round ago is no more');
  }
});

t.test('whatever two workers write, each finds what a lookup finds, twice', async (t) => {
  const step = fc.record({
    by: fc.nat({ max: 1 }),
    do: fc.constantFrom('put', 'remove', 'look', 'look', 'look'),
    // Peer 0 is every peer; the first few are the most frequent.
    peer: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 3 }), fc.nat({ max: 2000 })),
    length: fc.constantFrom(40, 72, 80, 88, 96),
  });
  const property = fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
    const hosts = workers();
    const recent: number[] = [];
    for (const [index, { by, do: what, peer, length }] of steps.entries()) {
      const host = hosts[by] as Host;
      if (what === 'put') host.put(map, prefixKey(length, peer), bytes(index + 1));
      else if (what === 'remove') host.remove(map, prefixKey(length, peer));
      recent.unshift(peer);
      for (const each of recent.splice(0, recent.length).slice(0, 6)) {
        recent.push(each);
        for (const looking of hosts) {
          const value = looking.get(map, prefixKey(96, each), 8);
          const expected = value && Number(new DataView(value.buffer).getBigUint64(0, true));
          const every = looking.get(map, prefixKey(96, 0), 8);
          const both = [expected, every && Number(new DataView(every.buffer).getBigUint64(0, true))];
          for (const found of [findBoth(looking, each), findBoth(looking, each)])
            if (found[0] !== both[0] || found[1] !== both[1]) throw new Error(`step ${index}: peer ${each}`);
        }
      }
    }
  });
  fc.assert(property, { numRuns: 60 });
  t.pass('no counterexample');
});
