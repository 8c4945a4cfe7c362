// An HTTP proxy in front of an API server that understands watches just enough to spoil them, and counts what passes.
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

interface Passing {
  readonly answer: ServerResponse;
  readonly upstream: IncomingMessage;
  /** Lines that passed lately. */
  readonly lines: string[];
  isFrozen: boolean;
  rest: string;
}

export class HostileProxy {
  lists = 0;
  watches = 0;
  requests = 0;
  refused = 0;
  /** So many of the next watches are told that their revision is gone. */
  storm = 0;
  /** Told to watches, so that a list was needed. */
  expired = 0;
  /** Bodies of lists come in pieces of a few kB with a rest after each. */
  isSlow = false;
  /** Events pass in pairs, the later one first. */
  isShuffled = false;
  readonly #watching = new Set<Passing>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #target: URL;

  constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((ask, answer) => this.#pass(ask, answer));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async start(t: { teardown(act: () => unknown): void }): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      this.#server.closeAllConnections();
      this.#server.close();
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get watching(): number {
    return this.#watching.size;
  }

  get isFrozen(): boolean {
    return [...this.#watching].some(({ isFrozen }) => isFrozen);
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Connections stay open, and nothing comes any more. */
  freeze(): void {
    for (const one of this.#watching) one.isFrozen = true;
  }

  end(): void {
    for (const { answer } of this.#watching) answer.end();
  }

  garbage(): void {
    for (const { answer } of this.#watching) answer.write('{"type":"MODIFIED","object":{"metadata"\n');
  }

  /** What passed lately comes again, and in another order. */
  repeat(): void {
    for (const { answer, lines } of this.#watching) answer.write([...lines].reverse().join(''));
  }

  expire(): void {
    for (const { answer } of this.#watching) {
      this.expired += 1;
      answer.end(tooOld);
    }
  }

  #pass(ask: IncomingMessage, answer: ServerResponse): void {
    this.requests += 1;
    const query = new URL(ask.url ?? '/', this.#target).searchParams;
    const isWatch = query.has('watch');
    if (isWatch) this.watches += 1;
    else if (!query.has('continue')) this.lists += 1;
    if (isWatch && this.storm > 0) {
      this.storm -= 1;
      this.expired += 1;
      answer.end(tooOld);
      return;
    }
    const { hostname, port } = this.#target;
    const asked = request({ hostname, port, path: ask.url, method: ask.method, headers: ask.headers }, (upstream) => {
      if (upstream.statusCode === 401) this.refused += 1;
      answer.writeHead(upstream.statusCode ?? 502, upstream.headers);
      answer.flushHeaders();
      upstream.on('error', () => answer.destroy());
      if (isWatch && upstream.statusCode === 200) this.#watch(answer, upstream);
      else if (this.isSlow) void drip(answer, upstream);
      else upstream.pipe(answer);
    });
    asked.on('error', () => answer.destroy());
    answer.on('close', () => asked.destroy());
    asked.end();
  }

  #watch(answer: ServerResponse, upstream: IncomingMessage): void {
    const passing: Passing = { answer, upstream, lines: [], isFrozen: false, rest: '' };
    this.#watching.add(passing);
    answer.on('close', () => this.#watching.delete(passing));
    upstream.setEncoding('utf8');
    upstream.on('data', (text: string) => {
      if (passing.isFrozen) return;
      const lines = (passing.rest + text).split('\n');
      passing.rest = lines.pop() ?? '';
      const whole = lines.map((line) => `${line}\n`);
      passing.lines.push(...whole);
      passing.lines.splice(0, passing.lines.length - 20);
      if (this.isShuffled) for (let i = 0; i + 1 < whole.length; i += 2) whole.splice(i, 2, whole[i + 1], whole[i]);
      answer.write(whole.join(''));
    });
    upstream.on('end', () => {
      if (!passing.isFrozen) answer.end();
    });
  }
}

const tooOld = `${JSON.stringify({
  type: 'ERROR',
  object: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'too old resource version', reason: 'Expired', code: 410 },
})}\n`;

async function drip(answer: ServerResponse, upstream: IncomingMessage): Promise<void> {
  for await (const piece of upstream as AsyncIterable<Buffer>) {
    for (let at = 0; at < piece.length && !answer.destroyed; at += 8192) {
      answer.write(piece.subarray(at, at + 8192));
      await sleep(1);
    }
  }
  answer.end();
}
