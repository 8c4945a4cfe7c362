// Transport: the bytes above the IP header (TCP, UDP, SCTP, ICMP, ICMPv6 or anything else) from a plain description, with every
// length and checksum right unless the description says otherwise.

import { crc32c, internetChecksum, pseudoHeaderSum } from './checksum.ts';

/** `'partial'`: only the pseudo header's sum, as a sender leaves it to an offloading device. */
export type Checksum = number | 'partial';

export interface Tcp {
  readonly protocol: 'tcp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Letters of the flags set: F S R P A U E C. Default 'A'. */
  readonly flags?: string;
  readonly sequence?: number;
  readonly acknowledgement?: number;
  readonly window?: number;
  /** Padded with zeros to a multiple of 4. */
  readonly options?: Uint8Array;
  /** Header length in 32-bit words, when it shall lie. */
  readonly dataOffset?: number;
  readonly checksum?: Checksum;
  readonly payload?: Uint8Array | string;
}

export interface Udp {
  readonly protocol: 'udp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Length field, when it shall lie. */
  readonly length?: number;
  /** 0 is "no checksum" (IPv4). */
  readonly checksum?: Checksum;
  readonly payload?: Uint8Array | string;
}

export interface Sctp {
  readonly protocol: 'sctp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly tag?: number;
  readonly checksum?: number;
  /** Chunks as they are on the wire. */
  readonly payload?: Uint8Array | string;
}

export interface Icmp {
  /** Both are given by name, so that the wrong one can be put into a packet. */
  readonly protocol: 'icmp' | 'icmpv6';
  readonly type: number;
  readonly code?: number;
  /** Bytes 4..5 and 6..7 of the header: identifier and sequence of an echo. */
  readonly id?: number;
  readonly sequence?: number;
  readonly checksum?: number;
  /** For an error: the packet it speaks of, as far as it is quoted. */
  readonly payload?: Uint8Array | string;
}

export interface RawTransport {
  readonly protocol: number;
  readonly payload?: Uint8Array | string;
}

export type Transport = Tcp | Udp | Sctp | Icmp | RawTransport;

export const protocolNumbers = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 } as const;

const tcpFlagBits: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32, E: 64, C: 128 };
const encoder = new TextEncoder();

/** Number of the transport's protocol as it stands in the IP header. */
export function protocolNumber(transport: Transport): number {
  return typeof transport.protocol === 'number' ? transport.protocol : protocolNumbers[transport.protocol];
}

/** TCP header byte 13 for a string of flag letters. */
export function tcpFlags(letters: string): number {
  let flags = 0;
  for (const letter of letters) {
    const bit = tcpFlagBits[letter];
    if (bit === undefined) throw new TypeError(`packet: tcp: flags: not one of FSRPAUEC: "${letter}"`);
    flags |= bit;
  }
  return flags;
}

/** Letters of the flags in TCP header byte 13, in the order SAFRPUEC that reads naturally ("SA", "FA", "RA"). */
export function tcpFlagLetters(flags: number): string {
  return [...'SFRPAUEC'].filter((letter) => flags & (tcpFlagBits[letter] ?? 0)).join('');
}

/** The transport header and payload between two addresses of 4 or 16 bytes. */
export function buildTransport(transport: Transport, source: Uint8Array, destination: Uint8Array): Uint8Array {
  const payload = payloadBytes(transport.payload);
  switch (transport.protocol) {
    case 'tcp':
      return buildTcp(transport, payload, source, destination);
    case 'udp':
      return buildUdp(transport, payload, source, destination);
    case 'sctp':
      return buildSctp(transport, payload);
    case 'icmp':
    case 'icmpv6':
      return buildIcmp(transport, payload, source, destination);
    default:
      return payload;
  }
}

function payloadBytes(payload: Uint8Array | string | undefined): Uint8Array {
  return typeof payload === 'string' ? encoder.encode(payload) : (payload ?? new Uint8Array(0));
}

function buildTcp(tcp: Tcp, payload: Uint8Array, source: Uint8Array, destination: Uint8Array): Uint8Array {
  const options = tcp.options ?? new Uint8Array(0);
  const headerLength = 20 + Math.ceil(options.length / 4) * 4;
  const bytes = new Uint8Array(headerLength + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, tcp.sourcePort);
  view.setUint16(2, tcp.destinationPort);
  view.setUint32(4, tcp.sequence ?? 1000);
  view.setUint32(8, tcp.acknowledgement ?? 0);
  view.setUint8(12, (tcp.dataOffset ?? headerLength / 4) << 4);
  view.setUint8(13, tcpFlags(tcp.flags ?? 'A'));
  view.setUint16(14, tcp.window ?? 65535);
  bytes.set(options, 20);
  bytes.set(payload, headerLength);
  view.setUint16(16, wireChecksum(tcp.checksum, bytes, 6, source, destination));
  return bytes;
}

function buildUdp(udp: Udp, payload: Uint8Array, source: Uint8Array, destination: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, udp.sourcePort);
  view.setUint16(2, udp.destinationPort);
  view.setUint16(4, udp.length ?? bytes.length);
  bytes.set(payload, 8);
  const checksum = wireChecksum(udp.checksum, bytes, 17, source, destination);
  view.setUint16(6, checksum === 0 && udp.checksum === undefined ? 0xffff : checksum);
  return bytes;
}

function buildSctp(sctp: Sctp, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, sctp.sourcePort);
  view.setUint16(2, sctp.destinationPort);
  view.setUint32(4, sctp.tag ?? 0x1234abcd);
  bytes.set(payload, 12);
  view.setUint32(8, sctp.checksum ?? crc32c(bytes), true);
  return bytes;
}

function buildIcmp(icmp: Icmp, payload: Uint8Array, source: Uint8Array, destination: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, icmp.type);
  view.setUint8(1, icmp.code ?? 0);
  view.setUint16(4, icmp.id ?? 0);
  view.setUint16(6, icmp.sequence ?? 0);
  bytes.set(payload, 8);
  const start = icmp.protocol === 'icmpv6' ? pseudoHeaderSum(source, destination, 58, bytes.length) : 0;
  view.setUint16(2, icmp.checksum ?? internetChecksum(bytes, start));
  return bytes;
}

/** `bytes` has 0 where the checksum will stand. */
function wireChecksum(
  wanted: Checksum | undefined,
  bytes: Uint8Array,
  protocol: number,
  source: Uint8Array,
  destination: Uint8Array,
): number {
  if (typeof wanted === 'number') return wanted;
  const pseudo = pseudoHeaderSum(source, destination, protocol, bytes.length);
  return wanted === 'partial' ? pseudo : internetChecksum(bytes, pseudo);
}
