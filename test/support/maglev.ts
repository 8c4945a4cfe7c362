// The Maglev slot of a client, worked out a second time: lookup3 over the client's address, both ports and the protocol, scaled.

import type { Packet } from '../../orchestrator/net/packet.ts';
import { protocolNumber } from '../../orchestrator/net/transport.ts';
import { addressWords, swapPort } from '../../orchestrator/net/words.ts';

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** Bob Jenkins' lookup3 over six 32-bit words: one mix, one final, each a round of the same step over (a, b, c). */
export function lookup3(words: readonly number[], seed: number): number {
  const word = (index: number): number => words[index] ?? 0;
  const start = 0xdeadbeef + words.length * 4 + seed;
  const state = Int32Array.of(start + word(0), start + word(1), start + word(2));
  const at = (index: number): number => state[index % 3] as number;
  for (const [step, bits] of [4, 6, 8, 16, 19, 4].entries()) {
    const [first, second, third] = [step % 3, (step + 1) % 3, (step + 2) % 3] as [number, number, number];
    state[first] = (at(first) - at(third)) ^ rotate(at(third), bits);
    state[third] = at(third) + at(second);
  }
  for (const index of [0, 1, 2]) state[index] = at(index) + word(3 + index);
  for (const [step, bits] of [14, 11, 25, 16, 4, 14, 24].entries()) {
    const [first, second] = [(step + 2) % 3, (step + 1) % 3] as [number, number];
    state[first] = (at(first) ^ at(second)) - rotate(at(second), bits);
  }
  return at(2) >>> 0;
}

/** Slot of the packet's client among `size`. */
export function maglevSlot(packet: Packet, size: number): number {
  return clientHash(packet, 0, size);
}

/** The port that the packet's client, masqueraded, is offered at its attempt 1, 2, …: between two, both included. */
export function offeredPort(packet: Packet, attempt: number, [first, last]: readonly [number, number]): number {
  return first + clientHash(packet, attempt, last - first + 1);
}

function clientHash(packet: Packet, seed: number, size: number): number {
  const { hi, lo } = addressWords(packet.source);
  const { sourcePort, destinationPort } = packet.transport as { sourcePort: number; destinationPort: number };
  const words = [hi, hi >> 32n, lo, lo >> 32n].map((word) => Number(BigInt.asUintN(32, word)));
  words.push((swapPort(sourcePort) | (swapPort(destinationPort) << 16)) >>> 0, protocolNumber(packet.transport));
  return Number((BigInt(lookup3(words, seed)) * BigInt(size)) >> 32n);
}
