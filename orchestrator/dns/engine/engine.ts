// Engine: decides what becomes of each query and of each answer. It has no sockets and no clock: who carries messages gives it bytes and the
// time, and does what it says. Nothing is told to a pod before the datapath lets it go there.

import { flag, headerBytes, messageFlags, messageId, rcode, readWord, setMessageId } from '../message/header.ts';
import { longestOwnAnswer, writeOwnAnswer } from '../message/own-answer.ts';
import { isAnswerTo, Question } from '../message/question.ts';
import type { DnsRules } from '../rules.ts';
import type { AccessLog, Exchange } from './access-log.ts';
import type { AddressKey } from './address-key.ts';
import type { Counters, Failure } from './counters.ts';
import { bare, Heard } from './heard.ts';
import type { Learning } from './learning.ts';
import type { IdentityLookup } from './node-maps.ts';
import { mostOutstanding, Outstanding } from './outstanding.ts';
import type { Pod, Pods } from './pods.ts';

/** Milliseconds that a server has to answer. */
export const patienceMs = 5000;
/** Questions of one pod that may wait at once; one more is answered SERVFAIL. */
export const mostOfPod = 1000;

/** A message of a pod as it came; one object serves all. */
export interface Asked {
  protocol: number;
  pod: AddressKey;
  /** Ports are in host order. */
  podPort: number;
  server: AddressKey;
  serverPort: number;
  bytes: Buffer;
  start: number;
  length: number;
}

/** A message of a server. `from` and `port` are where it came from; `owner` by what, where that says more than a lane. */
export interface Replied<Owner> {
  readonly from: AddressKey;
  readonly port: number;
  readonly bytes: Buffer;
  readonly start: number;
  readonly length: number;
  /** Milliseconds. */
  readonly now: number;
  readonly owner?: Owner;
}

export interface EngineOptions {
  /** How many ways there are for queries to leave by. */
  readonly lanes: number;
  readonly pods: Pods;
  readonly identities: IdentityLookup;
  readonly learning: Learning;
  readonly log: AccessLog;
  readonly counters: Counters;
}

/** A query that was passed on, beside what `Outstanding` keeps of it. */
interface Waiting extends Mutable<Exchange> {
  pod: Pod | undefined;
  /** Of the question: see there. */
  hash: number;
  walk: number;
  end: number;
}

type Mutable<Type> = { -readonly [Field in keyof Type]: Type[Field] };

export class Engine<Owner = undefined> {
  readonly capacity = mostOutstanding;
  readonly counters: Counters;
  readonly pods: Pods;
  /** To be filled before `ask`. */
  readonly asked: Asked = { protocol: 0, pod: 0, podPort: 0, server: 0, serverPort: 0, bytes: Buffer.alloc(0), start: 0, length: 0 };
  /** After `ask`: bytes of the answer that stands where the query stood; 0: there is none to give. */
  ownLength = 0;
  /** After `answer`: the message may go to the pod as it now is; else what `failures` has for the slot goes there. */
  isReleased = false;
  /** After `expire`: of its slot. */
  lastOwner: Owner | undefined;
  private readonly options: EngineOptions;
  private readonly outstanding: Outstanding<Owner | undefined>;
  private readonly waiting: Waiting[];
  private readonly heard: Heard;
  /** The one that is being decided about: it changes places with that of its slot. */
  private deciding = newWaiting();
  private readonly question = new Question();
  /** The identity that was looked up last. */
  private readonly last: { server: AddressKey; now: number; identity: number } = { server: 0, now: Number.NaN, identity: 0 };
  /** Identities that stand for another selector than those of the map, which is not taken over yet. */
  private readonly reused = new Set<number>();

  constructor(options: EngineOptions) {
    this.options = options;
    this.counters = options.counters;
    this.pods = options.pods;
    this.outstanding = new Outstanding(options.lanes);
    this.waiting = Array.from({ length: mostOutstanding }, newWaiting);
    this.heard = new Heard({ ...options, capacity: mostOutstanding });
  }

  /** Queries that wait for their servers. */
  get size(): number {
    return this.outstanding.size;
  }

  /** Answers for those that get none, `longestOwnAnswer` bytes apart, by slot. */
  get failures(): Buffer {
    return this.outstanding.failures;
  }

  failureLength(slot: number): number {
    return this.outstanding.failureLengths[slot] as number;
  }

  /**
   * In force when it resolves, and what they no longer allow or grant is void at once. One call at a time. Rejects when that cannot be written.
   */
  async setRules(rules: DnsRules): Promise<void> {
    const { learning } = this.options;
    this.last.now = Number.NaN;
    const changed = this.pods.apply(rules);
    for (const identity of changed.reused) this.reused.add(identity);
    learning.withdraw(this.pods, changed);
    await this.grantAgain(changed.changed);
  }

