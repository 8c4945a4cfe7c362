// DNS server: a zone over UDP and TCP. It answers from the zone or refuses; whoever wants more puts a resolver in front.

import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server, type Socket as Stream } from 'node:net';
import { type Answer, decode, encode, type Packet, type Question, TRUNCATED_RESPONSE } from 'dns-packet';
import type { Zone } from './zone.ts';

/** Who knows names. */
export type Names = Pick<Zone, 'domain' | 'answer'>;

export interface DnsServer {
  readonly port: number;
  close(): Promise<void>;
}

const authoritative = 1 << 10;
const recursionDesired = 1 << 8;
const rcodes = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
const plainUdpBytes = 512;
const mostUdpBytes = 1232;
const streamTimeoutMs = 10_000;
const mostStreams = 256;

/** `port` 0: any that is free with both protocols. */
export async function openDnsServer(zone: Names, { host, port }: { host: string; port: number }): Promise<DnsServer> {
  const stream = createServer({ noDelay: true }, (socket) => serveStream(zone, socket));
  stream.maxConnections = mostStreams;
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.listen(port, host, resolve);
  });
  const found = (stream.address() as { port: number }).port;
  const datagrams = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  datagrams.on('message', (message, from) => {
    const answer = reply(zone, message, 'udp');
    if (answer !== undefined) datagrams.send(answer, from.port, from.address);
  });
  // Of a client that is gone there is nothing to say.
  datagrams.on('error', () => {});
  await new Promise<void>((resolve) => datagrams.bind(found, host, resolve));
  return { port: found, close: () => close(stream, datagrams) };
}

/** The bytes of the answer; undefined for what is no question at all. */
export function reply(zone: Names, message: Buffer, over: 'udp' | 'tcp'): Buffer | undefined {
  if (message.length < 12 || (message[2] & 0x80) !== 0) return undefined;
  const asked = read(message);
  if (asked === undefined) return refuse(message, rcodes.FORMERR);
  if ((message[2] & 0x78) !== 0) return refuse(message, rcodes.NOTIMP);
  if (asked.questions?.length !== 1) return refuse(message, rcodes.FORMERR);
  const [question] = asked.questions;
  const { rcode, answers, additionals } = zone.answer(question.name, question.type);
  const flags = authoritative | ((asked.flags ?? 0) & recursionDesired) | rcodes[rcode];
  const options = (asked.additionals ?? []).filter(({ type }) => type === 'OPT') as { udpPayloadSize?: number }[];
  const edns = options.length > 0 ? [{ type: 'OPT', name: '.', udpPayloadSize: mostUdpBytes, flags: 0, options: [] }] : [];
  const whole: Packet = {
    type: 'response',
    id: asked.id,
    flags,
    questions: [question],
    answers: answers as Answer[],
    authorities: answers.length === 0 && rcode !== 'REFUSED' ? [startOfAuthority(zone)] : [],
    additionals: [...additionals, ...edns] as unknown as Answer[],
  };
  const bytes = encode(whole);
  const room = Math.min(Math.max(options[0]?.udpPayloadSize ?? plainUdpBytes, plainUdpBytes), mostUdpBytes);
  if (over === 'tcp' || bytes.length <= room) return bytes;
  return encode({ ...whole, flags: flags | TRUNCATED_RESPONSE, answers: [], authorities: [], additionals: edns as unknown as Answer[] });
}

function read(message: Buffer): (Packet & { questions?: Question[] }) | undefined {
  try {
    return decode(message);
  } catch {
    return undefined;
  }
}

/** The header alone, with the question's id. */
function refuse(message: Buffer, rcode: number): Buffer {
  const header = Buffer.alloc(12);
  message.copy(header, 0, 0, 2);
  header[2] = 0x80 | (message[2] & 0x79);
  header[3] = rcode;
  return header;
}

function startOfAuthority({ domain }: Names): Answer {
  const data = {
    mname: `ns.dns.${domain}`,
    rname: `hostmaster.${domain}`,
    serial: 1,
    refresh: 7200,
    retry: 1800,
    expire: 86400,
    minimum: 1,
  };
  return { type: 'SOA', name: domain, ttl: 1, data };
}

/** Questions in frames with a length before each; several may come over one stream. */
function serveStream(zone: Names, socket: Stream): void {
  let waiting = Buffer.alloc(0);
  socket.setTimeout(streamTimeoutMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (piece) => {
    waiting = Buffer.concat([waiting, piece]);
    while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      const length = waiting.readUInt16BE(0);
      const answer = reply(zone, waiting.subarray(2, 2 + length), 'tcp');
      waiting = waiting.subarray(2 + length);
      if (answer === undefined) {
        socket.destroy();
        return;
      }
      const frame = Buffer.alloc(2);
      frame.writeUInt16BE(answer.length);
      socket.write(Buffer.concat([frame, answer]));
    }
  });
}

async function close(stream: Server, datagrams: Socket): Promise<void> {
  await Promise.all([new Promise((resolve) => stream.close(resolve)), new Promise<void>((resolve) => datagrams.close(resolve))]);
}
