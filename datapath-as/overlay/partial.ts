// Partial: packets whose sender left checksum and cutting to a device, of which there was none on their way: between namespaces and virtual
// machines of one host a tunnel's packets arrive as they were handed over. They are told by their checksum, which is the pseudo header's
// alone, and by being longer than anything that fits through the tunnel. Whoever gets them is told so, as the sender's stack told.

import { checksumAdd, checksumFold } from '../core/checksum';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../core/enum/protocol';
import { sumPseudoHeader } from './sum';

const IPV6_BYTES: u32 = 40;
const NEEDS_CHECKSUM: u32 = 1;
const GSO_TCPV4: u32 = 1;
const GSO_TCPV6: u32 = 4;
const GSO_UDP: u32 = 5;
const TCP_BYTES: u32 = 20;
const UDP_BYTES: u32 = 8;
const TCP_CHECKSUM: u32 = 16;
const UDP_CHECKSUM: u32 = 6;
/** More fragments, and the offset, of an IPv4 header in network order. */
const FRAGMENT: u16 = 0xff3f;

/**
 * Writes the virtio-net header at `packet` for the IP packet at `network`, which is all zero. `mtu`: 0 for no longest packet; `cut`: payload of each of
 * the datagrams that it stands for, 0 for none.
 */
export function markPartial(packet: u32, network: u32, bytes: u32, mtu: u32, cut: u32): void {
  const isIpv4 = load<u8>(network) >> 4 == 4;
  const before: u32 = isIpv4 ? (<u32>load<u8>(network) & 15) << 2 : IPV6_BYTES;
  if (bytes < before + UDP_BYTES || (isIpv4 && (load<u16>(network, 6) & FRAGMENT) != 0)) return;
  const protocol: u32 = isIpv4 ? load<u8>(network, 9) : load<u8>(network, 6);
  const isTcp = protocol == PROTOCOL_TCP;
  if (!isTcp && protocol != PROTOCOL_UDP) return;
  if (isTcp && bytes < before + TCP_BYTES) return;
  const length: u32 = isIpv4 ? <u32>bswap<u16>(load<u16>(network, 2)) : <u32>bswap<u16>(load<u16>(network, 4)) + IPV6_BYTES;
  if (length > bytes || length < before + UDP_BYTES) return;
  const transport = network + before;
  const place = isTcp ? TCP_CHECKSUM : UDP_CHECKSUM;
  const open = checksumFold(checksumAdd(sumPseudoHeader(network, protocol, length - before), 0));
  if (load<u16>(transport + place) != open || open == 0) return;
  store<u32>(packet, NEEDS_CHECKSUM);
  store<u16>(packet, <u16>before, 6);
  store<u16>(packet, <u16>place, 8);
  if (!isTcp && cut != 0) markCut(packet, before + UDP_BYTES, GSO_UDP, cut);
  if (isTcp && mtu != 0 && length > mtu) markLong(packet, before + ((<u32>load<u8>(transport, 12) >> 4) << 2), isIpv4, mtu);
}

/** Its segments are as long as what fits through the tunnel. */
function markLong(packet: u32, headers: u32, isIpv4: bool, mtu: u32): void {
  if (headers >= mtu) return;
  markCut(packet, headers, isIpv4 ? GSO_TCPV4 : GSO_TCPV6, mtu - headers);
}

function markCut(packet: u32, headers: u32, type: u32, payload: u32): void {
  store<u8>(packet, <u8>type, 1);
  store<u16>(packet, <u16>headers, 2);
  store<u16>(packet, <u16>payload, 4);
}
