// Send: the packet that was decided last, as datagrams of the tunnel. A packet that is still to be cut (GSO) becomes many, each with whole
// headers and checksums of its own: no device finishes what is inside a tunnel of ours.

import { checksumAdd, checksumFold } from '../core/checksum';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../core/enum/protocol';
import { outerHeader } from '../packet/area';
import { isPartial, isSegmented } from '../packet/gso';
import { Header } from '../packet/header';
import { overlayDatagrams, ROOM } from './area';
import { FRAME_BYTES, writeFrame } from './frame';
import { completeIpv4, copyAndSum, sumBytes, sumPseudoHeader } from './sum';

/** Of a virtio-net header: the checksum whose place it names is partial. */
const NEEDS_CHECKSUM: u8 = 1;
const FIN_PUSH: u8 = 0x09;
const CWR: u8 = 0x80;
/** In front of a segment's payload there is room for a whole datagram's headers. */
const MOST_HEADERS: u32 = 512;

/** Result of `overlayOpen`: `overlayFill` makes datagrams of it. */
export const OVERLAY_OPEN: u32 = 0;
/** ... a packet, or a segment of it, is longer than the tunnel takes. */
export const OVERLAY_TOO_LONG: u32 = 1;

/** Of the packet under way, in this instance. Of one that is not cut the only segment is all of it. */
let packet: u32 = 0;
let vni: u32 = 0;
let headers: u32 = 0;
let segment: u32 = 0;
let payload: u32 = 0;
let done: u32 = 0;
let isCut: bool = false;
let isSummed: bool = false;
let started: bool = false;

/**
 * Begins with the packet that `run` has just decided and left behind its virtio-net header at `at`; `mtu` are the bytes that one IP packet
 * in the tunnel may have.
 */
export function overlayOpen(at: u32, identity: u32, mtu: u32): u32 {
  const header = outerHeader();
  packet = at;
  vni = identity;
  done = 0;
  started = false;
  isCut = isSegmented(at);
  const bytes = header.end - header.network;
  headers = isCut ? header.transport - header.network + transportBytes(header) : 0;
  segment = isCut ? <u32>load<u16>(at, 4) : bytes;
  payload = bytes - headers;
  isSummed = header.protocol == PROTOCOL_TCP || isPartial(at, header) || (isCut && load<u16>(header.transport, 6) != 0);
  if (isCut && headers > MOST_HEADERS) return OVERLAY_TOO_LONG;
  return min(bytes, headers + segment) > min(mtu, ROOM - FRAME_BYTES) ? OVERLAY_TOO_LONG : OVERLAY_OPEN;
}

/** Bytes of the datagrams, the last of which may be shorter. */
export function overlaySegment(): u32 {
  return FRAME_BYTES + headers + segment;
}

/** Writes as many datagrams, at most `most`, as there is room for to `overlayDatagrams()`. Bytes in all; 0: there are no more. */
export function overlayFill(most: u32): u32 {
  if (started && done >= payload) return 0;
  if (!isCut) return fillWhole();
  const out = <u32>overlayDatagrams();
  const size = overlaySegment();
  let filled: u32 = 0;
  for (let count: u32 = 0; count < most && done < payload && filled + size <= ROOM; count++) filled += fillSegment(out + filled);
  started = true;
  return filled;
}

/** Bytes of a transport header that has been parsed. */
function transportBytes(header: Header): u32 {
  return header.protocol == PROTOCOL_TCP ? (<u32>load<u8>(header.transport, 12) >> 4) << 2 : 8;
}

function fillWhole(): u32 {
  const header = outerHeader();
  const out = <u32>overlayDatagrams();
  const to = out + FRAME_BYTES;
  writeFrame(out, vni, header.family);
  memory.copy(to, header.network, payload);
  started = true;
  done = payload;
  if ((load<u8>(packet) & NEEDS_CHECKSUM) == 0) return FRAME_BYTES + payload;
  const start = <u32>load<u16>(packet, 6);
  const field = to + start + <u32>load<u16>(packet, 8);
  // The field holds the pseudo header's sum, so that it is summed with the rest.
  storeSum(field, sumBytes(to + start, payload - start, 0), header.protocol);
  return FRAME_BYTES + payload;
}

function storeSum(field: u32, sum: u32, protocol: u32): void {
  const checksum = ~checksumFold(sum);
  store<u16>(field, protocol == PROTOCOL_UDP && checksum == 0 ? 0xffff : checksum);
}

/** One datagram at `out`; its bytes. */
function fillSegment(out: u32): u32 {
  const header = outerHeader();
  const bytes = min(segment, payload - done);
  const to = out + FRAME_BYTES;
  writeFrame(out, vni, header.family);
  memory.copy(to, header.network, headers);
  const before = header.transport - header.network;
  const covered = headers - before + bytes;
  const transport = to + before;
  writeLengths(to, header, headers + bytes);
  if (header.protocol == PROTOCOL_TCP) writeTcp(transport, bytes);
  else store<u16>(transport, bswap<u16>(<u16>covered), 4);
  const field = transport + (header.protocol == PROTOCOL_TCP ? 16 : 6);
  store<u16>(field, 0);
  const sum = copyAndSum(header.network + headers + done, to + headers, bytes, 0);
  if (isSummed) {
    const pseudo = sumPseudoHeader(to, header.protocol, covered);
    storeSum(field, sumBytes(transport, headers - before, checksumAdd(sum, pseudo)), header.protocol);
  }
  done += bytes;
  return FRAME_BYTES + headers + bytes;
}

function writeLengths(network: u32, header: Header, length: u32): void {
  if (load<u8>(network) >> 4 == 6) {
    store<u16>(network, bswap<u16>(<u16>(length - 40)), 4);
    return;
  }
  store<u16>(network, bswap<u16>(<u16>length), 2);
  const index = <u16>(done / segment);
  store<u16>(network, bswap<u16>(bswap<u16>(load<u16>(header.network, 4)) + index), 4);
  completeIpv4(network);
}

/** Only the last segment ends or pushes, only the first tells that the window was reduced. */
function writeTcp(transport: u32, bytes: u32): void {
  store<u32>(transport, bswap<u32>(bswap<u32>(load<u32>(transport, 4)) + done), 4);
  let flags = load<u8>(transport, 13);
  if (done + bytes < payload) flags &= ~FIN_PUSH;
  if (done > 0) flags &= ~CWR;
  store<u8>(transport, flags, 13);
}
