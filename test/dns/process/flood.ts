// Flood: a pod that asks all the time, in a process of its own: `flood.ts SERVER RATE NAMES`. Ends when its standard input does, having waited
// for the last answers, and tells what became of its questions.

import { createSocket } from 'node:dgram';
import { question } from './servers.ts';

export interface Flooded {
  readonly sent: number;
  readonly answered: number;
  /** By the proxy, as a name that is not allowed. */
  readonly refused: number;
  /** Other answers than NOERROR. */
  readonly failed: number;
  /** The longest time that an answer took. */
  readonly slowestMs: number;
}

const [server = '', rate = '1000', names = '100'] = process.argv.slice(2);
const tickMs = 5;
const patienceMs = 6000;
const mostWaiting = 300;
const waiting = new Map<number, number>();
const counts = { sent: 0, answered: 0, refused: 0, failed: 0, slowestMs: 0 };
// Each socket has 65,536 questions of its own.
const sockets = Array.from({ length: 4 }, (_, index) => {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
  socket.on('message', (message) => {
    const key = index * 65_536 + message.readUInt16BE(0);
    const sent = waiting.get(key);
    if (sent === undefined) return;
    waiting.delete(key);
    counts.answered += 1;
    counts.slowestMs = Math.max(counts.slowestMs, performance.now() - sent);
    const rcode = message.readUInt16BE(2) & 0xf;
    if (rcode === 5) counts.refused += 1;
    else if (rcode !== 0) counts.failed += 1;
  });
  return socket;
});

let due = 0;
const started = performance.now();
const timer = setInterval(() => {
  for (const [key, sent] of waiting) {
    if (performance.now() - sent < patienceMs) break;
    waiting.delete(key);
  }
  const wanted = ((performance.now() - started) / 1000) * Number(rate);
  // On a busy machine fewer are asked: those that wait here would only be many at once later.
  for (; due < wanted && waiting.size < mostWaiting; due += 1) {
    const [index, id] = [due % sockets.length, Math.floor(due / sockets.length) % 65_536];
    waiting.set(index * 65_536 + id, performance.now());
    counts.sent += 1;
    sockets[index]?.send(question(id, `n${due % Number(names)}.example.com`), 53, server);
  }
}, tickMs);

process.stdin.on('end', async () => {
  clearInterval(timer);
  const deadline = performance.now() + patienceMs;
  while (waiting.size > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  process.stdout.write(JSON.stringify(counts satisfies Flooded), () => process.exit(0));
});
process.stdin.resume();
