// Sweep: takes away what has expired, except where a connection lives that it allowed: the datapath goes by grants that have expired for packets of
// flows that it knows.

import { ipv6Key } from './address-key.ts';
import type { Learning } from './learning.ts';
import type { FlowList } from './node-maps.ts';
import type { Pods } from './pods.ts';

/** Other work goes on meanwhile. One at a time. */
export async function sweepGrants(learning: Learning, pods: Pods, flows: FlowList, tick: () => number): Promise<void> {
  const { book } = learning;
  book.beginSweep(tick() | 0);
  const hasExpired = [...book.endpoints].some((endpoint) => book.expired(endpoint).length > 0);
  if (!hasExpired) return;
  for await (const { count, size, keys } of flows.keys()) {
    const bytes = Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength);
    for (let index = 0; index < count; index += 1) {
      const at = index * size;
      for (const [own, other] of [
        [at, at + 16],
        [at + 16, at],
      ] as const) {
        const pod = pods.find(ipv6Key(bytes, own));
        if (pod !== undefined) book.markInUse(pod.fact.id, keys, other);
      }
    }
  }
  learning.carryOut(book.endSweep(tick() | 0));
}
