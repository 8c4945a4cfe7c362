// Connection: one of a pod's over TCP, and the one to the server that it asks. Queries may follow each other without waiting; answers go back in
// the order in which they come. Whoever does not read what it is sent is not read from.

import { connect, type Socket } from 'node:net';
import { type AddressKey, addressKey } from '../engine/address-key.ts';
import type { Engine } from '../engine/engine.ts';
import type { Pod } from '../engine/pods.ts';
import { longestOwnAnswer } from '../message/own-answer.ts';
import { FrameReader, frame } from './tcp-frames.ts';

const tcp = 6;
/** Bytes that may wait for a pod to read them. */
const mostWaiting = 256 << 10;
/** Milliseconds without a whole query, or for one to become whole. */
const idleMs = 10_000;
const connectMs = 5000;

export interface ConnectionParts {
  readonly engine: Engine<Connection>;
  /** Of the engine, for all connections. */
  readonly lane: number;
  readonly socket: Socket;
  readonly pod: Pod;
  ended(connection: Connection): void;
}

export class Connection {
  readonly pod: Pod;
  private readonly parts: ConnectionParts;
  private readonly podKey: AddressKey;
  private readonly podPort: number;
  private readonly server: { readonly key: AddressKey; readonly host: string; readonly port: number };
  private readonly queries = new FrameReader();
  private readonly slots = new Set<number>();
  private upstream: Socket | undefined;
  private since = performance.now();
  private isEnding = false;
  private hasEnded = false;

  constructor(parts: ConnectionParts) {
    const { socket } = parts;
    this.parts = parts;
    this.pod = parts.pod;
    this.podKey = addressKey(plain(socket.remoteAddress));
    this.podPort = socket.remotePort ?? 0;
    const host = plain(socket.localAddress);
    this.server = { key: addressKey(host), host, port: socket.localPort ?? 0 };
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.queries.push(chunk, (message) => this.ask(message)));
    socket.on('end', () => this.finish());
    socket.on('error', () => this.end());
    socket.on('close', () => this.end());
    socket.on('drain', () => socket.resume());
  }

  /** Bytes of queries that are not whole. */
  get pending(): number {
    return this.queries.pending;
  }

  /** Nothing is on its way. */
  get isIdle(): boolean {
    return this.slots.size === 0 && this.queries.pending === 0;
  }

  /** True when it has been doing nothing, or a frame is on its way, for too long. */
  isLate(now: number): boolean {
    return this.slots.size === 0 && now - this.since > idleMs;
  }

  /** The slot's query gets no answer of its server. */
  fail(slot: number): void {
    const { failures } = this.parts.engine;
    const start = slot * longestOwnAnswer;
    this.reply(slot, failures.subarray(start, start + this.parts.engine.failureLength(slot)));
  }

  /** What has been asked is answered; then it ends. */
  finish(): void {
    this.isEnding = true;
    if (this.slots.size === 0) this.parts.socket.end();
  }

  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    const { engine } = this.parts;
    for (const slot of this.slots) engine.forget(slot, this);
    this.slots.clear();
    this.parts.socket.destroy();
    this.upstream?.destroy();
    this.parts.ended(this);
  }

  private ask(message: Buffer): void {
    if (this.hasEnded) return;
    const { engine, lane, socket } = this.parts;
    this.since = performance.now();
    const { asked } = engine;
    asked.protocol = tcp;
    asked.pod = this.podKey;
    asked.podPort = this.podPort;
    asked.server = this.server.key;
    asked.serverPort = this.server.port;
    // An answer of ours may need more than a message that is cut off within its question.
    asked.bytes = message.length < longestOwnAnswer ? Buffer.concat([message], longestOwnAnswer) : message;
    asked.start = 0;
    asked.length = message.length;
    const slot = engine.ask(lane, this, this.since);
    if (slot >= 0) {
      this.slots.add(slot);
      this.upstream ??= this.connect();
      this.upstream.write(frame(asked.bytes.subarray(0, message.length)));
    } else if (engine.ownLength > 0) socket.write(frame(asked.bytes.subarray(0, engine.ownLength)));
    // Nothing is to be said to it.
    else this.end();
    if (socket.writableLength > mostWaiting || (this.upstream?.writableLength ?? 0) > mostWaiting) socket.pause();
  }

  private reply(slot: number, message: Uint8Array): void {
    this.slots.delete(slot);
    if (this.hasEnded) return;
    const { socket } = this.parts;
    this.since = performance.now();
    socket.write(frame(message));
    if (socket.writableLength > mostWaiting) socket.pause();
    if (this.isEnding && this.slots.size === 0) socket.end();
  }

  /** To the server, when the first query may go there, and again when that connection has ended. */
  private connect(): Socket {
    const { engine, lane } = this.parts;
    const { key, host, port } = this.server;
    const upstream = connect({ host, port, noDelay: true });
    const answers = new FrameReader();
    const lost = (): void => {
      if (this.upstream !== upstream) return;
      this.upstream = undefined;
      upstream.destroy();
      for (const slot of [...this.slots]) {
        if (engine.unsent(slot, this) >= 0) this.fail(slot);
        else this.slots.delete(slot);
      }
    };
    upstream.setTimeout(connectMs, lost).once('connect', () => upstream.setTimeout(0));
    upstream.on('error', lost).on('close', lost).on('end', lost);
    upstream.on('drain', () => this.parts.socket.resume());
    upstream.on('data', (chunk: Buffer) => {
      answers.push(chunk, (bytes) => {
        const now = performance.now();
        const slot = engine.answer(lane, { from: key, port, bytes, start: 0, length: bytes.length, now, owner: this });
        if (slot < 0) return;
        if (engine.isReleased) this.reply(slot, bytes);
        else this.fail(slot);
      });
    });
    return upstream;
  }
}

/** IPv4 as it is on a socket of both families. */
function plain(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
}
