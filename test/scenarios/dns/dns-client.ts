// A client of name servers, as bare as a test needs it: one question over UDP or TCP, many over one connection, one socket towards two
// servers. What comes back is told as it was read, and nothing is tried twice.

import { createSocket, type RemoteInfo } from 'node:dgram';
import { connect } from 'node:net';
import { type Answer, type DecodedPacket, decode, encode, type Packet, type RecordType, streamEncode } from 'dns-packet';

export interface Asked {
  readonly server: string;
  readonly port: number;
  readonly over: 'udp' | 'tcp';
  readonly name: string;
  readonly type: RecordType;
  /** Size of datagrams that is said to be taken; none: nothing is said. */
  readonly edns?: number;
  readonly timeoutMs: number;
}

/** Nothing of an answer but what scenarios speak of. */
export interface Heard {
  /** `silence` when nothing came. */
  readonly rcode: string;
  readonly addresses: readonly string[];
  readonly cut: boolean;
  /** The name as the answer repeats it. */
  readonly name: string;
  /** Bytes of the question's id came back. */
  readonly id: number;
  readonly server: string;
}

const silence: Heard = { rcode: 'silence', addresses: [], cut: false, name: '', id: -1, server: '' };
const recursionDesired = 1 << 8;

export function question({ name, type, edns }: Pick<Asked, 'name' | 'type' | 'edns'>, id: number): Packet {
  const options = { type: 'OPT', name: '.', udpPayloadSize: edns, flags: 0, options: [] } as unknown as Answer;
  return { type: 'query', id, flags: recursionDesired, questions: [{ type, name }], additionals: edns === undefined ? [] : [options] };
}

export function heard(message: Buffer, server: string): Heard {
  const packet = decode(message) as DecodedPacket & { rcode: string };
  const addresses = (packet.answers ?? []).flatMap((answer) => (answer.type === 'A' || answer.type === 'AAAA' ? [plain(answer.data)] : []));
  return { rcode: packet.rcode, addresses, cut: packet.flag_tc, name: packet.questions?.[0]?.name ?? '', id: packet.id ?? -1, server };
}

export const someId = (): number => 1 + Math.floor(Math.random() * 65_000);

/** Two ways to write one address of IPv6 are none: as the other side of a scenario writes it. */
const plain = (address: string): string => (address.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address);

export function ask(asked: Asked): Promise<Heard> {
  return asked.over === 'tcp'
    ? pipelined(asked, [asked.name]).then(([one = silence]) => one)
    : datagram([asked.server], asked).then(([one = silence]) => one);
}

/** One socket and one id towards each of the servers; what came from each, by who sent it. */
export function datagram(servers: readonly string[], asked: Asked): Promise<Heard[]> {
  return new Promise((resolve) => {
    const socket = createSocket(asked.server.includes(':') ? 'udp6' : 'udp4');
    const id = someId();
    const came = new Map<string, Heard>();
    const end = () => {
      clearTimeout(timer);
      socket.close();
      resolve(servers.map((server) => came.get(server) ?? silence));
    };
    const timer = setTimeout(() => setImmediate(end), asked.timeoutMs);
    socket.on('error', () => {});
    socket.on('message', (message, from: RemoteInfo) => {
      const answer = heard(message, from.address);
      if (answer.id !== id || !servers.includes(from.address) || from.port !== asked.port) return;
      came.set(from.address, answer);
      if (came.size === servers.length) end();
    });
    for (const server of servers) socket.send(encode(question(asked, id)), asked.port, server);
  });
}

/** All names at once over one connection; answers in the order of the names. */
export function pipelined(asked: Asked, names: readonly string[]): Promise<Heard[]> {
  return new Promise((resolve) => {
    const socket = connect({ host: asked.server, port: asked.port, noDelay: true });
    const came = new Map<number, Heard>();
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(names.map((_, at) => came.get(at + 1) ?? silence));
    };
    const timer = setTimeout(() => setImmediate(end), asked.timeoutMs);
    let held: Buffer = Buffer.alloc(0);
    socket.on('connect', () => socket.write(Buffer.concat(names.map((name, at) => streamEncode(question({ ...asked, name }, at + 1))))));
    socket.on('data', (data) => {
      held = Buffer.concat([held, data]);
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const answer = heard(held.subarray(2, 2 + held.readUInt16BE(0)), asked.server);
        held = held.subarray(2 + held.readUInt16BE(0));
        came.set(answer.id, answer);
      }
      if (came.size === names.length) end();
    });
    socket.on('error', end);
    socket.on('close', end);
  });
}
