// Netlink: requests to the kernel's network configuration over one AF_NETLINK socket. The kernel answers within the call, so a
// request is send, then receive until its acknowledgement.

import { AgentError } from '../../errors.ts';
import { errno, errnoText } from './errno.ts';
import type { Libc } from './libc.ts';

export const netlinkFlag = { request: 1, ack: 4, root: 0x100, replace: 0x100, match: 0x200, exclusive: 0x200, create: 0x400 } as const;

/** AF_NETLINK; SOCK_RAW | SOCK_CLOEXEC; NETLINK_ROUTE. */
const [family, socketType, routeProtocol] = [16, 3 | 0x80000, 0];
const [messageError, messageDone] = [2, 3];
const headerBytes = 16;
/** Their acknowledgements fit into a socket's buffer of the usual size. */
const batchSize = 64;
/** NFNL_MSG_BATCH_BEGIN and its end. */
const [batchBegin, batchEnd] = [16, 17];
/** SOL_NETLINK; NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK: short answers with words, dumps that the kernel filters. */
const [netlinkLevel, shortAnswers, words, filteredDumps] = [270, 10, 11, 12];
/** NLM_F_CAPPED | NLM_F_ACK_TLVS: attributes follow the header of what is answered; NLMSGERR_ATTR_MSG. */
const [extendedAnswer, errorMessageAttribute] = [0x300, 1];
/** NLM_F_DUMP_INTR */
const dumpInterrupted = 0x10;
const dumpAttempts = 4;

export interface NetlinkMessage {
  readonly type: number;
  /** After the header. */
  readonly body: Uint8Array;
}

export interface NetlinkRequest {
  readonly type: number;
  readonly flags: number;
  readonly body: Uint8Array;
}

export interface NetlinkAnswer {
  /** 0, or -errno. */
  readonly result: number;
  /** The kernel's own words, or ''. */
  readonly text: string;
}

/** Of all sockets: what came is taken out of it before anything else is asked. */
const inbox = new Uint8Array(1 << 17);

export class Netlink implements Disposable {
  private readonly libc: Libc;
  private readonly descriptor: number;
  private sequence = 0;

  constructor(libc: Libc, protocol: number = routeProtocol) {
    this.libc = libc;
    this.descriptor = libc.socket(family, socketType, protocol);
    if (this.descriptor < 0) throw new AgentError('NETLINK_FAILED', `netlink: socket: ${errnoText(this.descriptor)}`);
    // A kernel that is too old for one of these answers less well, and all the same.
    const on = Uint8Array.of(1, 0, 0, 0);
    for (const option of [shortAnswers, words, filteredDumps]) {
      libc.setsockopt(this.descriptor, netlinkLevel, option, libc.address(on), on.length);
    }
  }

  /** Waits for the acknowledgement: 0, or -errno. */
  request(type: number, flags: number, body: Uint8Array): number {
    return this.batch([{ type, flags, body }])[0]!.result;
  }

  /** Many requests in few round trips, done in their order whether earlier ones fail or not; an answer for each. */
  batch(requests: readonly NetlinkRequest[]): NetlinkAnswer[] {
    const answers: NetlinkAnswer[] = [];
    for (let from = 0; from < requests.length; from += batchSize) {
      const part = requests.slice(from, from + batchSize);
      const first = this.sequence + 1;
      this.send(...part.map(({ type, flags, body }) => this.message(type, flags | netlinkFlag.request | netlinkFlag.ack, body)));
      answers.push(...this.acknowledgements(first, part.length));
    }
    return answers;
  }

  /**
   * A transaction of nfnetlink: all of it or nothing. An answer for each request: what failed says why nothing was done.
   */
  transaction(subsystem: number, requests: readonly NetlinkRequest[]): NetlinkAnswer[] {
    const edge = Uint8Array.of(0, 0, 0, subsystem);
    const flags = netlinkFlag.request | netlinkFlag.ack;
    const begin = this.message(batchBegin, netlinkFlag.request, edge);
    const first = this.sequence + 1;
    const messages = requests.map(({ type, flags: wanted, body }) => this.message(type, wanted | flags, body));
    this.send(begin, ...messages, this.message(batchEnd, netlinkFlag.request, edge));
    return this.acknowledgements(first, requests.length, first - 1);
  }

  /** All messages of a dump; what changed while it was read is read again. Throws NETLINK_FAILED. */
  dump(type: number, body: Uint8Array): NetlinkMessage[] {
    for (let attempt = 1; ; attempt++) {
      const { found, interrupted } = this.dumpOnce(type, body);
      if (!interrupted || attempt === dumpAttempts) return found;
    }
  }

