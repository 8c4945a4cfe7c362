// Packets: IPv4 and IPv6 packets as plain objects, and the bytes that they are on the wire. Lengths, checksums and header chains
// are right by default; every field that a hostile sender may lie about can be given.

import { parseAddress } from './address.ts';
import { internetChecksum } from './checksum.ts';
import { buildTransport, protocolNumber, type Transport } from './transport.ts';

export interface Packet {
  /** Addresses of one family, which is the packet's. */
  readonly source: string;
  readonly destination: string;
  readonly transport: Transport;
  /** TTL or hop limit; 64. */
  readonly hopLimit?: number;
  /** DSCP and ECN. */
  readonly trafficClass?: number;
  /** The part of the datagram that this packet carries. */
  readonly fragment?: Fragment;
  readonly ipv4?: Ipv4Fields;
  readonly ipv6?: Ipv6Fields;
  /** Bytes of the packet that arrive; the rest is cut off. */
  readonly present?: number;
  /** Bytes behind the packet, as Ethernet's padding. */
  readonly trailer?: Uint8Array;
}

/** A slice of the whole datagram that `transport` describes; offsets and lengths in bytes. */
export interface Fragment {
  readonly id: number;
  /** Where the slice starts; 0. */
  readonly start?: number;
  /** Bytes of the slice; up to the datagram's end. */
  readonly length?: number;
  /** Whether more follow; by default when the slice ends before the datagram does. */
  readonly more?: boolean;
  /** The offset that the header states, when it shall lie; a multiple of 8. */
  readonly statedOffset?: number;
}

export interface Ipv4Fields {
  /** Padded with zeros to a multiple of 4. */
  readonly options?: Uint8Array;
  readonly id?: number;
  readonly dontFragment?: boolean;
  readonly version?: number;
  /** In 32-bit words. */
  readonly headerLength?: number;
  readonly totalLength?: number;
  readonly checksum?: number;
}

export interface Ipv6Fields {
  readonly extensions?: readonly Extension[];
  readonly flowLabel?: number;
  readonly version?: number;
  readonly payloadLength?: number;
  /** Next-header field of the last header before the transport, when it shall lie. */
  readonly nextHeader?: number;
}

/** One extension header: `data` follows its two (AH: two, then payload) first bytes and is padded to the header's unit. */
export interface Extension {
  readonly kind: 'hop-by-hop' | 'destination' | 'routing' | 'fragment' | 'ah' | number;
  readonly data?: Uint8Array;
  /** Length byte, when it shall lie. */
  readonly length?: number;
}

const extensionNumbers = { 'hop-by-hop': 0, routing: 43, fragment: 44, ah: 51, destination: 60 } as const;

/** The packet from its IP header on. */
export function buildPacket(packet: Packet): Uint8Array<ArrayBuffer> {
  const source = parseAddress(packet.source);
  const destination = parseAddress(packet.destination);
  if (source.length !== destination.length) {
    throw new TypeError(`packet: source and destination are of two families: ${packet.source}, ${packet.destination}`);
  }
  const datagram = buildTransport(packet.transport, source, destination);
  const build = source.length === 4 ? buildIpv4 : buildIpv6;
  const whole = concatenate(build(packet, source, destination, slice(datagram, packet.fragment), datagram.length), packet.trailer);
  return whole.slice(0, packet.present ?? whole.length);
}

/** An Ethernet frame; MAC addresses as 6 bytes, the type from the payload's first nibble unless given. */
export function buildFrame(
  payload: Uint8Array,
  destinationMac: Uint8Array,
  sourceMac: Uint8Array,
  etherType?: number,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(14 + payload.length);
  frame.set(destinationMac, 0);
  frame.set(sourceMac, 6);
  new DataView(frame.buffer).setUint16(12, etherType ?? ((payload[0] ?? 0) >> 4 === 6 ? 0x86dd : 0x0800));
  frame.set(payload, 14);
  return frame;
}

/** `aa:bb:cc:dd:ee:ff` as 6 bytes. */
export function parseMac(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new TypeError(`mac: not six bytes in hex: "${text}"`);
  return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
}

function slice(datagram: Uint8Array, fragment: Fragment | undefined): Uint8Array {
  const start = fragment?.start ?? 0;
  return datagram.subarray(start, fragment?.length === undefined ? datagram.length : start + fragment.length);
}

