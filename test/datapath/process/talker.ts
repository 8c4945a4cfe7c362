// Talker: a process in a pod of these tests. It echoes what it is sent, or asks others and tells how that went.
//
//   talker.ts serve PORT             TCP and UDP, both families; says "ready"
//   talker.ts ask PORT COUNT ADDR…   COUNT connections to each, which all stay open, and a datagram every few milliseconds; says "ready"
//                                    when all are open; for each line that it gets the longest silence since the last one, in milliseconds; and at
//                                    the end of standard input what became of the connections, as JSON

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Asked {
  readonly open: number;
  /** Connections that ended. */
  readonly lost: number;
  /** Connections that were answered after the last packet that could be lost. */
  readonly alive: number;
  readonly answers: number;
}

const [task, port, ...rest] = process.argv.slice(2);
if (task === 'serve') await serve(Number(port));
else await ask(Number(port), Number(rest[0]), rest.slice(1));

async function serve(port: number): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket)).listen(port, '::');
  await once(server, 'listening');
  const datagrams = createSocket('udp6').bind(port, '::');
  await once(datagrams, 'listening');
  datagrams.on('message', (bytes, { address, port }) => datagrams.send(bytes, port, address));
  datagrams.on('error', () => undefined);
  process.stdout.write('ready\n');
}

async function ask(port: number, count: number, addresses: readonly string[]): Promise<void> {
  const sockets: Socket[] = [];
  const answers = new Map<Socket, number>();
  let lost = 0;
  for (const host of addresses.flatMap((address) => Array.from({ length: count }, () => address))) {
    const socket = connect({ port, host, noDelay: true });
    socket.on('data', () => answers.set(socket, (answers.get(socket) ?? 0) + 1));
    await once(socket, 'connect');
    socket.on('error', () => socket.destroy()).on('close', () => (lost += 1));
    sockets.push(socket);
  }
  const gaps = watchGaps(port, addresses[0] as string);
  const timer = setInterval(() => {
    for (const socket of sockets) socket.write('12345678');
  }, 20);
  process.stdout.write('ready\n');
  process.stdin.on('data', () => process.stdout.write(`${gaps()}\n`));
  await once(process.stdin, 'end');
  clearInterval(timer);
  const before = new Map(answers);
  for (const socket of sockets) if (!socket.destroyed) socket.write('12345678');
  const isAlive = (socket: Socket): boolean => (answers.get(socket) ?? 0) > (before.get(socket) ?? 0);
  for (let tried = 0; tried < 500 && !sockets.every(isAlive); tried += 1) await sleep(20);
  const told: Asked = {
    open: sockets.length,
    lost,
    alive: sockets.filter(isAlive).length,
    answers: [...answers.values()].reduce((sum, one) => sum + one, 0),
  };
  process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit(0));
}

/** The longest silence until it is asked for. A sender that was itself held up is no silence of the network's: those are left out. */
function watchGaps(port: number, address: string): () => number {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  let [last, longest, sent] = [performance.now(), 0, performance.now()];
  socket.on('error', () => undefined);
  socket.on('message', () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  });
  setInterval(() => {
    const now = performance.now();
    if (now - sent > 50) last += now - sent;
    sent = now;
    socket.send('1', port, address);
  }, 5);
  return () => {
    const told = Math.round(Math.max(longest, performance.now() - last));
    longest = 0;
    return told;
  };
}
