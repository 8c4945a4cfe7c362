// Many questions: lookups each followed by a connection to what was told, and questions at a rate whose answers are counted.

import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';
import { encode } from 'dns-packet';
import { ask, heard, question } from './dns-client.ts';

export interface Race {
  readonly server: string;
  /** Behind a number, the name that is asked for. */
  readonly suffix: string;
  readonly first: number;
  readonly count: number;
  readonly atOnce: number;
  readonly timeoutMs: number;
}

export interface Raced {
  readonly connected: number;
  /** What went wrong, at most ten of them. */
  readonly failed: readonly string[];
  readonly slowestMs: number;
}

/** A connection to the first address of each answer, begun in the moment in which the answer came. */
export async function race({ server, suffix, first, count, atOnce, timeoutMs }: Race): Promise<Raced> {
  const failed: string[] = [];
  let [next, connected, slowestMs] = [0, 0, 0];
  const one = async (index: number) => {
    const name = `n${first + index}.${suffix}`;
    const told = await ask({ server, port: 53, over: 'udp', name, type: index % 2 === 0 ? 'A' : 'AAAA', timeoutMs });
    const [address] = told.addresses;
    if (address === undefined) return void failed.push(`${name}: ${told.rcode}`);
    const begun = performance.now();
    const isThere = await connects(address, 443, timeoutMs);
    slowestMs = Math.max(slowestMs, Math.round(performance.now() - begun));
    if (isThere) connected += 1;
    else failed.push(`${name}: ${address} does not answer`);
  };
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) await one(next++);
    }),
  );
  return { connected, failed: failed.slice(0, 10), slowestMs };
}

/** What an echo gives back, and a server of HTTP answers. */
export const greeting = 'HEAD / HTTP/1.1\r\nHost: world\r\n\r\n';

/** Something that is sent is answered. */
export function connects(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    const end = (isThere: boolean) => {
      clearTimeout(timer);
      // Nobody keeps what is over: thousands of them would wait for their time.
      socket.resetAndDestroy();
      resolve(isThere);
    };
    const timer = setTimeout(() => setImmediate(() => end(false)), timeoutMs);
    socket.on('connect', () => socket.write(greeting));
    socket.on('data', () => end(true));
    socket.on('error', () => end(false));
  });
}

export interface Pour {
  readonly server: string;
  /** A second. */
  readonly rate: number;
  /** Name → the code that its answers have. */
  readonly names: Readonly<Record<string, string>>;
  readonly lostMs: number;
}

export interface Poured {
  readonly asked: number;
  readonly answered: number;
  /** With another code than it should be, or without an address. */
  readonly wrong: number;
  /** Told that no answer could be had. */
  readonly failed: number;
  readonly lost: number;
  readonly slowestMs: number;
  readonly words: readonly string[];
}

/** A question that is not answered in time is lost: nobody asks it again. */
export class Pouring {
  readonly #options: Pour;
  readonly #sockets: Socket[];
  readonly #waiting = new Map<number, { readonly at: number; readonly code: string }>();
  readonly #begun = performance.now();
  readonly #timer: NodeJS.Timeout;
  #tally = { asked: 0, answered: 0, wrong: 0, failed: 0, lost: 0, slowestMs: 0 };
  readonly #words = new Set<string>();
  #due = 0;

  constructor(options: Pour) {
    this.#options = options;
    this.#sockets = Array.from({ length: 4 }, (_, at) => this.#socket(at));
    this.#timer = setInterval(() => this.#pour(), 5);
  }

  tell(): Poured {
    this.#look();
    return { ...this.#tally, words: [...this.#words].slice(0, 5) };
  }

  /** What was asked is waited for. */
  async end(): Promise<Poured> {
    clearInterval(this.#timer);
    while (this.#waiting.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      this.#look();
    }
    for (const socket of this.#sockets) socket.close();
    return this.tell();
  }

  #socket(at: number): Socket {
    const socket = createSocket({ type: this.#options.server.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 });
    socket.on('error', (error) => this.#words.add(error.message));
    socket.on('message', (message) => this.#hear(message, at));
    return socket;
  }

  #hear(message: Buffer, at: number): void {
    const { id, rcode, addresses } = heard(message, '');
    const key = at * 65_536 + id;
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    this.#waiting.delete(key);
    this.#tally.slowestMs = Math.max(this.#tally.slowestMs, Math.round(performance.now() - waiting.at));
    this.#tally.answered += 1;
    if (rcode === waiting.code && (rcode !== 'NOERROR' || addresses.length > 0)) return;
    this.#tally[rcode === 'SERVFAIL' ? 'failed' : 'wrong'] += 1;
    this.#words.add(`${rcode} with ${addresses.length} addresses, not ${waiting.code}`);
  }

  #pour(): void {
    const { rate, names, server } = this.#options;
    const now = performance.now();
    const all = Object.entries(names);
    // What a busy machine did not come to is not made up for at once.
    const due = Math.floor(((now - this.#begun) / 1000) * rate);
    this.#due = Math.max(this.#due, due - 100);
    for (; this.#due < due; this.#due += 1) {
      const number = this.#tally.asked++;
      const [name = '', code = ''] = all[number % all.length] ?? [];
      const at = number % this.#sockets.length;
      const id = 1 + (Math.floor(number / this.#sockets.length) % 65_000);
      this.#waiting.set(at * 65_536 + id, { at: now, code });
      this.#sockets[at]?.send(encode(question({ name, type: number % 3 === 0 ? 'AAAA' : 'A' }, id)), 53, server);
    }
    if (this.#tally.asked % 500 < 20) this.#look();
  }

  #look(): void {
    const oldest = performance.now() - this.#options.lostMs;
    for (const [key, { at }] of this.#waiting) {
      if (at > oldest) break;
      this.#waiting.delete(key);
      this.#tally.lost += 1;
    }
  }
}
