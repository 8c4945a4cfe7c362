// ICMP errors: what a router answers to a packet that the tunnel does not take (RFC 1191, RFC 8201), so that its sender makes shorter ones;
// and to one for a service that nobody serves (RFC 792, RFC 4443 3.1), so that its sender need not wait.

import { checksumFold } from '../core/checksum';
import { FAMILY_IPV4, PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from '../core/enum/protocol';
import { lookupConfig } from '../core/host';
import { outerHeader } from '../packet/area';
import { Header } from '../packet/header';
import { VIRTIO_HEADER } from '../packet/gso';
import { overlayDatagrams } from './area';
import { completeIpv4, sumBytes, sumPseudoHeader } from './sum';

const HOP_LIMIT: u8 = 64;
const IPV4_BYTES: u32 = 20;
const IPV6_BYTES: u32 = 40;
const ICMP_BYTES: u32 = 8;
/** Longest answers: RFC 1812 4.3.2.3, RFC 4443 2.4. */
const MOST_IPV4: u32 = 576;
const MOST_IPV6: u32 = 1280;

/** Type and code, as they lie in memory: fragmentation needed, port unreachable; packet too big, port unreachable. */
const TOO_BIG_4: u32 = 0x0403;
const UNREACHABLE_4: u32 = 0x0303;
const TOO_BIG_6: u32 = 0x0002;
const UNREACHABLE_6: u32 = 0x0401;

/**
 * Writes the answer to the packet that was decided last, behind a virtio-net header, to `overlayDatagrams()`; its bytes with that header. 0:
 * nobody is answered, for the packet is an ICMP error or a later fragment, or the node has no address of its own to answer from.
 */
export function overlayTooBig(mtu: u32): u32 {
  return answer(TOO_BIG_4, TOO_BIG_6, mtu);
}

/** The same for a packet whose destination nobody serves, as firewalls that reject tell of it. */
export function portUnreachable(): u32 {
  return answer(UNREACHABLE_4, UNREACHABLE_6, 0);
}

function answer(kind4: u32, kind6: u32, rest: u32): u32 {
  const header = outerHeader();
  if (header.fragmentOffset != 0 || isIcmpError(header)) return 0;
  return header.family == <u32>FAMILY_IPV4 ? answerIpv4(header, kind4, rest) : answerIpv6(header, kind6, rest);
}

function isIcmpError(header: Header): bool {
  const type = load<u8>(header.transport);
  if (header.protocol == PROTOCOL_ICMPV6) return type < 128;
  return header.protocol == PROTOCOL_ICMP && type != 0 && type != 8;
}

function answerIpv4(header: Header, kind: u32, rest: u32): u32 {
  const config = lookupConfig();
  if (config == null || config.router4 == 0) return 0;
  const packet = openAnswer();
  const network = packet + VIRTIO_HEADER;
  const quoted = min(header.end - header.network, MOST_IPV4 - IPV4_BYTES - ICMP_BYTES);
  const length = IPV4_BYTES + ICMP_BYTES + quoted;
  store<u16>(network, 0xc045);
  store<u16>(network, bswap<u16>(<u16>length), 2);
  store<u32>(network, 0, 4);
  store<u8>(network, HOP_LIMIT, 8);
  store<u8>(network, PROTOCOL_ICMP, 9);
  store<u32>(network, <u32>(config.router4 >> 32), 12);
  store<u32>(network, load<u32>(header.network, 12), 16);
  completeIpv4(network);
  const icmp = network + IPV4_BYTES;
  store<u32>(icmp, kind);
  store<u32>(icmp, bswap<u32>(rest), 4);
  memory.copy(icmp + ICMP_BYTES, header.network, quoted);
  store<u16>(icmp, ~checksumFold(sumBytes(icmp, ICMP_BYTES + quoted, 0)), 2);
  return VIRTIO_HEADER + length;
}

function answerIpv6(header: Header, kind: u32, rest: u32): u32 {
  const config = lookupConfig();
  if (config == null || (config.router6Hi | config.router6Lo) == 0) return 0;
  const packet = openAnswer();
  const network = packet + VIRTIO_HEADER;
  const quoted = min(header.end - header.network, MOST_IPV6 - IPV6_BYTES - ICMP_BYTES);
  store<u32>(network, 0x60);
  store<u16>(network, bswap<u16>(<u16>(ICMP_BYTES + quoted)), 4);
  store<u8>(network, PROTOCOL_ICMPV6, 6);
  store<u8>(network, HOP_LIMIT, 7);
  store<u64>(network, config.router6Hi, 8);
  store<u64>(network, config.router6Lo, 16);
  memory.copy(network + 24, header.network + 8, 16);
  const icmp = network + IPV6_BYTES;
  store<u32>(icmp, kind);
  store<u32>(icmp, bswap<u32>(rest), 4);
  memory.copy(icmp + ICMP_BYTES, header.network, quoted);
  const covered = ICMP_BYTES + quoted;
  store<u16>(icmp, ~checksumFold(sumBytes(icmp, covered, sumPseudoHeader(network, PROTOCOL_ICMPV6, covered))), 2);
  return VIRTIO_HEADER + IPV6_BYTES + covered;
}

function openAnswer(): u32 {
  const packet = <u32>overlayDatagrams();
  store<u64>(packet, 0);
  store<u32>(packet, 0, 8);
  return packet;
}
