// The slot of an address in `epochs`, worked out a second time from its definition: (hi ^ lo * spread low) * spread high >> 48.

import { addressWords } from '../../orchestrator/net/words.ts';

const spreadLow = 0x9e3779b97f4a7c15n;
const spreadHigh = 0xc2b2ae3d27d4eb4fn;

export function addressSlot(address: string): number {
  return wordsSlot(addressWords(address));
}

export function wordsSlot({ hi, lo }: { readonly hi: bigint; readonly lo: bigint }): number {
  const mixed = hi ^ BigInt.asUintN(64, lo * spreadLow);
  return Number(BigInt.asUintN(64, mixed * spreadHigh) >> 48n);
}
