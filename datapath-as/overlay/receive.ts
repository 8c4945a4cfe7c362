// Receive: the IP packets in datagrams of the tunnel, read in place. The kernel hands over datagrams of one sender and one size in one piece;
// where they carry segments of a TCP stream that follow each other, those become one packet again, still to be cut (GSO): decided once, and
// written once. Only what cutting brings back byte for byte is put together, and only with checksums that are right.

import { checksumAdd, checksumFold } from '../core/checksum';
import { PROTOCOL_TCP } from '../core/enum/protocol';
import { VIRTIO_HEADER } from '../packet/gso';
import { FRAME_BYTES, frameVni, isFrame } from './frame';
import { markPartial } from './partial';
import { completeIpv4, sumBytes, sumPseudoHeader } from './sum';

const IPV4_BYTES: u32 = 20;
const IPV6_BYTES: u32 = 40;
const LEAST_TCP: u32 = 20;
/** The longest packet that an IPv4 header can describe. */
const MOST_BYTES: u32 = 65535;
const ACK: u8 = 0x10;
const PUSH: u8 = 0x08;
const NEEDS_CHECKSUM: u32 = 1;
const GSO_TCPV4: u32 = 1;
const GSO_TCPV6: u32 = 4;
const TCP_CHECKSUM: u32 = 16;
/** More fragments, and the offset, of an IPv4 header; don't fragment. In network order. */
const FRAGMENT: u16 = 0xff3f;
const WHOLE: u16 = 0x0040;

/** The datagrams under way, in this instance: where the next one begins, where the last one ends, and the bytes of each but the last. */
let next: u32 = 0;
let end: u32 = 0;
let stride: u32 = 0;
let longest: u32 = 0;
/** Bytes of payload in each datagram that the one packet is to be cut into, which a sender on this host has left to a device; 0: none is. */
let cut: u32 = 0;

/** Of the packet that `overlayNext` returned. */
let bytes: u32 = 0;
let vni: u32 = 0;

/**
 * Begins with `length` bytes at `at`: datagrams of `each` bytes, the last of which may be shorter; one of all bytes if `each` is 0. No packet
 * is longer than `mtu` that was sent as it came in; 0: nothing is known of that. What a kernel on this host has not cut is one datagram, and
 * `each` is what that kernel's sender wants of it.
 */
export function overlayReceived(at: u32, length: u32, each: u32, mtu: u32): void {
  next = at;
  end = at + length;
  cut = each != 0 && each < length && isFrame(at, length) && packetBytes(at + FRAME_BYTES, length) == length - FRAME_BYTES ? each : 0;
  stride = each == 0 || cut != 0 ? length : each;
  longest = mtu;
}

/** What an IP packet says of its length; 0 when not even that is present. */
function packetBytes(network: u32, present: u32): u32 {
  if (present < FRAME_BYTES + IPV6_BYTES) return 0;
  return load<u8>(network) >> 4 == 4 ? <u32>bswap<u16>(load<u16>(network, 2)) : <u32>bswap<u16>(load<u16>(network, 4)) + IPV6_BYTES;
}

/** Address of the next packet's virtio-net header, which takes the place of what the tunnel had in front; 0: there are no more. */
export function overlayNext(): u32 {
  while (next < end) {
    const at = next;
    const length = min(stride, end - at);
    next = at + length;
    if (!isFrame(at, length)) {
      foreign++;
      continue;
    }
    vni = frameVni(at);
    bytes = length - FRAME_BYTES;
    const network = at + FRAME_BYTES;
    const packet = network - VIRTIO_HEADER;
    const transport = mergeable(network, bytes);
    const size = bytes;
    if (transport != 0 && next < end) mergeFollowing(network, transport);
    store<u64>(packet, 0);
    store<u32>(packet, 0, 8);
    if (bytes > size) finishMerged(packet, network, transport, size);
    else if (transport == 0) markPartial(packet, network, bytes, longest, cut);
    return packet;
  }
  return 0;
}

/** Bytes of the packet with its virtio-net header. */
export function overlayLength(): u32 {
  return VIRTIO_HEADER + bytes;
}
export function overlayVni(): u32 {
  return vni;
}

let foreign: u32 = 0;
/** Datagrams that were no VXLAN with an IP packet, ever. */
export function overlayForeign(): u32 {
  return foreign;
}

/** The address of the TCP header of a packet that may be put together with others; 0 otherwise. All that is read is present. */
function mergeable(network: u32, length: u32): u32 {
  const isIpv4 = load<u8>(network) >> 4 == 4;
  const header = isIpv4 ? IPV4_BYTES : IPV6_BYTES;
  if (length < header + LEAST_TCP) return 0;
  const transport = network + header;
  if (isIpv4) {
    if (load<u8>(network) != 0x45 || load<u8>(network, 9) != PROTOCOL_TCP) return 0;
    if ((load<u16>(network, 6) & (FRAGMENT | WHOLE)) != WHOLE) return 0;
    if (<u32>bswap<u16>(load<u16>(network, 2)) != length || checksumFold(sumBytes(network, IPV4_BYTES, 0)) != 0xffff) return 0;
  } else {
    if (load<u8>(network, 6) != PROTOCOL_TCP || <u32>bswap<u16>(load<u16>(network, 4)) + IPV6_BYTES != length) return 0;
  }
  const tcp = (<u32>load<u8>(transport, 12) >> 4) << 2;
  if (tcp < LEAST_TCP || length <= header + tcp) return 0;
  return (load<u8>(transport, 13) & ~PUSH) == ACK && isSumRight(network, transport, length - header) ? transport : 0;
}

