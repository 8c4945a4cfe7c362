// GSO: the virtio-net header before a packet says which of its checksums and segments the sender left to the receiver. What it says
// is checked against the packet, because whoever finishes the checksum later writes where this header points.
//
//   0        1          2          4          6            8              10             12
//  +--------+----------+----------+----------+------------+--------------+--------------+
//  | flags  | gso type | hdr_len  | gso size | csum start | csum offset  | num buffers  |   little-endian
//  +--------+----------+----------+----------+------------+--------------+--------------+

import { FAMILY_IPV4, PROTOCOL_TCP, PROTOCOL_UDP } from '../core/enum/protocol';
import { REASON_FORWARDED, REASON_INVALID_PACKET } from '../core/enum/reason';
import { checksumOffset } from './checksum-field';
import { Header } from './header';
import { SHORT_HEADER } from './parse-transport';

export const VIRTIO_HEADER: u32 = 12;

/** flag: the checksum at csum start + csum offset is partial. */
const NEEDS_CHECKSUM: u8 = 1;

const GSO_NONE: u8 = 0;
const GSO_TCPV4: u8 = 1;
const GSO_TCPV6: u8 = 4;
const GSO_UDP: u8 = 5;
/** Beside a TCP type: the segments share an ECN mark. */
const GSO_ECN: u8 = 0x80;

export function isSegmented(packet: u32): bool {
  return load<u8>(packet, 1) != GSO_NONE;
}

/** Whether the packet's own transport checksum is partial: the un-complemented sum of the pseudo header. */
export function isPartial(packet: u32, header: Header): bool {
  if ((load<u8>(packet) & NEEDS_CHECKSUM) == 0) return false;
  return header.network + <u32>load<u16>(packet, 6) == header.transport;
}

/** Refuses a header that contradicts the well-formed packet behind it. */
export function checkOffload(packet: u32, header: Header): u32 {
  // One load settles the usual case of nothing offloaded: no flags, no type, no header length.
  if (load<u32>(packet) == 0) return REASON_FORWARDED;
  if (<u32>load<u16>(packet, 2) > header.length) return REASON_INVALID_PACKET;
  const partial = (load<u8>(packet) & NEEDS_CHECKSUM) != 0;
  const segmented = isSegmented(packet);
  if (!partial && !segmented) return REASON_FORWARDED;
  // A fragment's checksum is that of its datagram, which is not here to be summed or segmented.
  if ((header.fragmentOffset | header.moreFragments) != 0) return REASON_INVALID_PACKET;
  if (partial && !checksumInPlace(packet, header)) return REASON_INVALID_PACKET;
  if (segmented && !segmentsFit(packet, header, partial)) return REASON_INVALID_PACKET;
  return REASON_FORWARDED;
}

/**
 * The field that will be overwritten is the transport header's own checksum, or one in a UDP packet's payload (a tunnel whose inner
 * checksum was left open). Anywhere else it could be an address or a port, changed after the verdict.
 */
function checksumInPlace(packet: u32, header: Header): bool {
  const start = <u32>load<u16>(packet, 6);
  const field = start + <u32>load<u16>(packet, 8);
  if (field + 2 > header.end - header.network) return false;
  const transport = header.transport - header.network;
  if (start == transport) return field - start == checksumOffset(header.protocol);
  return header.protocol == PROTOCOL_UDP && start >= transport + SHORT_HEADER;
}

function segmentsFit(packet: u32, header: Header, partial: bool): bool {
  const type = load<u8>(packet, 1);
  if (load<u16>(packet, 4) == 0) return false;
  if (partial && !isPartial(packet, header)) return false;
  if (type == GSO_UDP) return header.protocol == PROTOCOL_UDP;
  if (header.protocol != PROTOCOL_TCP) return false;
  return (type & ~GSO_ECN) == (header.family == FAMILY_IPV4 ? GSO_TCPV4 : GSO_TCPV6);
}
