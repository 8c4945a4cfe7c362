// Netlink: requests to the kernel's network configuration over one AF_NETLINK socket. The kernel answers within the call, so a
// request is send, then receive until its acknowledgement.

import { AgentError } from '../../errors.ts';
import { errnoText } from './errno.ts';
import type { Libc } from './libc.ts';

export const netlinkFlag = { request: 1, ack: 4, root: 0x100, replace: 0x100, match: 0x200, exclusive: 0x200, create: 0x400 } as const;

/** AF_NETLINK; SOCK_RAW | SOCK_CLOEXEC; NETLINK_ROUTE. */
const [family, socketType, routeProtocol] = [16, 3 | 0x80000, 0];
const [messageError, messageDone] = [2, 3];
const headerBytes = 16;

export interface NetlinkMessage {
  readonly type: number;
  /** After the header. */
  readonly body: Uint8Array;
}

export class Netlink implements Disposable {
  private readonly libc: Libc;
  private readonly descriptor: number;
  private readonly inbox = new Uint8Array(1 << 17);
  private sequence = 0;

  constructor(libc: Libc, protocol: number = routeProtocol) {
    this.libc = libc;
    this.descriptor = libc.socket(family, socketType, protocol);
    if (this.descriptor < 0) throw new AgentError('NETLINK_FAILED', `netlink: socket: ${errnoText(this.descriptor)}`);
  }

  /** Waits for the acknowledgement: 0, or -errno. */
  request(type: number, flags: number, body: Uint8Array): number {
    this.send(type, flags | netlinkFlag.request | netlinkFlag.ack, body);
    for (const { type: answer, body: words } of this.replies()) if (answer === messageError) return view(words).getInt32(0, true);
    return 0;
  }

  /** All messages of a dump. Throws NETLINK_FAILED. */
  dump(type: number, body: Uint8Array): NetlinkMessage[] {
    this.send(type, netlinkFlag.request | netlinkFlag.root | netlinkFlag.match, body);
    const found: NetlinkMessage[] = [];
    for (const message of this.replies()) {
      if (message.type === messageDone) break;
      if (message.type === messageError)
        throw new AgentError('NETLINK_FAILED', `netlink: dump ${type}: ${errnoText(view(message.body).getInt32(0, true))}`);
      found.push(message);
    }
    return found;
  }

  [Symbol.dispose](): void {
    this.libc.close(this.descriptor);
  }

  private send(type: number, flags: number, body: Uint8Array): void {
    const message = new Uint8Array(headerBytes + body.length);
    const header = view(message);
    header.setUint32(0, message.length, true);
    header.setUint16(4, type, true);
    header.setUint16(6, flags, true);
    header.setUint32(8, ++this.sequence, true);
    message.set(body, headerBytes);
    const sent = this.libc.send(this.descriptor, this.libc.address(message), message.length);
    if (sent !== message.length) throw new AgentError('NETLINK_FAILED', `netlink: send: ${errnoText(sent)}`);
  }

  /** Answers to the last request until the reader stops; those to an earlier one that was left unread are passed over. */
  private *replies(): Iterable<NetlinkMessage> {
    for (;;) {
      const length = this.libc.receive(this.descriptor, this.libc.address(this.inbox), this.inbox.length);
      if (length < 0) throw new AgentError('NETLINK_FAILED', `netlink: receive: ${errnoText(length)}`);
      const header = view(this.inbox);
      for (let at = 0; at + headerBytes <= length; ) {
        const size = header.getUint32(at, true);
        const isOurs = header.getUint32(at + 8, true) === this.sequence;
        if (isOurs) yield { type: header.getUint16(at + 4, true), body: this.inbox.slice(at + headerBytes, at + size) };
        at += align(size);
      }
    }
  }
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
