// Lane: packets that lie ready in linear memory and are run again and again with other addresses and ports. What a run costs is the
// decision and a few words written; nothing is allocated.

import { swapPort } from '../../net/words.ts';
import { factsCodec, recordCodec, scratchCodec } from '../generated/layouts.ts';
import { conntrackSpec } from '../generated/maps.ts';
import { fieldOffset } from '../immediate.ts';
import type { Engine } from './engine.ts';

/** A packet in the lane: its address in linear memory, where the virtio-net header is, and its bytes with that header. */
export interface Lain {
  readonly at: number;
  readonly length: number;
}

const virtioBytes = 12;
/** Keys and values of maps pass through the bytes before. */
const laneFrom = 8192;
const laneBytes = 16384;

const at = {
  nextHop: fieldOffset(recordCodec, 'nextHop'),
  reason: fieldOffset(recordCodec, 'reason'),
  proxyPort: fieldOffset(recordCodec, 'proxyPort'),
  egressRule: fieldOffset(recordCodec, 'egressRule'),
  ingressRule: fieldOffset(recordCodec, 'ingressRule'),
  direction: fieldOffset(recordCodec, 'direction'),
  flow: fieldOffset(scratchCodec, 'flow0'),
  hook: fieldOffset(factsCodec, 'hook'),
  port: fieldOffset(factsCodec, 'port'),
  now: fieldOffset(factsCodec, 'now'),
  invalid: fieldOffset(factsCodec, 'invalid'),
} as const;

export class PacketLane {
  /** All linear memory, for whoever writes fields of a packet. */
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  private readonly exports: Engine['exports'];
  private readonly halves: Uint16Array;
  private readonly record: number;
  private readonly flow: number;
  private next: number;
  private readonly end: number;

  constructor({ exports, bytes }: Engine) {
    this.exports = exports;
    this.bytes = bytes;
    this.words = new Uint32Array(bytes.buffer);
    this.halves = new Uint16Array(bytes.buffer);
    this.record = exports.recordPointer();
    this.flow = exports.scratchPointer() + at.flow;
    this.next = exports.inputBuffer() + laneFrom;
    this.end = this.next + laneBytes;
  }

  /** Lays a packet into the lane for good. Throws a RangeError when the lane is full. */
  lay(packet: Uint8Array): Lain {
    const lain = { at: this.next, length: virtioBytes + packet.length };
    // The next packet starts on a cache line.
    const after = (lain.at + lain.length + 63) & ~63;
    if (after > this.end) throw new RangeError(`packet lane: full: ${packet.length} bytes more`);
    this.bytes.fill(0, lain.at, lain.at + virtioBytes);
    this.bytes.set(packet, lain.at + virtioBytes);
    this.next = after;
    return lain;
  }

  /** Address of the packet's byte `offset`, counted from its IP header. */
  byteAt(lain: Lain, offset: number): number {
    return lain.at + virtioBytes + offset;
  }

  /** Runs the packet as it lies there; the decision can be read until the next run. */
  run(lain: Lain, hook: number, port: number, now: number): void {
    this.exports.run(hook, port, lain.at, lain.length, now, 0, 0);
  }

  /**
   * Decides without touching a map, and whatever the parser thinks of the packet: policy's word on messages that are settled before
   * policy is asked.
   */
  decide(lain: Lain, hook: number, port: number, now: number): void {
    const facts = this.exports.factsPointer();
    this.exports.parse(lain.at, lain.length, facts);
    this.bytes[facts + at.hook] = hook;
    this.bytes[facts + at.invalid] = 0;
    this.words[(facts + at.port) >>> 2] = port;
    this.words[(facts + at.now) >>> 2] = now;
    this.exports.decide(facts, this.record, this.exports.scratchPointer());
  }

  /** Removes the flow that the last run found or made. */
  forgetFlow(): void {
    this.exports.mapDelete(conntrackSpec.number, this.flow);
  }

  get nextHop(): number {
    return this.bytes[this.record + at.nextHop] as number;
  }
  get reason(): number {
    return this.bytes[this.record + at.reason] as number;
  }
  get direction(): number {
    return this.bytes[this.record + at.direction] as number;
  }
  /** Host order; 0: none. */
  get proxyPort(): number {
    return swapPort(this.halves[(this.record + at.proxyPort) >>> 1] as number);
  }
  get egressRule(): number {
    return this.words[(this.record + at.egressRule) >>> 2] as number;
  }
  get ingressRule(): number {
    return this.words[(this.record + at.ingressRule) >>> 2] as number;
  }
}
