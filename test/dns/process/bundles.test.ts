// Queries that leave together come as they were sent, each to its server.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import t from 'tap';
import { Bundles } from '../../../orchestrator/dns/process/bundles.ts';
import { openCalls } from '../../../orchestrator/dns/process/calls.ts';
import { family, kind, openSocket, writeSocketAddress } from '../../../orchestrator/dns/process/socket-options.ts';

const loopback = Uint8Array.of(127, 0, 0, 1);
const calls = await openCalls();
const sender = openSocket(calls, { family: family.ipv4, kind: kind.datagram, protocol: 0, options: [] }) as number;
t.teardown(() => calls.close(sender));

interface Server {
  readonly socket: Socket;
  readonly heard: Buffer[];
  readonly address: Buffer;
}

async function listen(): Promise<Server> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  const heard: Buffer[] = [];
  socket.on('message', (message) => heard.push(message));
  const address = Buffer.alloc(128);
  writeSocketAddress(address, family.ipv4, loopback, socket.address().port);
  return { socket, heard, address };
}

async function hear({ heard }: Server, count: number): Promise<string[]> {
  while (heard.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  return heard.splice(0).map((message) => message.toString('hex'));
}

function query(length: number, number: number): Buffer {
  return Buffer.from(new ArrayBuffer(length)).fill(number);
}

t.test('queries of several lengths to two servers come one by one, those of one length in their order', async (t) => {
  const failed: number[] = [];
  const bundles = new Bundles(calls, family.ipv4, (number) => failed.push(number));
  const servers = [await listen(), await listen()] as const;
  const sent = Array.from({ length: 60 }, (_, number) => ({ to: number % 2, bytes: query(30 + (number % 3) * 7, number) }));
  for (const { to, bytes } of sent) bundles.add((servers[to] as Server).address, 0, calls.address(bytes), bytes.length);
  bundles.flush(sender);
  for (const [to, server] of servers.entries()) {
    const wanted = sent.filter((one) => one.to === to).map(({ bytes }) => bytes.toString('hex'));
    const heard = await hear(server, wanted.length);
    t.same([...heard].sort(), [...wanted].sort());
    const short = (hex: string): boolean => hex.length === 60;
    t.same(heard.filter(short), wanted.filter(short));
  }
  t.same(failed, []);
});

t.test('what is too much for one is sent one by one', async (t) => {
  const failed: number[] = [];
  const bundles = new Bundles(calls, family.ipv4, (number) => failed.push(number));
  const server = await listen();
  const sent = Array.from({ length: 20 }, (_, number) => query(4000, number));
  for (const bytes of sent) bundles.add(server.address, 0, calls.address(bytes), bytes.length);
  bundles.flush(sender);
  t.same(
    await hear(server, sent.length),
    sent.map((bytes) => bytes.toString('hex')),
  );
  t.same(failed, []);
});

t.test('each query that the host cannot send is told of by its number', (t) => {
  const failed: number[] = [];
  const bundles = new Bundles(calls, family.ipv4, (number) => failed.push(number));
  const nowhere = Buffer.alloc(128);
  writeSocketAddress(nowhere, family.ipv4, Uint8Array.of(255, 255, 255, 255), 53);
  const bytes = query(40, 1);
  for (let count = 0; count < 3; count += 1) bundles.add(nowhere, 0, calls.address(bytes), bytes.length);
  bundles.flush(sender);
  t.same(failed, [0, 1, 2]);
  t.end();
});
