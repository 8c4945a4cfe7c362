// Disruption: the part of new flows that change their backend although theirs is still there, when one of so many goes.

import { fillMaglev, type MaglevBackend, sizesFor } from '../../../orchestrator/datapath/reconcile/maglev-table.ts';

/** Backends with the addresses of pods on several nodes; `salt` for others. */
export function named(count: number, salt = 0): MaglevBackend[] {
  return Array.from({ length: count }, (_, at) => ({
    address: `10.${(salt * 7 + at) % 100}.${at >> 7}.${2 + (at & 127)}`,
    protocol: 6,
    port: 8080,
    id: at + 1,
  }));
}

export interface Disruption {
  /** Mean over those that go, each alone. */
  readonly moved: number;
  readonly worst: number;
  readonly size: number;
  readonly sizeAfter: number;
}

/** Of a hundred sets at most, and in each of so many that go. */
export function disruption(count: number, { sets = count > 100 ? 1 : 4, gone = 10 } = {}): Disruption {
  const [size, sizeAfter] = [sizesFor(count)[0] as number, sizesFor(count - 1)[0] as number];
  const found: number[] = [];
  for (let salt = 0; salt < sets; salt += 1) {
    const list = named(count, salt);
    const before = fillMaglev(list, size);
    for (let at = 0; at < Math.min(gone, count); at += 1) {
      const left = list[Math.floor((at * count) / Math.min(gone, count))] as MaglevBackend;
      found.push(
        movedPart(
          before,
          fillMaglev(
            list.filter((one) => one !== left),
            sizeAfter,
          ),
          left.id,
        ),
      );
    }
  }
  return { moved: found.reduce((sum, part) => sum + part, 0) / found.length, worst: Math.max(...found), size, sizeAfter };
}

/** A client has one hash, which each size scales. */
function movedPart(before: Uint32Array, after: Uint32Array, gone: number): number {
  const clients = Math.max(before.length, after.length) * 2 + 1;
  let [others, moved] = [0, 0];
  for (let client = 0; client < clients; client += 1) {
    const was = before[Math.floor((client * before.length) / clients)];
    if (was === gone) continue;
    others += 1;
    if (after[Math.floor((client * after.length) / clients)] !== was) moved += 1;
  }
  return moved / others;
}
