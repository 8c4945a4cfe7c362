// Addresses: keys for lookups by address, and the epochs that guard what is known about one.

import { addressSlot } from './hash';
import { lookupConfig, lookupEndpoint, lookupEpoch, lookupPrefix } from './host';
import { Endpoint, Prefix } from './layout/endpoint';
import { addressKey, packetTuple, prefixKey, Scratch } from './layout/scratch';

/** Bits of a prefix key: zone and address. */
const PREFIX_WHOLE: u32 = 160;

/** Reads the epochs of the packet tuple's addresses and the destination's hints. Comes before every lookup that the epochs guard. */
export function readEpochs(scratch: Scratch): void {
  const tuple = packetTuple(scratch);
  const source = lookupEpoch(addressSlot(tuple.sourceHi, tuple.sourceLo));
  const destination = lookupEpoch(addressSlot(tuple.destinationHi, tuple.destinationLo));
  scratch.sourceEpoch = source == null ? 0 : source.epoch;
  scratch.destinationEpoch = destination == null ? 0 : destination.epoch;
  scratch.hints = destination == null ? 0 : destination.hints;
}

export function endpointOf(scratch: Scratch, hi: u64, lo: u64): Endpoint | null {
  const key = addressKey(scratch);
  key.hi = hi;
  key.lo = lo;
  return lookupEndpoint(key);
}

export function prefixOf(scratch: Scratch, hi: u64, lo: u64): Prefix | null {
  const key = prefixKey(scratch);
  key.prefixLength = PREFIX_WHOLE;
  key.zone = 0;
  key.hi = hi;
  key.lo = lo;
  return lookupPrefix(key);
}

/** Whether a run-time switch is on; off without a config. */
export function isConfigured(flag: u32): bool {
  const config = lookupConfig();
  return config != null && (config.flags & flag) != 0;
}
