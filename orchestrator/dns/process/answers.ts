// Answers: datagrams from the server that a pod asked back to the pod. They leave through raw sockets, for no socket of ours may have the
// server's port: the kernel writes the IP header and cuts what is too long, the UDP header is ours, with its checksum.

import type { Calls } from './calls.ts';
import { batchSize } from './messages.ts';
import { Outbox } from './outbox.ts';
import { type Family, family, kind, mark, openSocket, option } from './socket-options.ts';

const udp = 17;
const udpBytes = 8;
/** EAFNOSUPPORT. */
const noFamily = 97;
/**
 * A raw socket gets a copy of every datagram that arrives at its address: these are addresses at which none does (192.0.0.8 of RFC 7600,
 * and one of the discard-only prefix, RFC 6666).
 */
const nowhere4 = Uint8Array.of(192, 0, 0, 8);
const nowhere6 = Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8]);
/** struct cmsghdr with IP_PKTINFO, IPV6_PKTINFO: level, type, bytes with and without padding, and where the source is in it. */
const packetInfo = {
  [family.ipv4]: { level: 0, type: 8, space: 32, length: 28, source: 16 + 4, name: 16, address: 4 },
  [family.ipv6]: { level: 41, type: 50, space: 40, length: 36, source: 16, name: 28, address: 8 },
} as const;

export interface AnswerOptions {
  /** Of every packet: the host sends it the right way by it. 0: none. */
  readonly mark: number;
  /** A datagram was not sent. */
  failed(errno: number): void;
}

/** One datagram; addresses are places in `bytes`, ports in host order. */
export interface Answer {
  readonly family: Family;
  readonly bytes: Buffer;
  readonly source: number;
  readonly sourcePort: number;
  readonly target: number;
  readonly targetPort: number;
  /** Its body: place and address of the first byte. */
  readonly body: Buffer;
  readonly start: number;
  readonly address: number;
  readonly length: number;
}

export class Answers {
  private readonly failed: AnswerOptions['failed'];
  private readonly boxes: ReadonlyMap<Family, { readonly outbox: Outbox; readonly descriptor: number }>;

  /** Throws DNS_SOCKET_UNUSABLE. */
  constructor(calls: Calls, { mark: value, failed }: AnswerOptions) {
    const boxes = new Map<Family, { outbox: Outbox; descriptor: number }>();
    for (const which of [family.ipv4, family.ipv6] as const) {
      const descriptor = openRaw(calls, which, value);
      if (descriptor === undefined) continue;
      const outbox = new Outbox(calls, udpBytes, (_index, errno) => failed(errno));
      prepare(outbox, which);
      boxes.set(which, { outbox, descriptor });
    }
    this.boxes = boxes;
    this.failed = failed;
  }

  /** It leaves at `flush`, or when many wait: its body stays where it is until then. */
  add(answer: Answer): void {
    const box = this.boxes.get(answer.family);
    if (box === undefined) {
      this.failed(noFamily);
      return;
    }
    const { outbox } = box;
    const info = packetInfo[answer.family];
    const isIpv4 = answer.family === family.ipv4;
    const addressBytes = isIpv4 ? 4 : 16;
    const index = outbox.next;
    copy(answer.bytes, answer.target, outbox.bytes, outbox.name(index) + info.address, addressBytes);
    copy(answer.bytes, answer.source, outbox.bytes, outbox.control(index) + info.source, addressBytes);
    const head = outbox.head(index);
    writeBig16(outbox.bytes, head, answer.sourcePort);
    writeBig16(outbox.bytes, head + 2, answer.targetPort);
    writeBig16(outbox.bytes, head + 4, answer.length + udpBytes);
    // The kernel writes that of IPv6.
    writeBig16(outbox.bytes, head + 6, isIpv4 ? checksum(answer) : 0);
    outbox.add(info.name, info.space, answer.address, answer.length);
    if (outbox.isFull) outbox.flush(box.descriptor);
  }

  flush(): void {
    for (const { outbox, descriptor } of this.boxes.values()) outbox.flush(descriptor);
  }
}

function openRaw(calls: Calls, of: Family, value: number): number | undefined {
  const isIpv4 = of === family.ipv4;
  const own = isIpv4 ? [option.transparent4, option.mayCut4] : [option.transparent6, option.udpChecksum6, option.mayCut6];
  return openSocket(calls, {
    family: of,
    kind: kind.raw,
    protocol: udp,
    options: [...own, option.sendRoom, option.sendRoomForced, ...(value === 0 ? [] : [mark(value)])],
    address: isIpv4 ? nowhere4 : nowhere6,
  });
}

/** What is the same in all: families, and the heads of control blocks. */
function prepare(outbox: Outbox, of: Family): void {
  const info = packetInfo[of];
  const view = new DataView(outbox.bytes.buffer);
  for (let index = 0; index < batchSize; index += 1) {
    view.setUint16(outbox.name(index), of, true);
    const at = outbox.control(index);
    view.setBigUint64(at, BigInt(info.length), true);
    view.setInt32(at + 8, info.level, true);
    view.setInt32(at + 12, info.type, true);
  }
}

/** Of UDP over IPv4: pseudo header, header, body. */
function checksum({ bytes, source, target, sourcePort, targetPort, body, start, length }: Answer): number {
  let sum = udp + (length + udpBytes) * 2 + sourcePort + targetPort;
  for (let at = 0; at < 4; at += 2) {
    sum += ((bytes[source + at] as number) << 8) | (bytes[source + at + 1] as number);
    sum += ((bytes[target + at] as number) << 8) | (bytes[target + at + 1] as number);
  }
  const even = start + (length & ~1);
  for (let at = start; at < even; at += 2) sum += ((body[at] as number) << 8) | (body[at + 1] as number);
  if ((length & 1) !== 0) sum += (body[even] as number) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  // 0 would say that there is none.
  return sum === 0xffff ? 0xffff : sum ^ 0xffff;
}

function copy(from: Buffer, at: number, to: Buffer, target: number, length: number): void {
  for (let index = 0; index < length; index += 1) to[target + index] = from[at + index] as number;
}

function writeBig16(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value & 0xff;
}
