// Two workers and one map: no update is lost, no reader sees what was never written, and nobody waits for ever.

import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { contestedKeys, faultOf, type Job, key, keySize, prefixKey, stamped, valueSize } from './hammer.ts';
import { Host, hostMemory, KIND } from './instance.ts';
import { hostModule } from './module.ts';

// Two workers that wait for each other on a busy machine are slow, not wrong.
t.setTimeout(900_000);
const module = await hostModule();
const map = 9;
const policyMap = 7;
const workers = 2;

function shared(kind: number, entries: number, number = map): Host {
  const host = new Host(module, hostMemory(1024), workers);
  if (host.exports.create(number, kind, keySize, valueSize, entries) !== 0) throw new Error('not created');
  return host;
}

/** Runs the workers to their end; what they saw that must not be. */
async function hammer(host: Host, what: Job['what'], turns: number): Promise<{ count: number; first: string[] }[]> {
  const barrier = new Int32Array(new SharedArrayBuffer(8));
  const running = Array.from({ length: workers }, async (_, worker) => {
    const job: Job = { module, memory: host.memory, worker, workers, map: what === 'recent' ? policyMap : map, what, turns, barrier };
    const thread = new Worker(join(import.meta.dirname, 'hammer.ts'), { workerData: job });
    const [faults] = await once(thread, 'message');
    await thread.terminate();
    return faults;
  });
  return Promise.all(running);
}
const nothing = Array.from({ length: workers }, () => ({ count: 0, first: [] }));

t.test('every update of two workers arrives', async (t) => {
  const turns = 4000;
  const host = shared(KIND.hash, turns * workers);
  t.same(await hammer(host, 'own', turns), nothing);
  const expected = Array.from({ length: turns * workers }, (_, number) => number).filter((number) => number % 3 !== 0);
  t.equal(host.exports.mapCount(map), expected.length);
  t.equal(host.entries(map, keySize, valueSize).length, expected.length);
  const wrong = expected.filter((number) => {
    const value = host.read(map, key(number), valueSize);
    return value === undefined || faultOf(number, value) !== undefined || value[4] !== 2;
  });
  t.same(wrong, []);
});

t.test('readers of contested keys see whole values of their key only', async (t) => {
  for (const kind of [KIND.hash, KIND.lru]) {
    const host = shared(kind, contestedKeys - (kind === KIND.lru ? 8 : 0));
    t.same(await hammer(host, 'contested', 25_000), nothing);
    t.equal(host.entries(map, keySize, valueSize).length, host.exports.mapCount(map));
  }
});

t.test('an LRU map that two workers overfill stays whole', async (t) => {
  const entries = 500;
  const host = shared(KIND.lru, entries);
  t.same(await hammer(host, 'evict', 15_000), nothing);
  t.equal(host.exports.mapCount(map), entries);
  t.equal(new Set(host.entries(map, keySize, valueSize).map(([name]) => name)).size, entries);
  for (let number = 0; number < entries; number++) host.put(map, key(1_000_000 + number), stamped(number, 1));
  const left = host.entries(map, keySize, valueSize).filter(([name]) => Buffer.from(name, 'hex').readUInt32LE(4) < 1_000_000);
  t.same(left, [], 'as many new entries as fit push out every old one');
});

t.test('a broad prefix is found while narrower ones come and go', async (t) => {
  const host = shared(KIND.lpm | (72 << 8), 1000);
  for (let number = 0; number < 200; number++) host.put(map, prefixKey(80, number), stamped(number, 80));
  t.same(await hammer(host, 'prefix', 40_000), nothing);
});

t.test('a remembered match is never older than the last update', async (t) => {
  const host = shared(KIND.lpm, 1000, policyMap);
  t.same(await hammer(host, 'recent', 200_000), nothing);
});

/** Holds a writer's lock, and takes a bucket's chain away as if it were being split. */
const interference = await hostModule(`
  import { descriptor, addChanges, MapDescriptor, SPLITTING } from './datapath-as/host/descriptor';
  import { hashKey } from './datapath-as/host/hash-key';
  import { tryAcquire, release } from './datapath-as/host/lock';
  export function hold(map: u32): bool { return tryAcquire(descriptor(map)); }
  function slot(map: MapDescriptor, key: usize): usize {
    return map.buckets + (<usize>(hashKey(key, map.keySize) & map.mask) << 2);
  }
  export function takeChain(map: u32, key: usize): u32 {
    if (!hold(map)) return 0;
    const taken = descriptor(map);
    addChanges(taken, SPLITTING);
    const link = load<u32>(slot(taken, key));
    atomic.store<u32>(slot(taken, key), 0);
    return link;
  }
  export function giveChain(map: u32, key: usize, link: u32): void {
    const taken = descriptor(map);
    atomic.store<u32>(slot(taken, key), link);
    addChanges(taken, SPLITTING);
    release(taken);
  }
`);
interface Interference {
  hold(map: number): number;
  takeChain(map: number, key: number): number;
  giveChain(map: number, key: number, link: number): void;
}
function interfere(host: Host): Interference {
  return new WebAssembly.Instance(interference, { env: { memory: host.memory } }).exports as unknown as Interference;
}

t.test('a reader that meets a bucket half split looks again', async (t) => {
  const host = shared(KIND.hash, 100);
  host.put(map, key(1), stamped(1, 1));
  const { takeChain, giveChain } = interfere(host);
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  let rounds = 0;
  let running = true;
  const looking = hammer(host, 'look', 4000).finally(() => {
    running = false;
  });
  for (; running; rounds++) {
    const link = takeChain(map, host.key);
    Atomics.wait(sleeper, 0, 0, 1);
    if (link !== 0) giveChain(map, host.key, link);
    await new Promise(setImmediate);
  }
  t.same(await looking, nothing);
  t.ok(rounds > 3, `${rounds} rounds`);
});

t.test('a lock whose holder is gone is given up on: writers fail, readers go on', async (t) => {
  const host = shared(KIND.hash, 100);
  host.put(map, key(1), stamped(1, 1));
  t.equal(interfere(host).hold(map), 1);
  t.equal(host.put(map, key(2), stamped(2, 2)), -16);
  t.equal(host.remove(map, key(1)), -16);
  t.same(host.get(map, key(1), valueSize, 'lookup'), stamped(1, 1));
  t.equal(host.get(map, key(3), valueSize, 'lookup'), undefined);
});
