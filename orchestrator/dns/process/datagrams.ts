// Datagrams: queries of pods over UDP and what becomes of them, in batches: received, decided, passed on or answered, with one call each for up
// to 64. Who asked whom lies in typed arrays by the query's slot.

import { type AddressKey, ipv4Key, ipv6Key } from '../engine/address-key.ts';
import { type Engine, patienceMs } from '../engine/engine.ts';
import { readWord } from '../message/header.ts';
import { longestOwnAnswer } from '../message/own-answer.ts';
import { Answers } from './answers.ts';
import type { Calls } from './calls.ts';
import { Inbox } from './inbox.ts';
import type { ListeningSockets } from './listening.ts';
import type { Loop } from './loop.ts';
import { batchSize } from './messages.ts';
import { lostBy } from './socket-losses.ts';
import { type Family, family } from './socket-options.ts';
import type { Connection } from './tcp-connection.ts';
import { type Lane, Upstreams } from './upstreams.ts';

/** Bytes of a query; of any answer. */
const [queryRoom, answerRoom] = [4096, 65_536];
const udp = 17;
/** Rounds of one socket before another has its turn. */
const mostRounds = 4;
/** struct cmsghdr: level and type that tell the original destination, and where the address is in it. */
const destination = {
  [family.ipv4]: { level: 0, type: 20 },
  [family.ipv6]: { level: 41, type: 74 },
} as const;
const controlData = 16;
/** Of a slot: family, ports, address of the pod and of the server. */
const clientBytes = 40;
const [podPortAt, serverPortAt, podAt, serverAt] = [2, 4, 8, 24];

export interface DatagramOptions {
  readonly calls: Calls;
  readonly sockets: ListeningSockets;
  readonly engine: Engine<Connection>;
  /** Of answers' packets; 0: none. */
  readonly mark: number;
}

export class Datagrams {
  private readonly options: DatagramOptions;
  private readonly queries: Inbox;
  private readonly replies: Inbox;
  private readonly answers: Answers;
  private readonly upstreams: Upstreams;
  /** Slots of the answers at hand; -1: nobody waits for it. */
  private readonly heard = new Int32Array(batchSize);
  private readonly clients: Buffer;
  private readonly failures: number;

  /** Throws DNS_SOCKET_UNUSABLE. */
  constructor(options: DatagramOptions) {
    const { calls, engine, mark } = options;
    this.options = options;
    this.queries = new Inbox(calls, queryRoom);
    this.replies = new Inbox(calls, answerRoom);
    const { counters } = engine;
    this.answers = new Answers(calls, { mark, failed: () => (counters.answersUnsent += 1) });
    this.upstreams = new Upstreams(calls, (slot) => this.fail(engine.unsent(slot, undefined)));
    this.clients = Buffer.alloc(engine.capacity * clientBytes);
    this.failures = calls.address(engine.failures);
  }

  /** From now on pods' queries are taken. */
  listen(loop: Loop): void {
    const { udp4, udp6 } = this.options.sockets;
    loop.watch(udp4, () => this.takeQueries(udp4, family.ipv4));
    if (udp6 !== undefined) loop.watch(udp6, () => this.takeQueries(udp6, family.ipv6));
  }

  /** From now on they are left to somebody else. */
  leave(loop: Loop): void {
    const { udp4, udp6 } = this.options.sockets;
    loop.unwatch(udp4);
    if (udp6 !== undefined) loop.unwatch(udp6);
  }

  /** Servers' answers are taken as long as somebody waits for them. */
  follow(loop: Loop): void {
    for (const lane of this.upstreams.lanes) this.followLane(loop, lane);
  }

  /** Another port for the next lane: whoever has found one out has not long to use it. */
  renewLane(loop: Loop): void {
    const renewed = this.upstreams.renew();
    if (renewed === undefined) return;
    const { lane, before } = renewed;
    this.followLane(loop, lane);
    setTimeout(() => {
      loop.unwatch(before);
      this.upstreams.retire(before);
    }, patienceMs + 1000);
  }

  /** A slot whose query ended without an answer of its server. */
  fail(slot: number): void {
    const { engine } = this.options;
    const start = slot * longestOwnAnswer;
    this.reply(slot, engine.failures, start, this.failures + start, engine.failureLength(slot));
  }

  /** Datagrams that came faster than they were read: of pods, since their sockets were opened; of servers, to this process. */
  overflown(): { readonly queriesOverflown: number; readonly answersOverflown: number } {
    const { calls, sockets } = this.options;
    const queriesOverflown = lostBy(calls, sockets.udp4) + (sockets.udp6 === undefined ? 0 : lostBy(calls, sockets.udp6));
    return { queriesOverflown, answersOverflown: this.upstreams.lost };
  }

  /** Sends what waits. */
  flush(): void {
    this.answers.flush();
  }