  /** The same for what was taken over from the map since the rules came into force. */
  async settle(): Promise<void> {
    // Without rules nobody knows whose they are.
    if (this.pods.generation === 0) return;
    const all = [...this.pods.all()];
    this.options.learning.withdraw(this.pods, { gone: [], changed: all, reused: this.reused });
    this.reused.clear();
    await this.grantAgain(all);
  }

  /**
   * Decides about `asked`. A slot: the message is to be sent to the server, as it now is. -1: it is not, and `ownLength` says whether it has become an
   * answer.
   */
  ask(lane: number, owner: Owner | undefined, now: number): number {
    const { asked, counters, question } = this;
    this.ownLength = 0;
    const pod = this.pods.find(asked.pod);
    if (pod === undefined) {
      counters.queriesUnknown += 1;
      return -1;
    }
    counters.queries += 1;
    const fault = question.read(asked.bytes, asked.start, asked.length);
    if (fault !== undefined) {
      counters.malformed += 1;
      // An answer to what may be an answer, or has no id, would be one to nobody's question.
      if (fault !== 'short' && fault !== 'answer') this.own(fault === 'opcode' ? rcode.refused : rcode.formErr);
      return -1;
    }
    const isAllowed = this.decide(pod, now);
    if (!isAllowed) {
      counters.refused += 1;
      this.options.log.request(this.deciding, 'refused', now);
      this.own(this.pods.reject === 'nxdomain' ? rcode.nxDomain : rcode.refused);
      return -1;
    }
    const isPodFull = pod.outstanding >= mostOfPod;
    const slot = isPodFull ? -1 : this.outstanding.take(lane, owner, now);
    if (slot < 0) {
      const cause = isPodFull ? 'failedPodFull' : 'failedFull';
      counters[cause] += 1;
      this.options.log.request(this.deciding, cause, now);
      this.own(rcode.servFail);
      return -1;
    }
    counters.forwarded += 1;
    this.options.log.request(this.deciding, undefined, now);
    this.keep(slot, pod);
    return slot;
  }

  /** Decides about a server's message. A slot: `isReleased` says what its pod gets. -1: nobody waits for it. */
  answer(lane: number, replied: Replied<Owner>): number {
    const slot = this.hear(lane, replied);
    this.decideHeard();
    this.isReleased = slot >= 0 && this.isReleasedTo(slot);
    return slot;
  }

  /**
   * The same in two steps, for messages that come together: their grants are written by one call. What a slot's pod gets is known after `decideHeard`:
   * `isReleasedTo` says it. Until then nothing else is called.
   */
  hear(lane: number, replied: Replied<Owner>): number {
    const { outstanding } = this;
    const { bytes, start, length, now } = replied;
    const slot = length < headerBytes ? -1 : outstanding.find(lane, messageId(bytes, start));
    if (slot < 0 || !this.isMeant(slot, replied)) {
      this.counters.answersStray += 1;
      return -1;
    }
    const waiting = this.waiting[slot] as Waiting;
    const { pod } = waiting;
    const elapsed = now - (outstanding.since[slot] as number);
    this.free(slot);
    if (pod === undefined || pod.isGone) {
      this.counters.queriesGone += 1;
      return -1;
    }
    setMessageId(bytes, start, readWord(outstanding.failures, slot * longestOwnAnswer));
    this.heard.add(slot, waiting, pod, replied, elapsed);
    return slot;
  }

  decideHeard(): void {
    this.heard.decide();
  }

  isReleasedTo(slot: number): boolean {
    return this.heard.released[slot] !== 0;
  }

  /** The next slot whose query waited for too long, or -1. Its pod gets what `failures` has; `lastOwner` is the one it had. */
  expire(now: number): number {
    for (;;) {
      const slot = this.outstanding.first();
      if (slot < 0 || now - (this.outstanding.since[slot] as number) < patienceMs) return -1;
      this.lastOwner = this.outstanding.owners[slot];
      if (this.end(slot, 'failedDeadline', now)) return slot;
    }
  }

  /** The slot's query did not reach its server. Returns the slot; -1: it is the owner's no more. */
  unsent(slot: number, owner: Owner | undefined, now = performance.now()): number {
    if (this.outstanding.owners[slot] !== owner) return -1;
    this.end(slot, 'failedUnsent', now);
    return slot;
  }

  /** The owner waits no more for the answer to the slot's query. Of a pod that is gone it may be free, or another one's, by then. */
  forget(slot: number, owner: Owner): void {
    if (this.outstanding.owners[slot] !== owner) return;
    this.counters.queriesLeft += 1;
    this.free(slot);
  }

