// Lane: what one worker does with one packet: has it decided where it lies in linear memory, and hands it on from there. Called for
// every packet: nothing is allocated, and what is told of a port are sums.

import {
  FACT_NEIGHBOUR,
  HOOK_FROM_NETWORK,
  HOOK_FROM_POD,
  HOOK_TO_POD,
  NEXT_HOP_DROP,
  NEXT_HOP_LOCAL,
  NEXT_HOP_OVERLAY,
  NEXT_HOP_PROXY,
  NEXT_HOP_STACK,
  REASON_NO_BACKEND,
  REASON_SERVICE_PORT_UNKNOWN,
} from '../../generated/enums.ts';
import { factsCodec, recordCodec } from '../../generated/layouts.ts';
import { fieldOffset } from '../../immediate.ts';
import type { Calls } from '../calls.ts';
import type { Engine } from '../engine.ts';
import { hostPort, overlayPort, portLimit, proxyPort } from '../port.ts';
import type { Batch } from './batch.ts';
import { counter, counterColumns, counterIndex, type PortTable, sentCounter } from './port-table.ts';

export interface LaneParts {
  readonly engine: Engine;
  readonly calls: Calls;
  readonly table: PortTable;
  readonly worker: number;
  readonly batch: Batch;
}

/** Packets are named by their address in linear memory, where the virtio-net header is; lengths count that header. */
export interface Lane {
  /** Packets by ports are read to there. */
  readonly input: number;
  /** The same as an address of this process. */
  readonly inputAddress: number;
  /** Of a packet that came by a port: decides it, and sends it on. `identity` is what the tunnel's header carried. */
  take(hook: number, port: number, packet: number, length: number, identity: number): void;
  /** What came from the host's own stack. */
  takeFromHost(packet: number, length: number): void;
  /** What the proxy answers: for a pod here, or for nobody. */
  takeFromProxy(packet: number, length: number): void;
  /** Writes a packet to a port's device as it is, or has its batch do so; false when that did not take it. */
  put(port: number, packet: number, length: number): boolean;
  /** The tick that packets get from now on. */
  setTime(tick: number): void;
}

/** The way out of what goes to other nodes. */
export interface Overlay {
  /** Sends the packet that was decided last, whose record tells node and identity; `from` is the port that it came by. */
  send(descriptor: number, packet: number, length: number, from: number): boolean;
  /** Takes what the socket has, up to about `budget` packets; true when it took that many: there may be more. */
  receive(descriptor: number, budget: number): boolean;
}

/** Anything, and different each time: what follows from it need not be a secret. */
function nextRandom(random: number): number {
  const a = random ^ (random << 13);
  const b = a ^ (a >>> 17);
  return b ^ (b << 5);
}

