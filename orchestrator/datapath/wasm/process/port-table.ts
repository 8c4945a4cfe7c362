// Port table: what all threads of the process share about ports: descriptors by number, where each worker stands, and counters. A
// worker looks a descriptor up for every packet, so a port is closed in two steps: it is taken out of the table, and its descriptor is
// closed when every worker has since been between two turns: no worker can then write to a number that became another file.

import { portLimit } from '../port.ts';
import { setting } from './overlay-socket.ts';

/** Columns of the counters. */
export const counter = { received: 0, receivedBytes: 1, sent: 2, sentBytes: 3, refused: 4, useless: 5 } as const;
export const counterColumns = 8;

/** What is passed to a worker; views are made of it over there. */
export interface PortTable {
  /** Descriptor by port number; -1: there is none. */
  readonly descriptors: Int32Array;
  /** By worker: turns begun and ended; even while it waits. */
  readonly turns: Int32Array;
  /** By worker and port, `counterColumns` each. Each worker writes its own. */
  readonly counters: Float64Array;
  /** By `setting` of overlay-socket.ts. */
  readonly settings: Int32Array;
}

/** A worker's turns lie on a line of their own. */
const turnStride = 16;

export function makePortTable(workers: number): PortTable {
  const descriptors = new Int32Array(new SharedArrayBuffer(portLimit * 4)).fill(-1);
  const turns = new Int32Array(new SharedArrayBuffer(workers * turnStride * 4));
  const settings = new Int32Array(new SharedArrayBuffer(setting.count * 4));
  return { descriptors, turns, settings, counters: new Float64Array(new SharedArrayBuffer(workers * portLimit * counterColumns * 8)) };
}

export function turnIndex(worker: number): number {
  return worker * turnStride;
}

export function counterIndex(worker: number, port: number): number {
  return (worker * portLimit + port) * counterColumns;
}

/** For one worker: counts what a port's device was given, and whether it took it. */
export function sentCounter({ counters }: PortTable, worker: number): (port: number, length: number, isTaken: boolean) => void {
  const columns = counterIndex(worker, 0);
  return (port, length, isTaken) => {
    const at = columns + port * counterColumns;
    if (!isTaken) {
      counters[at + counter.refused] = (counters[at + counter.refused] as number) + 1;
      return;
    }
    counters[at + counter.sent] = (counters[at + counter.sent] as number) + 1;
    counters[at + counter.sentBytes] = (counters[at + counter.sentBytes] as number) + length;
  };
}

/** Resolves when every worker has been between two turns since the call. */
export async function everyWorkerPassed({ turns }: PortTable): Promise<void> {
  for (let at = 0; at < turns.length; at += turnStride) {
    const before = Atomics.load(turns, at);
    if ((before & 1) === 0) continue;
    while (Atomics.load(turns, at) === before) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

export function sumCounters(table: PortTable, port: number): number[] {
  const sums = new Array<number>(counterColumns).fill(0);
  for (let worker = 0; worker * turnStride < table.turns.length; worker += 1) {
    const from = counterIndex(worker, port);
    for (let column = 0; column < counterColumns; column += 1) sums[column] = (sums[column] ?? 0) + (table.counters[from + column] ?? 0);
  }
  return sums;
}
