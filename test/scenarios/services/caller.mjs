// Caller: comes to services from where it runs, told by lines of JSON on its input: {id, protocol, address, port, times, timeoutMs, from?}.
// Comes so many times at once and says {id, got: [...]}: of each time `NAME PORT PEER` as the teller said it, `refused`, `nothing` when the time
// was over, or another error's code. With protocol http it says `STATUS WEIGHT`, with dns the addresses of the name.
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const failure = ({ code }) => (code === 'ECONNREFUSED' ? 'refused' : String(code));
/** Tells what came first, or `nothing` after the time; on a slow machine that may be over before what has come was read. */
function first(timeoutMs, close, resolve) {
  let isOver = false;
  const end = (got) => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    close();
    resolve(got);
  };
  const timer = setTimeout(() => setImmediate(() => end('nothing')), timeoutMs);
  return end;
}

/** The world's own server tells a client's address, and its port. */
const said = (data) => {
  const words = String(data).trim().split(' ');
  return words.length === 2 ? words[0] : words.slice(0, 3).join(' ');
};

const come = {
  tcp({ address, port, timeoutMs, from }) {
    return new Promise((resolve) => {
      const socket = connect({ host: address, port, ...(from && { localAddress: from }) });
      const end = first(timeoutMs, () => socket.destroy(), resolve);
      socket.on('connect', () => socket.write('?\n'));
      socket.on('data', (data) => end(said(data)));
      socket.on('error', (error) => end(failure(error)));
    });
  },
  udp({ address, port, timeoutMs, from, isUnconnected }) {
    return new Promise((resolve) => {
      const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
      const end = first(timeoutMs, () => socket.close(), resolve);
      // An answer from another address than was asked is none.
      socket.on('message', (data, peer) => end(peer.address === address && peer.port === port ? said(data) : `stranger ${peer.address}`));
      socket.on('error', (error) => end(failure(error)));
      if (isUnconnected) socket.send('?', port, address, (error) => error && end(failure(error)));
      else socket.bind({ address: from }, () => socket.connect(port, address, () => socket.send('?')));
    });
  },
  http({ address, port, timeoutMs }) {
    return new Promise((resolve) => {
      const asking = request({ host: address, port, timeout: timeoutMs, agent: false }, (response) => {
        response.resume();
        resolve(`${response.statusCode} ${response.headers['x-load-balancing-endpoint-weight']}`);
      });
      asking.on('timeout', () => asking.destroy(new Error('timeout')));
      asking.on('error', (error) => resolve(failure(error)));
      asking.end();
    });
  },
};

async function dns({ name, family }) {
  const resolver = new Resolver({ timeout: 2_000, tries: 3 });
  try {
    return family === 4 ? await resolver.resolve4(name) : await resolver.resolve6(name);
  } catch ({ code }) {
    return code === 'ENODATA' || code === 'ENOTFOUND' ? [] : [String(code)];
  }
}

createInterface(process.stdin).on('line', async (line) => {
  const { id, protocol, times = 1, ...question } = JSON.parse(line);
  const got = protocol === 'dns' ? await dns(question) : await Promise.all(Array.from({ length: times }, () => come[protocol](question)));
  process.stdout.write(`${JSON.stringify({ id, got })}\n`);
});
