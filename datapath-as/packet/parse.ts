// Parse: from bytes behind a virtio-net header to facts. Every load is of a byte that was shown to be present before.

import { REASON_FORWARDED, REASON_INVALID_PACKET } from '../core/enum/reason';
import { Facts } from '../core/layout/packet';
import { outerHeader } from './area';
import { checkOffload, isSegmented, VIRTIO_HEADER } from './gso';
import { openHeader } from './header';
import { walkNetwork, writeAddresses } from './parse-network';
import { parseTransport } from './parse-transport';

/** Writes everything that the bytes say into the facts; what the caller knows (hook, time, ...) is 0 afterwards. */
export function parse(packet: u32, length: u32, facts: Facts): void {
  clearFacts(facts);
  facts.invalid = <u8>(length < VIRTIO_HEADER ? <u32>REASON_INVALID_PACKET : parsePacket(packet, length, facts));
}

/** Explicit stores: a memory.fill of this size costs a call out of the module. */
function clearFacts(facts: Facts): void {
  const at = changetype<usize>(facts);
  for (let offset: usize = 0; offset < offsetof<Facts>(); offset += 8) store<u64>(at + offset, 0);
}

/** The first problem in header order; the facts hold what was read up to there. */
function parsePacket(packet: u32, length: u32, facts: Facts): u32 {
  const header = outerHeader();
  openHeader(header, packet + VIRTIO_HEADER, packet + length);
  const walked = walkNetwork(header, false);
  facts.length = header.length;
  if (header.family == 0) return walked;
  facts.family = <u8>header.family;
  writeAddresses(header, facts);
  if (walked != REASON_FORWARDED) return walked;
  facts.protocol = <u8>header.protocol;
  facts.fragmentId = header.fragmentId;
  const read = parseTransport(header, facts, isSegmented(packet));
  return read == REASON_FORWARDED ? checkOffload(packet, header) : read;
}
