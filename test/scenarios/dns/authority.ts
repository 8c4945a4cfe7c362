// The authority: a name server of the world, a process of its own there. Arguments: addresses. It answers for zone.ts over UDP and TCP on
// ports 53 and 5353, and echoes on TCP 8443; on 443 the world's own server answers. On each line of input it says, as a line of JSON, which names it was asked for since.
import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type Answer, decode, encode, type Packet, TRUNCATED_RESPONSE } from 'dns-packet';
import { answerOf, fresh } from './zone.ts';

const rcodes = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
const [authoritative, plainBytes, mostBytes] = [1 << 10, 512, 1400];
let asked: string[] = [];
let given = fresh;

function reply(message: Buffer, over: 'udp' | 'tcp'): Buffer | undefined {
  const packet = decode(message);
  const [question] = packet.questions ?? [];
  if (question === undefined) return undefined;
  asked.push(question.name);
  const found = answerOf(question, () => given++);
  if (found === undefined) return undefined;
  const options = (packet.additionals ?? []).filter(({ type }) => type === 'OPT') as { udpPayloadSize?: number }[];
  const edns = options.length === 0 ? [] : [{ type: 'OPT', name: '.', udpPayloadSize: mostBytes, flags: 0, options: [] }];
  const flags = authoritative | ((packet.flags ?? 0) & (1 << 8)) | rcodes[found.rcode];
  const whole: Packet = { type: 'response', id: packet.id, flags, questions: [question], additionals: edns as unknown as Answer[] };
  const bytes = encode({ ...whole, answers: [...found.answers] });
  const room = Math.min(Math.max(options[0]?.udpPayloadSize ?? plainBytes, plainBytes), mostBytes);
  return over === 'tcp' || bytes.length <= room ? bytes : encode({ ...whole, flags: flags | TRUNCATED_RESPONSE });
}

function datagrams(address: string, port: number): Promise<void> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (message, from) => {
    const answer = reply(message, 'udp');
    if (answer) socket.send(answer, from.port, from.address);
  });
  socket.on('error', (error) => process.stderr.write(`${error.stack}\n`));
  return new Promise((resolve) => socket.bind(port, address, resolve));
}

function serve(socket: Socket): void {
  let held = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => {
    held = Buffer.concat([held, data]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const answer = reply(held.subarray(2, 2 + held.readUInt16BE(0)), 'tcp');
      held = held.subarray(2 + held.readUInt16BE(0));
      if (answer) socket.write(Buffer.concat([Uint8Array.of(answer.length >> 8, answer.length), answer]));
    }
  });
}

const listen = (what: (socket: Socket) => void, port: number, host = '::') =>
  new Promise<void>((resolve) => createServer({ noDelay: true }, what).listen({ port, host, backlog: 4096 }, resolve));

const echo = (socket: Socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
};

await Promise.all([
  ...process.argv.slice(2).flatMap((host) => [53, 5353].flatMap((port) => [datagrams(host, port), listen(serve, port, host)])),
  listen(echo, 8443),
]);
createInterface(process.stdin)
  .on('line', () => {
    process.stdout.write(`${JSON.stringify(asked)}\n`);
    asked = [];
  })
  .on('close', () => process.exit());
process.stdout.write('"ready"\n');
