// Talker: sockets of a pod, in a process of its own that runs in the pod's namespace. It does what lines of JSON say, and tells what comes.

import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export type Order =
  | {
      readonly do: 'send';
      readonly socket: number;
      readonly server: string;
      readonly port: number;
      readonly hex: string;
      readonly times?: number;
    }
  | { readonly do: 'open'; readonly connection: number; readonly server: string; readonly port: number }
  | { readonly do: 'write'; readonly connection: number; readonly hex: string }
  | { readonly do: 'end'; readonly connection: number; readonly resets?: boolean };

export type Heard =
  | { readonly heard: 'ready' | 'sent' }
  | { readonly heard: 'datagram'; readonly socket: number; readonly server: string; readonly port: number; readonly hex: string }
  | { readonly heard: 'open' | 'close'; readonly connection: number }
  | { readonly heard: 'data'; readonly connection: number; readonly hex: string };

const sockets = new Map<number, Datagrams>();
const connections = new Map<number, Socket>();
const tell = (heard: Heard): void => void process.stdout.write(`${JSON.stringify(heard)}\n`);

function socketOf(number: number, server: string): Datagrams {
  const known = sockets.get(number);
  if (known !== undefined) return known;
  const socket = createSocket({ type: server.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4 << 20 });
  socket.on('message', (message, from) =>
    tell({ heard: 'datagram', socket: number, server: from.address, port: from.port, hex: message.toString('hex') }),
  );
  sockets.set(number, socket);
  return socket;
}

/** The same once more when the one before it is on its way; who wants many is told when all are. */
function send(order: Extract<Order, { do: 'send' }>): void {
  const { socket, server, port, hex, times = 1 } = order;
  const next = times > 1 ? () => send({ ...order, times: times - 1 }) : () => tell({ heard: 'sent' });
  socketOf(socket, server).send(Buffer.from(hex, 'hex'), port, server, order.times === undefined ? undefined : next);
}

function open(number: number, host: string, port: number): void {
  const connection = connect({ host, port, noDelay: true });
  connections.set(number, connection);
  connection.on('connect', () => tell({ heard: 'open', connection: number }));
  connection.on('data', (data: Buffer) => tell({ heard: 'data', connection: number, hex: data.toString('hex') }));
  connection.on('error', () => undefined);
  connection.on('close', () => tell({ heard: 'close', connection: number }));
}

function obey(order: Order): void {
  switch (order.do) {
    case 'send':
      send(order);
      break;
    case 'open':
      open(order.connection, order.server, order.port);
      break;
    case 'write':
      connections.get(order.connection)?.write(Buffer.from(order.hex, 'hex'));
      break;
    case 'end':
      if (order.resets === true) connections.get(order.connection)?.resetAndDestroy();
      else connections.get(order.connection)?.end();
      break;
  }
}

createInterface({ input: process.stdin }).on('line', (line) => obey(JSON.parse(line) as Order));
process.stdin.on('end', () => process.exit(0));
tell({ heard: 'ready' });
