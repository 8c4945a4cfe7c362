// Reading packets: what the bytes of a packet say, in one object and in one line, and whether its checksums are right. For people
// and tests; the datapath has its own parsers, and this one shares nothing with them.

import { formatAddress } from './address.ts';
import { crc32c, internetChecksum, pseudoHeaderSum } from './checksum.ts';
import { protocolNumbers, tcpFlagLetters } from './transport.ts';

export interface ReadPacket {
  readonly source: string;
  readonly destination: string;
  readonly hopLimit: number;
  /** Bytes from the IP header to the end that it states. */
  readonly length: number;
  readonly protocol: number;
  readonly fragment?: { readonly id: number; readonly offset: number; readonly more: boolean };
  /** TCP, UDP and SCTP, unless this is a later fragment. */
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly tcpFlags?: string;
  readonly icmp?: { readonly type: number; readonly code: number; readonly id: number };
  /** Of an ICMP error: the packet that it speaks of. */
  readonly embedded?: ReadPacket;
  readonly payload: Uint8Array;
  /** Undefined where there is none to check: UDP without one, a fragment, a quoted packet, an unknown protocol. */
  readonly checksums: { readonly ip?: boolean; readonly transport?: boolean };
}

interface NetworkHeader {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly hopLimit: number;
  readonly length: number;
  readonly protocol: number;
  readonly headerLength: number;
  readonly fragment?: ReadPacket['fragment'];
  readonly checksum?: boolean;
}

const protocolNames = new Map<number, string>(Object.entries(protocolNumbers).map(([name, number]) => [number, name.toUpperCase()]));

/** Undefined when the bytes are not an IP packet with whole headers. */
export function readPacket(bytes: Uint8Array): ReadPacket | undefined {
  const version = (bytes[0] ?? 0) >> 4;
  const header = version === 4 ? readIpv4(bytes) : version === 6 ? readIpv6(bytes) : undefined;
  if (header === undefined) return undefined;
  const body = bytes.subarray(header.headerLength, header.length);
  const transport = header.fragment !== undefined && header.fragment.offset > 0 ? { payload: body } : readTransport(header, body);
  if (transport === undefined) return undefined;
  const isWhole = header.fragment === undefined && header.length <= bytes.length;
  const transportChecksum = isWhole ? checkTransport(header, body) : undefined;
  return {
    source: formatAddress(header.source),
    destination: formatAddress(header.destination),
    hopLimit: header.hopLimit,
    length: header.length,
    protocol: header.protocol,
    ...(header.fragment && { fragment: header.fragment }),
    ...transport,
    checksums: {
      ...(header.checksum !== undefined && { ip: header.checksum }),
      ...(transportChecksum !== undefined && { transport: transportChecksum }),
    },
  };
}

/** One line for people: `10.0.0.1:40000 > 10.0.0.2:80 TCP S, 40 bytes`. */
export function describePacket(bytes: Uint8Array): string {
  const packet = readPacket(bytes);
  return packet === undefined ? `not an IP packet, ${bytes.length} bytes` : `${describe(packet)}, ${packet.length} bytes`;
}

function describe(packet: ReadPacket): string {
  const side = (address: string, port: number | undefined): string => {
    if (port === undefined) return address;
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  };
  const words = [
    `${side(packet.source, packet.sourcePort)} > ${side(packet.destination, packet.destinationPort)}`,
    protocolNames.get(packet.protocol) ?? `protocol ${packet.protocol}`,
  ];
  if (packet.tcpFlags) words.push(packet.tcpFlags);
  if (packet.icmp) words.push(`type ${packet.icmp.type} code ${packet.icmp.code}`);
  if (packet.embedded) words.push(`about (${describe(packet.embedded)})`);
  if (packet.fragment) words.push(`fragment at ${packet.fragment.offset}${packet.fragment.more ? '+' : ''}`);
  const wrong = Object.entries(packet.checksums).filter(([, isRight]) => !isRight);
  if (wrong.length > 0) words.push(`wrong ${wrong.map(([layer]) => layer).join(' and ')} checksum`);
  return words.join(' ');
}

