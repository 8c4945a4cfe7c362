// The slot of an address in `epochs`, as the core computes it (addressSlot in datapath-as/core/hash.ts): whoever writes an epoch or
// a hint must find the same one.

const spreadLow = 0x9e3779b97f4a7c15n;
const spreadHigh = 0xc2b2ae3d27d4eb4fn;

/** `hi` and `lo` are the words of the address, as in every layout. */
export function addressSlot(hi: bigint, lo: bigint): number {
  return Number(BigInt.asUintN(64, (hi ^ BigInt.asUintN(64, lo * spreadLow)) * spreadHigh) >> 48n);
}
