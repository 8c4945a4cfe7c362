// Maglev tables, worked out a second time from the same rules: names hashed by lookup3, walks over the slots by turns, shares by weight.

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
  const weights = backends.map(({ weight = 1 }) => weight);
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const rest = size - weights.reduce((sum, weight) => sum + Math.floor((size * weight) / all), 0);
  const bits = Math.ceil(Math.log2(size));
  const walks = backends
    .map(({ address, protocol, port, cluster = 0, id, weight = 1 }) => {
      const { hi, lo } = addressWords(address);
      return { hi, lo, place: (swapPort(port) | (protocol << 16) | (cluster << 24)) >>> 0, id, weight };
    })
    .sort((a, b) => Number(a.hi - b.hi) || Number(a.lo - b.lo) || a.place - b.place)
    .map(({ hi, lo, place, id, weight }, index) => {
      const words = [hi, hi >> 32n, lo, lo >> 32n].map((word) => Number(BigInt.asUintN(32, word)));
      const hash = (seed: number) => lookup3([...words, place, 0], seed);
      const left = Math.floor((size * weight) / all) + (index < rest ? 1 : 0);
      return { id, weight, left, credit: Math.max(...weights) >> 1, order: orderOf(bits, hash(0), hash(1) | 1, hash(2) | 1), turn: 0 };
    });
  while (slots.includes(0)) {
    for (const walk of walks) {
      const largest = Math.max(...walks.filter(({ left }) => left > 0).map(({ weight }) => weight));
      if (walk.left === 0) continue;
      walk.credit += walk.weight;
      if (walk.credit < largest) continue;
      walk.credit -= largest;
      const slot = walk.order[walk.turn++ % walk.order.length] as number;
      if (slots[slot] !== 0) continue;
      slots[slot] = walk.id;
      walk.left -= 1;
    }
  }
  return slots;
}

/** All numbers of so many bits, each once: three times an odd multiple and something more, the upper half of the bits mixed into the lower. */
function orderOf(bits: number, start: number, stride: number, factor: number): number[] {
  const rounds = [
    [stride, start],
    [factor, stride >>> 12],
    [(start >>> 10) | 1, 0],
  ] as const;
  const fold = (number: number) => number ^ (number >> ((bits + 1) >> 1));
  const below = (number: bigint) => Number(BigInt.asUintN(bits, number));
  return Array.from({ length: 2 ** bits }, (_, turn) =>
    rounds.reduce((number, [times, more]) => fold(below(BigInt(number) * BigInt(times >>> 0) + BigInt(more))), turn),
  );
}
