// Rewrites as a test states them: a packet, what changes about it, and the bytes that come out.
import { parseAddress, toMapped } from '../../../orchestrator/net/address.ts';
import type { Packet } from '../../../orchestrator/net/packet.ts';
import { addressWords, type Machine, type Offload, place, VIRTIO, writeField } from './machine.ts';

export const SOURCE = 1;
export const DESTINATION = 2;
export const EMBEDDED = 4;
export const OUTER_SOURCE = 8;
export const OUTER_DESTINATION = 16;

/** New values of one side; `port` is ignored where there are no ports. */
export interface End {
  readonly address: string;
  readonly port: number;
}

export interface Change {
  readonly source?: End;
  readonly destination?: End;
  /** EMBEDDED and OUTER_* bits. */
  readonly bits?: number;
}

function writeEnd(machine: Machine, record: number, side: 'Source' | 'Destination', end: End): void {
  const [hi, lo] = addressWords(toMapped(parseAddress(end.address)));
  writeField(machine, 'Record', record, `new${side}Hi`, hi);
  writeField(machine, 'Record', record, `new${side}Lo`, lo);
  writeField(machine, 'Record', record, `new${side}Port`, ((end.port & 0xff) << 8) | (end.port >> 8));
}

/** Parses and rewrites; the bytes that come out, undefined when the rewrite was refused. */
export function rewriteBytes(machine: Machine, packet: Uint8Array, change: Change, offload?: Offload): Uint8Array | undefined {
  const at = place(machine, packet, offload);
  const facts = machine.call.factsPointer!();
  machine.call.parse!(at, packet.length + VIRTIO, facts);
  const record = machine.call.recordPointer!();
  if (change.source) writeEnd(machine, record, 'Source', change.source);
  if (change.destination) writeEnd(machine, record, 'Destination', change.destination);
  const bits = (change.bits ?? 0) | (change.source ? SOURCE : 0) | (change.destination ? DESTINATION : 0);
  writeField(machine, 'Record', record, 'rewrite', bits);
  const done = machine.call.rewrite!(record, at);
  return done === 0 ? undefined : machine.bytes.slice(at + VIRTIO, at + VIRTIO + packet.length);
}

/** The packet with those ends, built from scratch. */
export function changed(packet: Packet, change: Change): Packet {
  const transport = { ...packet.transport };
  if ('sourcePort' in transport && change.source) Object.assign(transport, { sourcePort: change.source.port });
  if ('destinationPort' in transport && change.destination) Object.assign(transport, { destinationPort: change.destination.port });
  return {
    ...packet,
    transport,
    source: change.source?.address ?? packet.source,
    destination: change.destination?.address ?? packet.destination,
  };
}

export function hex(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? 'refused' : Buffer.from(bytes).toString('hex');
}
