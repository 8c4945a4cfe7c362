// Maglev tables, worked out a second time from the same rules: names hashed by lookup3, walks over the slots by turns.

import { addressWords, swapPort } from '../../orchestrator/net/words.ts';
import { lookup3 } from './maglev.ts';

export interface Named {
  readonly address: string;
  readonly protocol: number;
  readonly port: number;
  readonly cluster?: number;
  readonly id: number;
  readonly weight?: number;
}

export function secondTable(backends: readonly Named[], size: number): number[] {
  const slots = new Array<number>(size).fill(0);
  if (backends.length === 0) return slots;
  if (size === 1) return [backends[0].id];
  const largest = Math.max(...backends.map(({ weight = 1 }) => weight));
  const walks = backends
    .map(({ address, protocol, port, cluster = 0, id, weight = 1 }) => {
      const { hi, lo } = addressWords(address);
      return { hi, lo, place: (swapPort(port) | (protocol << 16) | (cluster << 24)) >>> 0, id, weight };
    })
    .sort((a, b) => Number(a.hi - b.hi) || Number(a.lo - b.lo) || a.place - b.place)
    .map(({ hi, lo, place, id, weight }) => {
      const words = [hi, hi >> 32n, lo, lo >> 32n].map((word) => Number(BigInt.asUintN(32, word)));
      const hash = (seed: number) => lookup3([...words, place, 0], seed);
      return { id, weight, credit: largest >> 1, position: hash(0) % size, step: (hash(1) % (size - 1)) + 1 };
    });
  for (let claimed = 0; ; ) {
    for (const walk of walks) {
      walk.credit += walk.weight;
      if (walk.credit < largest) continue;
      walk.credit -= largest;
      while (slots[walk.position] !== 0) walk.position = (walk.position + walk.step) % size;
      slots[walk.position] = walk.id;
      claimed += 1;
      if (claimed === size) return slots;
    }
  }
}
