// Log records: the bytes of the log, read.

import { formatAddress, fromMapped } from '../../net/address.ts';
import { type DnsVerdict, field, headLength, kind, verdicts } from './log-entry.ts';

export interface DnsRecord {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly kind: 'request' | 'response';
  readonly verdict: DnsVerdict;
  /** Number of the pod's endpoint. */
  readonly endpoint: number;
  readonly protocol: number;
  readonly pod: string;
  readonly podPort: number;
  readonly server: string;
  readonly serverPort: number;
  readonly serverIdentity: number;
  readonly name: string;
  readonly type: number;
  readonly rule: string;
  readonly reason: string;
  /** Of responses, as all below. */
  readonly rcode: number;
  readonly latencyNs: number;
  /** Seconds. */
  readonly ttl: number;
  readonly addresses: readonly string[];
  readonly aliases: readonly string[];
  readonly seenTypes: readonly number[];
}

/** Reads whole records, as a reader of the ring hands them out; what is none at its end, or in between, ends it. */
export function* readRecords(bytes: Uint8Array): Iterable<DnsRecord> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + headLength <= buffer.length; ) {
    const length = buffer.readUInt32LE(at);
    if (length < headLength || at + length > buffer.length) return;
    const record = readRecord(buffer.subarray(at, at + length));
    if (record === undefined) return;
    yield record;
    at += length;
  }
}

/** Numbers of the endpoints that whole records are about. */
export function endpointsOf(records: Buffer): Set<number> {
  const endpoints = new Set<number>();
  for (let at = 0; at < records.length; at += records.readUInt32LE(at + field.length))
    endpoints.add(records.readUInt32LE(at + field.endpoint));
  return endpoints;
}

function readRecord(bytes: Buffer): DnsRecord | undefined {
  const short = (bytes[field.kind] & kind.quads) !== 0;
  const [quads, longs] = [bytes.readUInt16LE(field.quads), bytes.readUInt16LE(field.longs)];
  const texts = [field.nameLength, field.ruleLength, field.reasonLength, field.aliasesLength].map((at) => bytes.readUInt16LE(at));
  const seen = bytes[field.seenTypes];
  const needed = headLength + (short ? 8 : 32) + texts.reduce((sum, length) => sum + length, 0) + seen * 2 + quads * 4 + longs * 16;
  if (needed > bytes.length) return undefined;
  let place = headLength;
  const take = (size: number): Buffer => {
    place += size;
    return bytes.subarray(place - size, place);
  };
  const address = (size: number): string => formatAddress(fromMapped(take(size)));
  const [pod, server] = [address(short ? 4 : 16), address(short ? 4 : 16)];
  const [name, rule, reason, aliases] = texts.map((length) => take(length).toString('latin1'));
  const seenTypes = Array.from({ length: seen }, () => take(2).readUInt16LE());
  const addresses = [...Array.from({ length: quads }, () => address(4)), ...Array.from({ length: longs }, () => address(16))];
  return {
    time: bytes.readDoubleLE(field.time),
    kind: (bytes[field.kind] & kind.answer) === 0 ? 'request' : 'response',
    verdict: verdicts[(bytes[field.kind] >> kind.verdict) & 3] ?? 'error',
    endpoint: bytes.readUInt32LE(field.endpoint),
    protocol: bytes[field.protocol],
    pod,
    podPort: bytes.readUInt16LE(field.podPort),
    server,
    serverPort: bytes.readUInt16LE(field.serverPort),
    serverIdentity: bytes.readUInt32LE(field.serverIdentity),
    name,
    type: bytes.readUInt16LE(field.type),
    rule,
    reason,
    rcode: bytes[field.rcode],
    latencyNs: bytes.readDoubleLE(field.latency),
    ttl: bytes.readUInt32LE(field.ttl),
    addresses,
    aliases: aliases.split(' ').filter((alias) => alias !== ''),
    seenTypes,
  };
}
