// Remembered policy matches: whatever is written to the map, by whichever worker, no lookup returns what the map no longer has.

import fc from 'fast-check';
import t from 'tap';
import { prefixKey } from './hammer.ts';
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
/** Looks for the whole key of peer `number`, as the core does. */
function find(host: Host, number: number, length = 96): number | undefined {
  host.bytes.set(prefixKey(length, number), host.key);
  const address = host.exports.recentPolicy(host.key);
  return address === 0 ? undefined : Number(host.view.getBigUint64(address, true));
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
  const before = Buffer.from(writer.bytes.slice(0x50000, 0x90000));
  t.equal(find(reader, 5), 1);
  t.ok(before.equals(writer.bytes.slice(0x50000, 0x90000)), 'of worker 1, while worker 0 found');
  const other = Buffer.from(reader.bytes.slice(0x10000, 0x50000));
  t.equal(find(writer, 6), undefined);
  t.ok(other.equals(reader.bytes.slice(0x10000, 0x50000)), 'of worker 0, while worker 1 found');
});

t.test('a shorter key is not answered with what the whole key found', async (t) => {
  const [host] = workers();
  put(host, 80, 1);
  put(host, 96, 2);
  t.same([find(host, 5), find(host, 5, 88), find(host, 5), find(host, 5, 88)], [2, 1, 2, 1]);
});

t.test('whatever two workers write, each finds what a lookup finds, twice', async (t) => {
  const step = fc.record({
    by: fc.nat({ max: 1 }),
    do: fc.constantFrom('put', 'remove', 'look', 'look', 'look'),
    // More peers than slots, of which some share one; the first few are the most frequent.
    peer: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 3 }), fc.nat({ max: 2000 })),
    length: fc.constantFrom(40, 72, 80, 88, 96),
  });
  const property = fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
    const hosts = workers();
    const recent: number[] = [];
    for (const [index, { by, do: what, peer, length }] of steps.entries()) {
      const host = hosts[by] as Host;
      if (what === 'put') host.put(map, prefixKey(length, peer), bytes(index));
      else if (what === 'remove') host.remove(map, prefixKey(length, peer));
      recent.unshift(peer);
      for (const each of recent.splice(0, recent.length).slice(0, 6)) {
        recent.push(each);
        for (const looking of hosts) {
          const value = looking.get(map, prefixKey(96, each), 8);
          const expected = value && Number(new DataView(value.buffer).getBigUint64(0, true));
          if (find(looking, each) !== expected || find(looking, each) !== expected) throw new Error(`step ${index}: peer ${each}`);
        }
      }
    }
  });
  fc.assert(property, { numRuns: 60 });
  t.pass('no counterexample');
});
