// Sockets: scripts of Node's that speak in namespaces, and what they say.

import type { Family } from '../support/world.ts';

/** Bytes that a connection carries each way. */
export const transferred = 3_000_000;

/** Answers every connection with the address it came from, then with what it gets, and every datagram likewise. */
export const serve = `
  const net = require('node:net'), dgram = require('node:dgram');
  const plain = (address) => address.replace('::ffff:', '');
  let missing = 3;
  const ready = () => { if (--missing === 0) console.log('ready'); };
  for (const port of [8080, 9090]) {
    net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.write(plain(socket.remoteAddress) + '\\n');
      socket.pipe(socket);
    }).listen(port, '::', ready);
  }
  const socket = dgram.createSocket({ type: 'udp6' });
  socket.on('message', (data, from) => socket.send(plain(from.address) + ' ' + data, from.port, from.address));
  socket.bind(5353, '::', ready);`;

export const connect = (host: string, port: number): string => `
  const socket = require('node:net').connect({ host: '${host}', port: ${port} });
  let first = '', received = 0;
  socket.on('data', (data) => { received += data.length; if (first.length < 64) first += data.subarray(0, 64).toString('latin1'); });
  socket.on('end', () => console.log(first.split('\\n')[0] + ' ' + (received - first.split('\\n')[0].length - 1)));
  socket.on('error', (error) => console.log(error.code));
  socket.setTimeout(1500, () => { console.log('silence'); socket.destroy(); });
  socket.end(Buffer.alloc(${transferred}, 1));`;

export const ask = (family: Family, host: string, port: number): string => `
  const socket = require('node:dgram').createSocket('${family === 'ipv4' ? 'udp4' : 'udp6'}');
  const end = (text) => { console.log(text); socket.close(); };
  const timer = setTimeout(() => end('silence'), 1500);
  socket.on('message', (data) => { clearTimeout(timer); end(String(data)); });
  socket.on('error', (error) => { clearTimeout(timer); end(error.code); });
  socket.connect(${port}, '${host}', () => socket.send('hello'));`;

/** A MAC address is the low six bytes of its word, first byte first. */
export function macText(word: bigint): string {
  return Array.from({ length: 6 }, (_, index) =>
    Number((word >> BigInt(index * 8)) & 0xffn)
      .toString(16)
      .padStart(2, '0'),
  ).join(':');
}
