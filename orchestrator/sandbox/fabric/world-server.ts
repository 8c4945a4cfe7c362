// The world's server: tells whoever comes which address they come from. A process of its own in the world's namespace.

import { createSocket, type RemoteInfo } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { openDnsServer } from '../dns/server.ts';
import { world } from '../topology/plan.ts';
import { WorldNames } from './world-names.ts';

/** Serves until the process ends; resolves when everything listens. */
export async function serveWorld(): Promise<void> {
  await Promise.all([
    ...world.http.map((port) => listen(httpServer(), port)),
    ...world.names.servers.map((host) => openDnsServer(new WorldNames(world.names.domains), { host, port: 53 })),
    listen(createServer({ allowHalfOpen: true }, echo), world.echo),
    listen(createServer(tell), world.tell),
    ...world.addresses.flatMap((address) => [
      datagrams(address, world.echo, (message) => message),
      datagrams(address, world.tell, (_, { address: peer, port }) => Buffer.from(`${peer} ${port}\n`)),
    ]),
  ]);
}

function httpServer(): Server {
  // A connection stays for as long as its client wants.
  return createHttpServer({ keepAliveTimeout: 0 }, ({ socket, method, url }, response) => {
    response.setHeader('content-type', 'application/json');
    const { remotePort: port, localAddress = '' } = socket;
    response.end(`${JSON.stringify({ peer: plain(socket), port, address: unmapped(localAddress), method, path: url })}\n`);
  });
}

function echo(socket: Socket): void {
  socket.on('error', () => {});
  socket.pipe(socket);
}

function tell(socket: Socket): void {
  socket.on('error', () => {});
  socket.end(`${plain(socket)} ${socket.remotePort}\n`);
}

const plain = (socket: Socket) => unmapped(socket.remoteAddress ?? '');
const unmapped = (address: string) => address.replace(/^::ffff:/, '');

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => server.once('error', reject).listen({ port, host: '::', backlog: 1024 }, resolve));
}

/** One socket an address: an answer comes from where the question went to. */
function datagrams(address: string, port: number, answer: (message: Buffer, from: RemoteInfo) => Buffer): Promise<void> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (message, from) => socket.send(answer(message, from), from.port, from.address));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve();
    });
  });
}