  /** The one message that a request asks for; undefined when there is no such thing. Throws NETLINK_FAILED for other errors. */
  get(type: number, body: Uint8Array): NetlinkMessage | undefined {
    this.send(this.message(type, netlinkFlag.request, body));
    for (const message of this.replies()) {
      if (message.sequence !== this.sequence) continue;
      if (message.type !== messageError) return message;
      const result = view(message.body).getInt32(0, true);
      if (result === -errno.nodev || result === -errno.noent) return undefined;
      throw new AgentError('NETLINK_FAILED', `netlink: get ${type}: ${errnoText(result)}`);
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    this.libc.close(this.descriptor);
  }

  private dumpOnce(type: number, body: Uint8Array): { found: NetlinkMessage[]; interrupted: boolean } {
    this.send(this.message(type, netlinkFlag.request | netlinkFlag.root | netlinkFlag.match, body));
    const found: NetlinkMessage[] = [];
    let interrupted = false;
    for (const message of this.replies()) {
      if (message.sequence !== this.sequence) continue;
      if ((message.flags & dumpInterrupted) !== 0) interrupted = true;
      if (message.type === messageDone) break;
      if (message.type === messageError)
        throw new AgentError('NETLINK_FAILED', `netlink: dump ${type}: ${errnoText(view(message.body).getInt32(0, true))}`);
      found.push(message);
    }
    return { found, interrupted };
  }

  private message(type: number, flags: number, body: Uint8Array): Uint8Array {
    const message = new Uint8Array(align(headerBytes + body.length));
    const header = view(message);
    header.setUint32(0, headerBytes + body.length, true);
    header.setUint16(4, type, true);
    header.setUint16(6, flags, true);
    header.setUint32(8, ++this.sequence, true);
    message.set(body, headerBytes);
    return message;
  }

  private send(...messages: Uint8Array[]): void {
    const whole = joined(...messages);
    const sent = this.libc.send(this.descriptor, this.libc.address(whole), whole.length);
    if (sent !== whole.length) throw new AgentError('NETLINK_FAILED', `netlink: send: ${errnoText(sent)}`);
  }

  /** Of `count` requests numbered from `first`, in their order. An error of the message `whole` is one of all that have no answer. */
  private acknowledgements(first: number, count: number, whole = 0): NetlinkAnswer[] {
    const answers: NetlinkAnswer[] = new Array(count);
    let missing = count;
    for (const { type, sequence, body, flags } of this.replies()) {
      const index = sequence - first;
      if (type === messageError && sequence === whole) {
        const answer = { result: view(body).getInt32(0, true), text: errorText(body, flags) };
        return Array.from(answers, (own) => own ?? answer);
      }
      if (type !== messageError || index < 0 || index >= count || answers[index] !== undefined) continue;
      answers[index] = { result: view(body).getInt32(0, true), text: errorText(body, flags) };
      if (--missing === 0) break;
    }
    return answers;
  }

  /** Messages as they come, until the reader stops; answers to earlier requests that were left unread may be among them. */
  private *replies(): Iterable<NetlinkMessage & { sequence: number; flags: number }> {
    for (;;) {
      const length = this.libc.receive(this.descriptor, this.libc.address(inbox), inbox.length);
      if (length < 0) throw new AgentError('NETLINK_FAILED', `netlink: receive: ${errnoText(length)}`);
      const header = view(inbox);
      for (let at = 0; at + headerBytes <= length; ) {
        const size = header.getUint32(at, true);
        if (size < headerBytes || at + size > length)
          throw new AgentError('NETLINK_FAILED', `netlink: receive: a message of ${size} bytes`);
        yield {
          type: header.getUint16(at + 4, true),
          flags: header.getUint16(at + 6, true),
          sequence: header.getUint32(at + 8, true),
          body: inbox.slice(at + headerBytes, at + size),
        };
        at += align(size);
      }
    }
  }
}

/** What the kernel says about an error beside its number: "Nexthop has invalid gateway". */
function errorText(body: Uint8Array, flags: number): string {
  if ((flags & extendedAnswer) !== extendedAnswer) return '';
  for (let at = 4 + headerBytes; at + 4 <= body.length; ) {
    const length = view(body).getUint16(at, true);
    if (length < 4) break;
    if (view(body).getUint16(at + 2, true) === errorMessageAttribute)
      return new TextDecoder().decode(body.subarray(at + 4, at + length - 1));
    at += align(length);
  }
  return '';
}

/** One attribute: its length, type and payload, padded to 4 bytes. Text ends with a zero byte, a number is a u32. */
export function attribute(type: number, payload: Uint8Array | string | number): Uint8Array {
  const bytes =
    typeof payload === 'string' ? new TextEncoder().encode(`${payload}\0`) : typeof payload === 'number' ? word(payload) : payload;
  const whole = new Uint8Array(align(4 + bytes.length));
  view(whole).setUint16(0, 4 + bytes.length, true);
  view(whole).setUint16(2, type, true);
  whole.set(bytes, 4);
  return whole;
}

export function joined(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  view(bytes).setUint32(0, value, true);
  return bytes;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function align(length: number): number {
  return (length + 3) & ~3;
}
