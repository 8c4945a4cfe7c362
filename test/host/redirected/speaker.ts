// Speaker: a process in a pod of these tests, or on the node. A line of JSON in, a line of JSON out.
//
//   serve {name, ports, addresses}   answers datagrams and connections with its name and what came; how many came so far: `count`
//   ask {to, text, socket?}          one datagram to each place by one socket, which stays under its name; the answers, once all are there, or after
//                                    `silence` milliseconds without one
//   connect {to, text, name?}        a connection to each place at once, their first lines and what they echo; they stay open under a name
//   again {name, text}               what that connection echoes now

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Socket as Connection, connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

export type Place = readonly [address: string, port: number];

export interface Request {
  readonly act: 'serve' | 'count' | 'ask' | 'connect' | 'again';
  readonly name?: string;
  readonly ports?: readonly number[];
  readonly addresses?: readonly string[];
  readonly to?: readonly Place[];
  readonly text?: string;
  readonly socket?: string;
  readonly silence?: number;
}

const sockets = new Map<string, Socket>();
const connections = new Map<string, Connection>();
let count = 0;

const plain = (address: string) => address.replace('::ffff:', '');

async function serve({ name = '', ports = [], addresses = [] }: Request): Promise<boolean> {
  for (const [address, port] of addresses.flatMap((address) => ports.map((port) => [address, port] as const))) {
    const isIpv6 = address.includes(':');
    const socket = createSocket({ type: isIpv6 ? 'udp6' : 'udp4', reuseAddr: true, ...(isIpv6 && { ipv6Only: true }) });
    socket.on('message', (data, from) => {
      count += 1;
      socket.send(`${name} ${data}`, from.port, from.address);
    });
    await once(socket.bind(port, address), 'listening');
    // Connections cannot be waited for at all addresses and at one of them.
    if (!['0.0.0.0', '::'].includes(address)) continue;
    const server = createServer((connection) => {
      count += 1;
      connection.on('error', () => connection.destroy());
      connection.write(`${name}\n`);
      connection.pipe(connection);
    });
    await once(server.listen({ port, host: address, ipv6Only: true }), 'listening');
  }
  return true;
}

/** By place; those that came twice stand twice. */
async function ask({ to = [], text = '', socket: name = '', silence = 20_000 }: Request): Promise<string[]> {
  const isIpv6 = to[0]?.[0].includes(':') ?? false;
  const socket = sockets.get(name) ?? createSocket(isIpv6 ? 'udp6' : 'udp4');
  if (name !== '') sockets.set(name, socket);
  const answers: string[] = [];
  await new Promise<void>((resolve) => {
    let timer = setTimeout(resolve, silence);
    socket.on('message', (data, from) => {
      answers.push(`${plain(from.address)} ${from.port}: ${data.subarray(0, 100)}`);
      clearTimeout(timer);
      timer = setTimeout(resolve, answers.length >= to.length ? 0 : silence);
    });
    socket.on('error', () => undefined);
    for (const [address, port] of to) socket.send(text, port, address);
  });
  socket.removeAllListeners();
  if (name === '') socket.close();
  return answers.sort();
}

/** In the order of the places; under its name stays the last. */
async function open({ to = [], text = '', name = '', silence = 20_000 }: Request): Promise<string[]> {
  return await Promise.all(
    to.map(async ([host, port]) => {
      const connection = connect({ host, port });
      if (name !== '') connections.set(name, connection);
      const said = await echoed(connection, text, silence);
      if (name === '') connection.destroy();
      return said;
    }),
  );
}

/** The first line, if there is one, and how many bytes of the text came back; or why not. */
function echoed(connection: Connection, text: string, silence: number): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const timer = setTimeout(() => end('silence'), silence);
    const end = (what: string) => {
      clearTimeout(timer);
      connection.removeAllListeners('data').on('error', () => connection.destroy());
      resolve(what);
    };
    connection.on('data', (data) => {
      said += data;
      const at = said.indexOf('\n') + 1;
      if (said.length - at >= text.length)
        end(`${said.slice(0, Math.max(0, at - 1))} ${said.slice(at) === text ? text.length : 'other text'}`.trim());
    });
    connection.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? ''));
    connection.write(text);
  });
}

async function answer(request: Request): Promise<unknown> {
  switch (request.act) {
    case 'serve':
      return await serve(request);
    case 'count':
      return count;
    case 'ask':
      return await ask(request);
    case 'connect':
      return await open(request);
    case 'again':
      return await echoed(connections.get(request.name ?? '') as Connection, request.text ?? '', request.silence ?? 20_000);
  }
}

for await (const line of createInterface(process.stdin)) {
  const said = await answer(JSON.parse(line)).catch((error: Error) => ({ error: error.message }));
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
process.exit();