  private followLane(loop: Loop, lane: Lane): void {
    const { descriptor } = lane;
    loop.watch(descriptor, () => this.takeAnswers(lane, descriptor));
  }

  private takeQueries(descriptor: number, of: Family): void {
    for (let round = 0; round < mostRounds; round += 1) {
      const count = this.queries.receive(descriptor);
      const lane = this.upstreams.begin(of);
      const now = performance.now();
      for (let index = 0; index < count; index += 1) this.takeQuery(index, of, lane, now);
      this.upstreams.flush(of);
      this.answers.flush();
      if (count < batchSize) return;
    }
  }

  private takeQuery(index: number, of: Family, lane: Lane | undefined, now: number): void {
    const { engine, sockets } = this.options;
    const { queries } = this;
    const { bytes } = queries;
    const length = queries.length(index);
    const control = queries.control(index);
    const { level, type } = destination[of];
    if (length < 0 || control < 0 || bytes[control + 8] !== level || bytes[control + 12] !== type) {
      engine.counters.queriesUnreadable += 1;
      return;
    }
    const [pod, server, start] = [queries.name(index), control + controlData, queries.start(index)];
    const serverPort = readWord(bytes, server + 2);
    if (serverPort === sockets.port || lane === undefined) {
      engine.counters.queriesDirect += 1;
      return;
    }
    const { asked } = engine;
    asked.protocol = udp;
    asked.pod = keyOf(of, bytes, pod);
    asked.podPort = readWord(bytes, pod + 2);
    asked.server = keyOf(of, bytes, server);
    asked.serverPort = serverPort;
    asked.bytes = bytes;
    asked.start = start;
    asked.length = length;
    const slot = engine.ask(lane.number, undefined, now);
    if (slot >= 0) {
      this.remember(slot, of, pod, server);
      this.upstreams.add(of, slot, { inbox: queries, server, start, length });
    } else if (engine.ownLength > 0) {
      const [source, target] = of === family.ipv4 ? [server + 4, pod + 4] : [server + 8, pod + 8];
      this.answers.add({
        family: of,
        bytes,
        source,
        sourcePort: serverPort,
        target,
        targetPort: readWord(bytes, pod + 2),
        body: bytes,
        start,
        address: queries.address(start),
        length: engine.ownLength,
      });
    }
  }

  /** Their grants are written together. */
  private takeAnswers(lane: Lane, descriptor: number): void {
    const { engine } = this.options;
    const { replies, heard } = this;
    for (let round = 0; round < mostRounds; round += 1) {
      const count = replies.receive(descriptor);
      const now = performance.now();
      for (let index = 0; index < count; index += 1) {
        const name = replies.name(index);
        heard[index] = engine.hear(lane.number, {
          from: keyOf(lane.family, replies.bytes, name),
          port: readWord(replies.bytes, name + 2),
          bytes: replies.bytes,
          start: replies.start(index),
          length: replies.length(index),
          now,
        });
      }
      engine.decideHeard();
      for (let index = 0; index < count; index += 1) this.tell(heard[index] as number, index);
      this.answers.flush();
      if (count < batchSize) return;
    }
  }

  private tell(slot: number, index: number): void {
    const { replies } = this;
    if (slot < 0) return;
    const start = replies.start(index);
    if (this.options.engine.isReleasedTo(slot)) this.reply(slot, replies.bytes, start, replies.address(start), replies.length(index));
    else this.fail(slot);
  }

  private remember(slot: number, of: Family, pod: number, server: number): void {
    const { bytes } = this.queries;
    const at = slot * clientBytes;
    this.clients[at] = of;
    copyBytes(bytes, pod + 2, this.clients, at + podPortAt, 2);
    copyBytes(bytes, server + 2, this.clients, at + serverPortAt, 2);
    const [from, length] = of === family.ipv4 ? [4, 4] : [8, 16];
    copyBytes(bytes, pod + from, this.clients, at + podAt, length);
    copyBytes(bytes, server + from, this.clients, at + serverAt, length);
  }

  private reply(slot: number, body: Buffer, start: number, address: number, length: number): void {
    const { clients } = this;
    const at = slot * clientBytes;
    this.answers.add({
      family: clients[at] as Family,
      bytes: clients,
      source: at + serverAt,
      sourcePort: readWord(clients, at + serverPortAt),
      target: at + podAt,
      targetPort: readWord(clients, at + podPortAt),
      body,
      start,
      address,
      length,
    });
  }
}

/** A few: a loop costs less than a call. */
function copyBytes(from: Buffer, at: number, to: Buffer, target: number, length: number): void {
  for (let index = 0; index < length; index += 1) to[target + index] = from[at + index] as number;
}

function keyOf(of: Family, bytes: Buffer, name: number): AddressKey {
  return of === family.ipv4 ? ipv4Key(bytes, name + 4) : ipv6Key(bytes, name + 8);
}
