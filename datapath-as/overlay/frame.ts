// Frame: what the overlay puts in front of an IP packet inside its datagrams: a VXLAN header (RFC 7348) and an Ethernet header.
//
//    0       1            4        7    8              14             20          22
//   +-------+------------+--------+----+--------------+--------------+-----------+------
//   | flags | reserved   | VNI    | 0  | destination  | source       | ethertype | IP packet
//   +-------+------------+--------+----+--------------+--------------+-----------+------

import { FAMILY_IPV4 } from '../core/enum/protocol';

export const FRAME_BYTES: u32 = 22;

/** The VNI is valid: the only flag there is. */
const VALID_VNI: u8 = 8;
/** In network order. */
const ETHERTYPE_IPV4: u16 = 0x0008;
const ETHERTYPE_IPV6: u16 = 0xdd86;
/** No station is behind the tunnel, receivers look at the IP header alone: 02:61:78:6e:00:02 to 02:61:78:6e:00:01. */
const STATION: u32 = 0x6e786102;
const RECEIVER: u16 = 0x0100;
const SENDER: u16 = 0x0200;

/** Writes the headers at `at`. */
export function writeFrame(at: u32, vni: u32, family: u32): void {
  store<u32>(at, <u32>VALID_VNI);
  store<u32>(at, bswap<u32>(vni << 8), 4);
  store<u32>(at, STATION, 8);
  store<u16>(at, RECEIVER, 12);
  store<u32>(at, STATION, 14);
  store<u16>(at, SENDER, 18);
  store<u16>(at, family == <u32>FAMILY_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6, 20);
}

/** Whether the `length` bytes at `at` begin with such headers and have at least the first byte of the IP packet that they promise. */
export function isFrame(at: u32, length: u32): bool {
  if (length <= FRAME_BYTES || (load<u8>(at) & VALID_VNI) == 0) return false;
  const version = load<u8>(at, FRAME_BYTES) >> 4;
  const ethertype = load<u16>(at, 20);
  return (ethertype == ETHERTYPE_IPV4 && version == 4) || (ethertype == ETHERTYPE_IPV6 && version == 6);
}

export function frameVni(at: u32): u32 {
  return bswap<u32>(load<u32>(at, 4)) >> 8;
}