/** Offset and flag of a fragment as the wire has them: offset in bytes (a multiple of 8), more. */
function statedFragment(fragment: Fragment, payload: Uint8Array, datagramLength: number): { offset: number; more: boolean } {
  const start = fragment.start ?? 0;
  return { offset: fragment.statedOffset ?? start, more: fragment.more ?? start + payload.length < datagramLength };
}

function buildIpv4(packet: Packet, source: Uint8Array, destination: Uint8Array, payload: Uint8Array, datagramLength: number): Uint8Array {
  const fields = packet.ipv4 ?? {};
  const options = fields.options ?? new Uint8Array(0);
  const headerLength = 20 + Math.ceil(options.length / 4) * 4;
  const bytes = new Uint8Array(headerLength + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, ((fields.version ?? 4) << 4) | (fields.headerLength ?? headerLength / 4));
  view.setUint8(1, packet.trafficClass ?? 0);
  view.setUint16(2, fields.totalLength ?? bytes.length);
  view.setUint16(4, packet.fragment?.id ?? fields.id ?? 0);
  let flags = fields.dontFragment ? 0x4000 : 0;
  if (packet.fragment) {
    const { offset, more } = statedFragment(packet.fragment, payload, datagramLength);
    flags |= (more ? 0x2000 : 0) | (offset >>> 3);
  }
  view.setUint16(6, flags);
  view.setUint8(8, packet.hopLimit ?? 64);
  view.setUint8(9, protocolNumber(packet.transport));
  bytes.set(source, 12);
  bytes.set(destination, 16);
  bytes.set(options, 20);
  bytes.set(payload, headerLength);
  view.setUint16(10, fields.checksum ?? internetChecksum(bytes.subarray(0, headerLength)));
  return bytes;
}

function buildIpv6(packet: Packet, source: Uint8Array, destination: Uint8Array, payload: Uint8Array, datagramLength: number): Uint8Array {
  const fields = packet.ipv6 ?? {};
  const chain = [...(fields.extensions ?? [])];
  if (packet.fragment) chain.push({ kind: 'fragment', data: fragmentData(packet.fragment, payload, datagramLength) });
  const last = fields.nextHeader ?? protocolNumber(packet.transport);
  const numbers = [...chain.map(({ kind }) => (typeof kind === 'number' ? kind : extensionNumbers[kind])), last];
  const headers = chain.map((extension, index) => buildExtension(extension, numbers[index + 1] as number));
  const body = headers.reduceRight((rest, header) => concatenate(header, rest), payload);
  const bytes = new Uint8Array(40 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (((fields.version ?? 6) << 28) | ((packet.trafficClass ?? 0) << 20) | (fields.flowLabel ?? 0)) >>> 0);
  view.setUint16(4, fields.payloadLength ?? body.length);
  view.setUint8(6, numbers[0] as number);
  view.setUint8(7, packet.hopLimit ?? 64);
  bytes.set(source, 8);
  bytes.set(destination, 24);
  bytes.set(body, 40);
  return bytes;
}

/** The six bytes of a fragment header behind next header and reserved byte. */
function fragmentData(fragment: Fragment, payload: Uint8Array, datagramLength: number): Uint8Array {
  const { offset, more } = statedFragment(fragment, payload, datagramLength);
  const data = new Uint8Array(6);
  const view = new DataView(data.buffer);
  view.setUint16(0, (offset & 0xfff8) | (more ? 1 : 0));
  view.setUint32(2, fragment.id);
  return data;
}

/** AH counts in words of 4 bytes less 2, the others in words of 8 less 1; a fragment header has no length. */
function buildExtension(extension: Extension, nextHeader: number): Uint8Array {
  const data = extension.data ?? new Uint8Array(extension.kind === 'ah' ? 22 : 6);
  const unit = extension.kind === 'ah' ? 4 : 8;
  const bytes = new Uint8Array(Math.ceil((2 + data.length) / unit) * unit);
  const length = extension.kind === 'fragment' ? 0 : extension.kind === 'ah' ? bytes.length / 4 - 2 : bytes.length / 8 - 1;
  bytes[0] = nextHeader;
  bytes[1] = extension.length ?? length;
  bytes.set(data, 2);
  return bytes;
}

function concatenate(first: Uint8Array, second: Uint8Array | undefined): Uint8Array {
  if (second === undefined || second.length === 0) return first;
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first, 0);
  bytes.set(second, first.length);
  return bytes;
}
