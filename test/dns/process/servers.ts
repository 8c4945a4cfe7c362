// Servers and questions for tests of the proxy: sockets at addresses of the host, and messages by dns-packet.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import { decode, encode, type Packet } from 'dns-packet';
import type { Pod } from './world.ts';

interface Ends {
  teardown(end: () => void): void;
}

/** What a server sends, if anything at once; `send` sends more. */
export type Answering = (query: Packet, send: (message: Buffer) => void, bytes: Buffer, from: RemoteInfo) => Packet | Buffer | undefined;

export async function serveDatagrams(t: Ends, address: string, answering: Answering, port = 53): Promise<Socket> {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4 << 20 });
  await new Promise<void>((resolve) => socket.bind(port, address, resolve));
  socket.on('message', (message, from) => {
    const send = (bytes: Buffer): void => socket.send(bytes, from.port, from.address);
    const reply = answering(decode(message), send, message, from);
    if (reply !== undefined) send(Buffer.isBuffer(reply) ? reply : encode(reply));
  });
  t.teardown(() => socket.close());
  return socket;
}

/** Answers each question after `delayMs`, the later ones first where that is random. */
export async function serveConnections(
  t: Ends,
  address: string,
  answering: (query: Packet) => Packet,
  delayMs = (): number => 0,
): Promise<Server> {
  const server = createServer((socket) => {
    let rest = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data]);
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
        const message = rest.subarray(2, 2 + rest.readUInt16BE(0));
        rest = rest.subarray(2 + message.length);
        const reply = framed(encode(answering(decode(message))));
        setTimeout(() => socket.write(reply), delayMs());
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(53, address, resolve));
  t.teardown(() => server.close());
  return server;
}

export function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(message.length);
  return Buffer.concat([head, message]);
}

/** Whole messages of a stream. */
export function unframed(stream: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 2 <= stream.length; at += 2 + stream.readUInt16BE(at)) {
    const message = stream.subarray(at + 2, at + 2 + stream.readUInt16BE(at));
    if (at + 2 + stream.readUInt16BE(at) <= stream.length) messages.push(message);
  }
  return messages;
}

export function question(id: number, name: string, type: 'A' | 'AAAA' | 'TXT' = 'A', more: Partial<Packet> = {}): Buffer {
  return encode({ type: 'query', id, flags: 0x100, questions: [{ type, name }], ...more });
}

export function answerTo(query: Packet, ...addresses: string[]): Packet {
  const name = query.questions?.[0]?.name ?? '';
  const answers = addresses.map((data) => ({ type: data.includes(':') ? ('AAAA' as const) : ('A' as const), name, ttl: 60, data }));
  return { type: 'response', id: query.id, flags: 0x180, questions: query.questions, answers };
}

export interface Answered {
  readonly server: string;
  readonly port: number;
  readonly bytes: Buffer;
  readonly rcode: string;
  readonly packet: Packet;
  /** Of A and AAAA records. */
  readonly addresses: readonly string[];
}

let sockets = 0;

/** Sends a question from a socket of its own, or from that one, and resolves with the answer of that id. */
export async function ask(pod: Pod, server: string, message: Buffer, socket = ++sockets + 1_000_000): Promise<Answered> {
  pod.talk.order({ do: 'send', socket, server, port: 53, hex: message.toString('hex') });
  const id = message.toString('hex', 0, 2);
  const heard = await pod.talk.until((one) => one.heard === 'datagram' && one.socket === socket && one.hex.startsWith(id));
  if (heard.heard !== 'datagram') throw new Error('no datagram');
  return answered(heard.server, heard.port, Buffer.from(heard.hex, 'hex'));
}

export function answered(server: string, port: number, bytes: Buffer): Answered {
  const packet = decode(bytes) as unknown as Packet & { rcode: string };
  const addresses = (packet.answers ?? []).flatMap((record) => (record.type === 'A' || record.type === 'AAAA' ? [record.data] : []));
  return { server, port, bytes, rcode: packet.rcode, packet, addresses };
}