  /** Whether the pod may ask; `deciding` says what by which rule. */
  private decide(pod: Pod, now: number): boolean {
    const { asked, question, deciding } = this;
    const { learning } = this.options;
    deciding.pod = pod;
    deciding.endpoint = pod.fact.id;
    deciding.protocol = asked.protocol;
    deciding.podAddress = asked.pod;
    deciding.podPort = asked.podPort;
    deciding.server = asked.server;
    deciding.serverPort = asked.serverPort;
    deciding.serverIdentity = this.identityOf(asked.server, now);
    deciding.name = question.name;
    deciding.hash = question.hash;
    deciding.walk = question.walk;
    deciding.end = question.end;
    deciding.type = question.type;
    let row = pod.matcher.allowed(deciding.serverIdentity, asked.protocol, asked.serverPort, question.name, question.hash);
    // A server that the pod knows by a name of its own rules.
    if (row === undefined) {
      for (const identity of learning.identitiesOf(pod, asked.server)) {
        row ??= pod.matcher.allowed(identity, asked.protocol, asked.serverPort, question.name, question.hash);
      }
    }
    deciding.rule = row?.rule ?? '';
    return row !== undefined;
  }

  /** Questions that came together mostly go to one server: it is looked up once for them. */
  private identityOf(server: AddressKey, now: number): number {
    const { last } = this;
    if (server !== last.server || now !== last.now) {
      last.identity = this.options.identities.find(server);
      last.server = server;
      last.now = now;
    }
    return last.identity;
  }

  private async grantAgain(pods: readonly Pod[]): Promise<void> {
    for (const pod of pods) {
      this.options.learning.grantAgain(pod);
      // Others' queries are not kept waiting.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private own(code: number): void {
    const { bytes, start, length } = this.asked;
    this.ownLength = writeOwnAnswer(bytes, start, length, code, bytes, start);
  }

  private keep(slot: number, pod: Pod): void {
    const { asked, outstanding, question } = this;
    const { bytes, start, length } = asked;
    pod.outstanding += 1;
    const spare = this.waiting[slot] as Waiting;
    this.waiting[slot] = this.deciding;
    this.deciding = spare;
    const at = slot * longestOwnAnswer;
    outstanding.failureLengths[slot] = writeOwnAnswer(
      bytes,
      start,
      length,
      rcode.servFail,
      outstanding.failures,
      at,
      question.end - headerBytes,
    );
    outstanding.questionLengths[slot] = question.end - headerBytes;
    setMessageId(bytes, start, outstanding.sentIds[slot] as number);
  }

  /** From where it was asked, by what it was asked, to what was asked. */
  private isMeant(slot: number, { from, port, owner, bytes, start, length }: Replied<Owner>): boolean {
    const { outstanding } = this;
    const waiting = this.waiting[slot] as Waiting;
    if (waiting.server !== from || waiting.serverPort !== port || outstanding.owners[slot] !== owner) return false;
    const size = outstanding.questionLengths[slot] as number;
    if (isAnswerTo(bytes, start, length, outstanding.failures, slot * longestOwnAnswer + headerBytes, size)) return true;
    return length === bare && isBareError(bytes, start);
  }

  private end(slot: number, cause: Extract<Failure, 'failedDeadline' | 'failedUnsent'>, now: number): boolean {
    const waiting = this.waiting[slot] as Waiting;
    const { pod } = waiting;
    const elapsed = now - (this.outstanding.since[slot] as number);
    this.free(slot);
    if (pod === undefined || pod.isGone) {
      this.counters.queriesGone += 1;
      return false;
    }
    this.counters[cause] += 1;
    this.options.log.answer(waiting, cause, { rcode: rcode.servFail, elapsed, learned: undefined }, now);
    return true;
  }

  private free(slot: number): void {
    const waiting = this.waiting[slot] as Waiting;
    if (waiting.pod !== undefined) waiting.pod.outstanding -= 1;
    waiting.pod = undefined;
    this.outstanding.release(slot);
  }
}

/** What a server sends that did not understand the question and does not repeat it. */
function isBareError(bytes: Buffer, start: number): boolean {
  const flags = messageFlags(bytes, start);
  if ((flags & flag.isAnswer) === 0 || (flags & flag.opcode) !== 0 || (flags & flag.rcode) === 0) return false;
  for (let at = 4; at < headerBytes; at += 1) if (bytes[start + at] !== 0) return false;
  return true;
}

function newWaiting(): Waiting {
  return {
    pod: undefined,
    hash: 0,
    walk: 0,
    end: 0,
    endpoint: 0,
    protocol: 0,
    podAddress: 0,
    podPort: 0,
    server: 0,
    serverPort: 0,
    serverIdentity: 0,
    name: '',
    type: 0,
    rule: '',
  };
}
