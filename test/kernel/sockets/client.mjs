// A process in a cgroup that opens sockets as it is told: a request a line, an answer a line, both JSON. Sockets stay open under their names.

import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const sockets = new Map();
/** Why a connection ended that its user did not end. */
const faults = new Map();
const patienceMs = 3000;

const place = (address, port) => (address?.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);

/** The first that happens of an answer, an error and silence. */
function outcome(start) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ error: 'silence' }), patienceMs);
    start((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

const acts = {
  /** `from`: what the server says first; `peer`: whom we are connected to. */
  connect: ({ name, host, port }) =>
    outcome((done) => {
      const socket = connect({ host, port });
      if (name) sockets.set(name, socket);
      socket.on('error', ({ code }) => {
        faults.set(socket, code);
        done({ error: code });
      });
      socket.once('data', (data) => {
        done({ from: String(data), peer: place(socket.remoteAddress, socket.remotePort) });
        if (!name) socket.destroy();
      });
    }),
  /** What an open connection's server answers. */
  say: ({ name }) =>
    outcome((done) => {
      const socket = sockets.get(name);
      const ended = () => done({ error: faults.get(socket) ?? 'closed' });
      if (socket.destroyed) return ended();
      socket.once('data', (data) => done({ from: String(data) }));
      socket.once('close', ended);
      socket.write('again');
    }),
  open: ({ name, family }) =>
    outcome((done) => {
      const socket = createSocket({ type: `udp${family}` });
      socket.on('error', () => {});
      sockets.set(name, socket);
      socket.bind(0, () => done({}));
    }),
  /** `peer`: whom the socket then says it is connected to. */
  tie: ({ name, host, port }) =>
    outcome((done) => {
      const socket = sockets.get(name);
      socket.once('error', ({ code }) => done({ error: code }));
      socket.connect(port, host, (error) => {
        if (error) return done({ error: error.code });
        const { address, port: number } = socket.remoteAddress();
        done({ peer: place(address, number) });
      });
    }),
  /** One datagram and its answer: who answered, and where the answer came from. Without a host to whom the socket is tied. */
  send: ({ name, host, port }) =>
    outcome((done) => {
      const socket = sockets.get(name);
      socket.removeAllListeners('message');
      socket.once('message', (data, from) => done({ from: String(data), peer: place(from.address, from.port) }));
      const sent = (error) => error && done({ error: error.code });
      if (host) socket.send('ask', port, host, sent);
      else socket.send('ask', sent);
    }),
  close: ({ name }) => {
    const socket = sockets.get(name);
    sockets.delete(name);
    if (socket.close) socket.close();
    else socket.destroy();
    return {};
  },
};

for await (const line of createInterface(process.stdin)) {
  const { act, ...request } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await acts[act](request))}\n`);
}
process.exit(0);