export function openLane(parts: LaneParts, overlay: () => Overlay | undefined): Lane {
  const { exports, bytes, memory } = parts.engine;
  const input = exports.inputBuffer();
  const record = exports.recordPointer();
  const words = new Int32Array(memory.buffer);
  const nextHopAt = record + fieldOffset(recordCodec, 'nextHop');
  const rewriteAt = record + fieldOffset(recordCodec, 'rewrite');
  const reasonAt = record + fieldOffset(recordCodec, 'reason');
  const answers = exports.overlayDatagrams();
  const flagsAt = exports.factsPointer() + fieldOffset(factsCodec, 'flags');
  const outPortAt = (record + fieldOffset(recordCodec, 'outPort')) >>> 2;
  const put = openWriter(parts);
  const { descriptors, counters } = parts.table;
  const columns = counterIndex(parts.worker, 0);
  const useless = counterIndex(parts.worker, hostPort) + counter.useless;
  const uselessAnswer = counterIndex(parts.worker, proxyPort) + counter.useless;
  const refused = counterIndex(parts.worker, overlayPort) + counter.refused;
  const sent = counterIndex(parts.worker, overlayPort) + counter.sent;
  let now = 0;
  let random = (parts.worker + 1) | 0x5bd1e995;

  const tunnel = (packet: number, length: number, from: number): void => {
    const way = overlay();
    const descriptor = Atomics.load(descriptors, overlayPort);
    if (way !== undefined && descriptor >= 0 && way.send(descriptor, packet, length, from)) counters[sent] = (counters[sent] as number) + 1;
    else counters[refused] = (counters[refused] as number) + 1;
  };
  /**
   * What the stack gave us and we give back unchanged would come again. And a device like these has no neighbours: what pods say of any is
   * of no use, and might be believed.
   */
  const isForStack = (from: number): boolean =>
    ((bytes[flagsAt] as number) & FACT_NEIGHBOUR) === 0 && (from !== hostPort || bytes[rewriteAt] !== 0);
  /** Who asks a service that nobody serves need not wait to learn it. */
  const refuse = (to: number): void => {
    const reason = bytes[reasonAt];
    if (reason !== REASON_NO_BACKEND && reason !== REASON_SERVICE_PORT_UNKNOWN) return;
    const length = exports.portUnreachable();
    if (length > 0) put(to, answers, length);
  };
  const run = (hook: number, port: number, packet: number, length: number, identity: number): number => {
    random = nextRandom(random);
    exports.run(hook, port, packet, length, now, random, identity);
    return bytes[nextHopAt] as number;
  };
  /** `from` is the port that it came by, whatever the datapath was told. */
  const decide = (hook: number, port: number, from: number, packet: number, length: number, identity: number): void => {
    const next = run(hook, port, packet, length, identity);
    if (next === NEXT_HOP_LOCAL) put(words[outPortAt] as number, packet, length);
    else if (next === NEXT_HOP_OVERLAY) tunnel(packet, length, from);
    else if (next === NEXT_HOP_PROXY) put(proxyPort, packet, length);
    else if (next !== NEXT_HOP_DROP && isForStack(from)) put(hostPort, packet, length);
    else if (next !== NEXT_HOP_DROP) counters[useless] = (counters[useless] as number) + 1;
    else if (hook === HOOK_FROM_POD) refuse(from);
  };
  const count = (port: number, length: number): void => {
    const at = columns + port * counterColumns;
    counters[at + counter.received] = (counters[at + counter.received] as number) + 1;
    counters[at + counter.receivedBytes] = (counters[at + counter.receivedBytes] as number) + length;
  };
  return {
    input,
    inputAddress: parts.calls.address(bytes) + input,
    put,
    setTime: (tick) => {
      now = tick;
    },
    take: (hook, port, packet, length, identity) => {
      count(port, length);
      decide(hook, port, port, packet, length, identity);
    },
    takeFromHost: (packet, length) => {
      count(hostPort, length);
      const hook = exports.hostHook(packet, length);
      decide(
        hook === HOOK_FROM_POD ? HOOK_FROM_POD : HOOK_FROM_NETWORK,
        hook === HOOK_FROM_POD ? 0 : hostPort,
        hostPort,
        packet,
        length,
        0,
      );
    },
    takeFromProxy: (packet, length) => {
      count(proxyPort, length);
      const port = exports.podPort(packet, length);
      if (port === 0) counters[uselessAnswer] = (counters[uselessAnswer] as number) + 1;
      else if (run(HOOK_TO_POD, port, packet, length, 0) === NEXT_HOP_STACK) put(port, packet, length);
    },
  };
}

function openWriter({ engine, calls, table, worker, batch }: LaneParts): Lane['put'] {
  const { descriptors } = table;
  const { write } = calls;
  const base = calls.address(engine.bytes);
  const input = engine.exports.inputBuffer();
  // Sums of addresses are numbers on the heap: this one is made once.
  const inputAddress = base + input;
  const count = sentCounter(table, worker);
  return (port, packet, length) => {
    if (port <= 0 || port >= portLimit) return false;
    const descriptor = Atomics.load(descriptors, port);
    if (descriptor >= 0 && packet === batch.current) {
      batch.write(port, descriptor, length);
      return true;
    }
    const isTaken = descriptor >= 0 && write(descriptor, packet === input ? inputAddress : base + packet, length) >= 0;
    count(port, length, isTaken);
    return isTaken;
  };
}