function isSumRight(network: u32, transport: u32, covered: u32): bool {
  return checksumFold(sumBytes(transport, covered, sumPseudoHeader(network, PROTOCOL_TCP, covered))) == 0xffff;
}

/** Moves the payloads of the datagrams that follow behind the packet's own, as long as they continue it; `bytes` grows. */
function mergeFollowing(network: u32, transport: u32): void {
  const headers = transport - network + ((<u32>load<u8>(transport, 12) >> 4) << 2);
  const segment = bytes - headers;
  let index: u16 = 0;
  while (next < end && (load<u8>(transport, 13) & PUSH) == 0) {
    const length = min(stride, end - next);
    const other = next + FRAME_BYTES;
    if (!isFrame(next, length) || frameVni(next) != vni) return;
    const otherBytes = length - FRAME_BYTES;
    const otherTransport = mergeable(other, otherBytes);
    if (otherTransport == 0 || bytes + otherBytes - headers > MOST_BYTES) return;
    index++;
    if (!continues(network, transport, other, otherTransport, headers, index)) return;
    const more = otherBytes - headers;
    if (more > segment) return;
    store<u8>(transport, load<u8>(otherTransport, 13), 13);
    memory.copy(network + bytes, other + headers, more);
    bytes += more;
    next += length;
    if (more < segment) return;
  }
}

/** Whether the other packet is what cutting would make of the bytes that follow: equal headers but for lengths, numbers and checksums. */
function continues(network: u32, transport: u32, other: u32, otherTransport: u32, headers: u32, index: u16): bool {
  if (load<u8>(network) != load<u8>(other) || otherTransport - other != transport - network) return false;
  const isIpv4 = load<u8>(network) >> 4 == 4;
  if (isIpv4) {
    if (load<u8>(network, 1) != load<u8>(other, 1) || load<u8>(network, 8) != load<u8>(other, 8)) return false;
    if (load<u64>(network, 12) != load<u64>(other, 12)) return false;
    if (bswap<u16>(load<u16>(other, 4)) != <u16>(bswap<u16>(load<u16>(network, 4)) + index)) return false;
  } else {
    if (load<u32>(network) != load<u32>(other) || load<u16>(network, 6) != load<u16>(other, 6)) return false;
    for (let at: u32 = 8; at < IPV6_BYTES; at += 8) if (load<u64>(network + at) != load<u64>(other + at)) return false;
  }
  if (load<u32>(transport) != load<u32>(otherTransport)) return false;
  const sequence = bswap<u32>(load<u32>(transport, 4)) + (bytes - headers);
  if (bswap<u32>(load<u32>(otherTransport, 4)) != sequence) return false;
  if (load<u32>(transport, 8) != load<u32>(otherTransport, 8) || load<u8>(transport, 12) != load<u8>(otherTransport, 12)) return false;
  if (load<u16>(transport, 14) != load<u16>(otherTransport, 14) || load<u16>(transport, 18) != load<u16>(otherTransport, 18)) return false;
  const tcp = headers - (transport - network);
  for (let at: u32 = LEAST_TCP; at < tcp; at += 4) if (load<u32>(transport + at) != load<u32>(otherTransport + at)) return false;
  return true;
}

/** Lengths, checksums and the virtio-net header of a packet that is `bytes` long now, and `first` bytes where it is cut first. */
function finishMerged(packet: u32, network: u32, transport: u32, first: u32): void {
  const isIpv4 = load<u8>(network) >> 4 == 4;
  const before = transport - network;
  const headers = before + ((<u32>load<u8>(transport, 12) >> 4) << 2);
  if (isIpv4) {
    store<u16>(network, bswap<u16>(<u16>bytes), 2);
    completeIpv4(network);
  } else {
    store<u16>(network, bswap<u16>(<u16>(bytes - IPV6_BYTES)), 4);
  }
  store<u16>(transport, checksumFold(checksumAdd(sumPseudoHeader(network, PROTOCOL_TCP, bytes - before), 0)), TCP_CHECKSUM);
  store<u32>(packet, NEEDS_CHECKSUM | ((isIpv4 ? GSO_TCPV4 : GSO_TCPV6) << 8) | (headers << 16));
  store<u16>(packet, <u16>(first - headers), 4);
  store<u16>(packet, <u16>before, 6);
  store<u16>(packet, <u16>TCP_CHECKSUM, 8);
}
