// Rewrites as a test states them: a packet, what changes about it, and the bytes that come out.
import * as enums from '../../../orchestrator/datapath/generated/enums.ts';
import type { Packet } from '../../../orchestrator/net/packet.ts';
import { addressWords, swapPort } from '../../../orchestrator/net/words.ts';
import { type Machine, type Offload, place, VIRTIO, writeRecord } from './machine.ts';

/** New values of one side; `port` is ignored where there are no ports. */
export interface End {
  readonly address: string;
  readonly port: number;
}

export interface Change {
  readonly source?: End;
  readonly destination?: End;
  /** REWRITE_EMBEDDED and REWRITE_OUTER_* bits. */
  readonly bits?: number;
}

function words(end: End | undefined): { hi: bigint; lo: bigint; port: number } {
  return end === undefined ? { hi: 0n, lo: 0n, port: 0 } : { ...addressWords(end.address), port: swapPort(end.port) };
}

/** Parses and rewrites; the bytes that come out, undefined when the rewrite was refused. */
export function rewriteBytes(machine: Machine, packet: Uint8Array, change: Change, offload?: Offload): Uint8Array | undefined {
  const at = place(machine, packet, offload);
  machine.call.parse!(at, packet.length + VIRTIO, machine.call.factsPointer!());
  const [source, destination] = [words(change.source), words(change.destination)];
  const ends = (change.source ? enums.REWRITE_SOURCE : 0) | (change.destination ? enums.REWRITE_DESTINATION : 0);
  writeRecord(machine, {
    rewrite: (change.bits ?? 0) | ends,
    newSourceHi: source.hi,
    newSourceLo: source.lo,
    newSourcePort: source.port,
    newDestinationHi: destination.hi,
    newDestinationLo: destination.lo,
    newDestinationPort: destination.port,
  });
  const done = machine.call.rewrite!(machine.call.recordPointer!(), at);
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