function readIpv4(bytes: Uint8Array): NetworkHeader | undefined {
  if (bytes.length < 20) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const headerLength = (view.getUint8(0) & 15) * 4;
  if (headerLength < 20 || headerLength > bytes.length) return undefined;
  const word = view.getUint16(6);
  const offset = (word & 0x1fff) * 8;
  const more = (word & 0x2000) !== 0;
  return {
    source: bytes.slice(12, 16),
    destination: bytes.slice(16, 20),
    hopLimit: view.getUint8(8),
    length: view.getUint16(2),
    protocol: view.getUint8(9),
    headerLength,
    ...((more || offset > 0) && { fragment: { id: view.getUint16(4), offset, more } }),
    checksum: internetChecksum(bytes.subarray(0, headerLength)) === 0,
  };
}

function readIpv6(bytes: Uint8Array): NetworkHeader | undefined {
  if (bytes.length < 40) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let protocol = view.getUint8(6);
  let at = 40;
  let fragment: ReadPacket['fragment'];
  while ([0, 43, 44, 51, 60].includes(protocol)) {
    if (at + 8 > bytes.length) return undefined;
    if (protocol === 44) {
      const word = view.getUint16(at + 2);
      fragment = { id: view.getUint32(at + 4), offset: word & 0xfff8, more: (word & 1) !== 0 };
    }
    const length = protocol === 44 ? 8 : protocol === 51 ? (view.getUint8(at + 1) + 2) * 4 : (view.getUint8(at + 1) + 1) * 8;
    protocol = view.getUint8(at);
    at += length;
    if (at > bytes.length || (fragment !== undefined && fragment.offset > 0)) break;
  }
  if (at > bytes.length) return undefined;
  return {
    source: bytes.slice(8, 24),
    destination: bytes.slice(24, 40),
    hopLimit: view.getUint8(7),
    length: 40 + view.getUint16(4),
    protocol,
    headerLength: at,
    ...(fragment && { fragment }),
  };
}

type ReadTransport = Pick<ReadPacket, 'sourcePort' | 'destinationPort' | 'tcpFlags' | 'icmp' | 'embedded' | 'payload'>;

function readTransport(header: NetworkHeader, body: Uint8Array): ReadTransport | undefined {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const { tcp, udp, sctp, icmp, icmpv6 } = protocolNumbers;
  if (header.protocol === icmp || header.protocol === icmpv6) return readIcmp(view, body, header.protocol);
  if (header.protocol !== tcp && header.protocol !== udp && header.protocol !== sctp) return { payload: body };
  if (body.length < (header.protocol === sctp ? 12 : 8)) return undefined;
  const ports = { sourcePort: view.getUint16(0), destinationPort: view.getUint16(2) };
  if (header.protocol === udp) return { ...ports, payload: body.subarray(8) };
  if (header.protocol === sctp) return { ...ports, payload: body.subarray(12) };
  if (body.length < 14) return { ...ports, payload: body.subarray(8) };
  return { ...ports, tcpFlags: tcpFlagLetters(view.getUint8(13)), payload: body.subarray((view.getUint8(12) >> 4) * 4) };
}

function readIcmp(view: DataView, body: Uint8Array, protocol: number): ReadTransport | undefined {
  if (body.length < 8) return undefined;
  const type = view.getUint8(0);
  const payload = body.subarray(8);
  const isError = protocol === protocolNumbers.icmp ? [3, 4, 5, 11, 12].includes(type) : type < 128;
  const embedded = isError ? readPacket(payload) : undefined;
  return { icmp: { type, code: view.getUint8(1), id: view.getUint16(4) }, ...(embedded && { embedded }), payload };
}

function checkTransport(header: NetworkHeader, body: Uint8Array): boolean | undefined {
  const { tcp, udp, sctp, icmp, icmpv6 } = protocolNumbers;
  if (header.protocol === icmp) return internetChecksum(body) === 0;
  if (header.protocol === sctp) {
    const zeroed = Uint8Array.from(body);
    zeroed.fill(0, 8, 12);
    return crc32c(zeroed) === new DataView(body.buffer, body.byteOffset, body.length).getUint32(8, true);
  }
  if (header.protocol !== tcp && header.protocol !== udp && header.protocol !== icmpv6) return undefined;
  if (header.protocol === udp && body[6] === 0 && body[7] === 0) return header.source.length === 4 ? undefined : false;
  return internetChecksum(body, pseudoHeaderSum(header.source, header.destination, header.protocol, body.length)) === 0;
}
