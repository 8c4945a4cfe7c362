// A worker thread that works on shared maps together with others, and says what it saw that must not be.

import { parentPort, workerData } from 'node:worker_threads';
import { Host } from './instance.ts';

export interface Job {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly worker: number;
  readonly workers: number;
  readonly map: number;
  readonly what: 'own' | 'contested' | 'evict' | 'prefix' | 'recent' | 'look';
  readonly turns: number;
  /** The workers that are ready; the last update that was finished. */
  readonly barrier: Int32Array;
}

export const keySize = 16;
export const valueSize = 112;
export const contestedKeys = 32;

export function key(number: number): Uint8Array {
  const bytes = new Uint8Array(keySize);
  new DataView(bytes.buffer).setUint32(4, number, true);
  return bytes;
}
/** A value that tells the key it belongs to and, in every other word, which update wrote it. */
export function stamped(number: number, stamp: number): Uint8Array {
  const words = new Uint32Array(valueSize / 4).fill(stamp);
  words[0] = number;
  return new Uint8Array(words.buffer);
}
export function faultOf(number: number, value: Uint8Array): string | undefined {
  const words = new Uint32Array(value.buffer, value.byteOffset, valueSize / 4);
  if (words[0] !== number) return `the value of key ${words[0]} under key ${number}`;
  return words.subarray(1).every((word) => word === words[1]) ? undefined : `half of one value and half of another under key ${number}`;
}

const jobs: Record<Job['what'], (host: Host, job: Job, faults: string[]) => void> = {
  /** Each worker has keys of its own: inserts all, deletes every third, replaces the rest. */
  own(host, { map, worker, workers, turns }, faults) {
    const own = Array.from({ length: turns }, (_, turn) => turn * workers + worker);
    for (const number of own) if (host.put(map, key(number), stamped(number, 1), 1) !== 0) faults.push(`key ${number} was refused`);
    for (const number of own) if (number % 3 === 0 && host.remove(map, key(number)) !== 0) faults.push(`key ${number} was gone`);
    for (const number of own)
      if (number % 3 !== 0 && host.put(map, key(number), stamped(number, 2), 2) !== 0) faults.push(`key ${number} was lost`);
  },
  /** All workers update, delete and read the same few keys. */
  contested(host, { map, worker, turns }, faults) {
    for (let turn = 0; turn < turns; turn++) {
      const number = (turn * 7 + worker) % contestedKeys;
      if (turn % 16 === 5) host.remove(map, key(number));
      else if (turn % 2 === worker % 2) host.put(map, key(number), stamped(number, turn * 8 + worker));
      const seen = (turn * 11 + worker * 3) % contestedKeys;
      const value = host.read(map, key(seen), valueSize);
      const fault = value && faultOf(seen, value);
      if (fault) faults.push(fault);
    }
  },
  /** All workers insert into a small LRU map and look up what is there. */
  evict(host, { map, worker, workers, turns }, faults) {
    for (let turn = 0; turn < turns; turn++) {
      const number = turn * workers + worker;
      if (host.put(map, key(number), stamped(number, turn)) !== 0) faults.push(`key ${number} was refused`);
      host.bytes.set(key(Math.max(0, number - (turn % 300))), host.key);
      host.exports.lookup(map, host.key);
    }
  },
  /** Worker 0 adds and deletes narrow entries; the others must always find at least the broad one. */
  prefix(host, { map, worker, turns }, faults) {
    for (let turn = 0; turn < turns; turn++) {
      const number = turn % 200;
      if (worker === 0) {
        if ((turn / 200) & 1) host.remove(map, prefixKey(96, number));
        else host.put(map, prefixKey(96, number), stamped(number, 96));
        if (turn % 50 === 0) host.put(map, prefixKey(80, number), stamped(number, 80));
        continue;
      }
      const value = host.read(map, prefixKey(96, number), valueSize);
      const fault = value === undefined ? `nothing under ${number}` : faultOf(number, value);
      if (fault) faults.push(fault);
    }
  },
  /** Worker 0 updates one policy entry again and again; what the others find after an update is that one or a later one. */
  recent(host, { map, worker, turns, barrier }, faults) {
    for (let turn = 1; turn <= turns; turn++) {
      if (worker === 0) {
        if (turn % 8 === 0) host.remove(map, prefixKey(96, 1));
        host.put(map, prefixKey(turn % 8 === 4 ? 80 : 96, 1), stamped(turn, turn));
        Atomics.store(barrier, 1, turn);
        for (let pause = 0; pause < (turn & 255); pause++) Atomics.load(barrier, 1);
        continue;
      }
      const last = Atomics.load(barrier, 1);
      const found = host.view.getUint32(host.exports.policyMatches(prefixSet, 1, prefixTraffic), true) || undefined;
      // The broad entry, written at 4, 12, 20..., shows while the narrow one is away, at 8, 16, 24...
      const missed = found === undefined || found % 8 === 4 ? 3 : last % 8 === 4 ? 1 : 0;
      if (last > 4 && (found === undefined || found < last - missed)) faults.push(`${found} after ${last}`);
    }
  },
  /** Looks for one key that is always there. */
  look(host, { map, turns }, faults) {
    for (let turn = 0; turn < turns; turn++) if (host.read(map, key(1), valueSize) === undefined) faults.push('key 1 was not found');
  },
};

/** The parts of `prefixKey` that do not differ: set, and direction, protocol and port. */
export const prefixSet = 0x01010101;
export const prefixTraffic = 0x01010101;

/** A policy key of peer `number`, port 0x0101. */
export function prefixKey(length: number, number: number): Uint8Array {
  const bytes = new Uint8Array(keySize).fill(1);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint32(8, number, true);
  return bytes;
}

if (workerData?.barrier) {
  const job = workerData as Job;
  const host = new Host(job.module, job.memory, job.worker);
  const faults: string[] = [];
  Atomics.add(job.barrier, 0, 1);
  while (Atomics.load(job.barrier, 0) < job.workers);
  jobs[job.what](host, job, faults);
  parentPort?.postMessage({ count: faults.length, first: faults.slice(0, 5) });
}
