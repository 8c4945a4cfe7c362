// Transport: requests to the API server and their answers, as JSON or as lines of it. Everything ends by a deadline or a signal.

import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { request as httpRequest } from '../../http.ts';
import type { Clock } from '../../state/clock.ts';
import type { Counts } from './counts.ts';
import type { Credentials } from './credentials.ts';
import { KubeError, refusal } from './failure.ts';
import { linesOf } from './lines.ts';

export interface KubeRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Without the query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly accept?: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal: AbortSignal;
  /** For the whole answer; of a stream, for its beginning. */
  readonly deadlineMs?: number;
}

export interface TransportOptions {
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly counts: Counts;
  readonly mostBodyBytes?: number;
  readonly mostLineBytes?: number;
}

/** Pages of 500 objects of the largest size that etcd takes would be larger; nobody has them. */
const mostBodyBytes = 256 * 2 ** 20;
/** etcd takes 1.5 MB by default, and JSON is longer than what it keeps. */
const mostLineBytes = 8 * 2 ** 20;
const usualDeadlineMs = 60_000;

export class Transport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** The answer's body; throws KubeError for what is not 2xx, and when the signal is aborted. */
  async json(request: KubeRequest): Promise<unknown> {
    const where = nameOf(request);
    const exchange = await this.#ask(request, where);
    try {
      return await this.#body(exchange.answer, where);
    } catch (error) {
      throw this.#fault(error, exchange, where);
    } finally {
      exchange.end();
    }
  }

  /** The answer's body in the pieces that it comes in, until its deadline; throws as `json` does. Must be read to its end or broken off. */
  async *pieces(request: KubeRequest): AsyncGenerator<Buffer> {
    const where = nameOf(request);
    const exchange = await this.#ask(request, where);
    try {
      yield* this.#bounded(exchange.answer, where);
    } catch (error) {
      throw this.#fault(error, exchange, where);
    } finally {
      exchange.end();
    }
  }

  /** Lines of the answer in the bundles they came in, until the server ends it; throws as `json` does. Must be read to its end or broken off. */
  async *lines(request: KubeRequest): AsyncGenerator<Buffer[]> {
    const where = nameOf(request);
    const exchange = await this.#ask(request, where);
    exchange.stopTimer();
    try {
      // What opened is told, for a stream may be silent for long.
      yield [];
      yield* linesOf(this.#counted(exchange.answer), this.#options.mostLineBytes ?? mostLineBytes, where);
    } catch (error) {
      throw this.#fault(error, exchange, where);
    } finally {
      exchange.end();
    }
  }

  close(): void {
    this.#options.credentials.close();
  }

  /** An answer of 2xx. Refused credentials are renewed once: a token may have run out since it was read. */
  async #ask(request: KubeRequest, where: string): Promise<Exchange> {
    for (let attempt = 0; ; attempt += 1) {
      const exchange = await this.#send(request, where);
      const { statusCode = 0, headers } = exchange.answer;
      if (statusCode >= 200 && statusCode < 300) return exchange;
      try {
        const body = parse(await this.#text(exchange.answer, where));
        const error = refusal(where, statusCode, body, headers['retry-after']);
        if (statusCode !== 401 || attempt > 0) throw error;
      } catch (error) {
        throw this.#fault(error, exchange, where);
      } finally {
        exchange.end();
      }
      this.#options.counts.add('renewal');
      await this.#options.credentials.renew();
    }
  }

  async #send(request: KubeRequest, where: string): Promise<Exchange> {
    const { credentials, clock, counts } = this.#options;
    const carried = await credentials.options();
    for (let attempt = 0; ; attempt += 1) {
      counts.add('request');
      const exchange = new Exchange(request, credentials.server, carried, clock);
      try {
        await exchange.begin();
        return exchange;
      } catch (error) {
        exchange.end();
        // The server had closed a kept connection just when it was used: that says nothing of the server.
        const again = attempt === 0 && exchange.wasKept && (request.method ?? 'GET') === 'GET' && !exchange.isOver;
        if (!again) throw this.#fault(error, exchange, where);
      }
    }
  }

  async #body(answer: IncomingMessage, where: string): Promise<unknown> {
    const text = await this.#text(answer, where);
    const body = parse(text);
    if (body === undefined) throw new KubeError('KUBE_ANSWER_INVALID', `kubernetes api: ${where}: not json: "${text.slice(0, 60)}"`);
    return body;
  }

  async #text(answer: IncomingMessage, where: string): Promise<string> {
    const pieces: Buffer[] = [];
    for await (const piece of this.#bounded(answer, where)) pieces.push(piece);
    return Buffer.concat(pieces).toString('utf8');
  }

  async *#bounded(answer: IncomingMessage, where: string): AsyncGenerator<Buffer> {
    const most = this.#options.mostBodyBytes ?? mostBodyBytes;
    let length = 0;
    for await (const piece of this.#counted(answer)) {
      length += piece.length;
      if (length > most) throw new KubeError('KUBE_ANSWER_INVALID', `kubernetes api: ${where}: the answer is longer than ${most} bytes`);
      yield piece;
    }
  }

  async *#counted(answer: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of answer) {
      this.#options.counts.add('byte', piece.length);
      yield piece;
    }
  }

  #fault(error: unknown, exchange: Exchange, where: string): KubeError {
    if (error instanceof KubeError) return error;
    if (exchange.timedOut) return new KubeError('KUBE_TIMEOUT', `kubernetes api: ${where}: no answer in ${exchange.deadlineMs} ms`);
    const { message, code } = error as { message: string; code?: string };
    const what = code !== undefined && !message.includes(code) ? `${code}: ${message}` : message;
    return new KubeError('KUBE_UNAVAILABLE', `kubernetes api: ${where}: ${this.#options.credentials.server.host}: ${what}`, {
      cause: error,
    });
  }
}

/** One request under way. */
class Exchange {
  readonly deadlineMs: number;
  answer!: IncomingMessage;
  timedOut = false;
  wasKept = false;
  readonly #request: KubeRequest;
  readonly #server: URL;
  readonly #carried: object;
  readonly #stop = new AbortController();
  readonly #cancelTimer: () => void;

  constructor(request: KubeRequest, server: URL, carried: object, clock: Clock) {
    this.#request = request;
    this.#server = server;
    this.#carried = carried;
    this.deadlineMs = request.deadlineMs ?? usualDeadlineMs;
    this.#cancelTimer = clock.timer(this.deadlineMs, () => {
      this.timedOut = true;
      this.#stop.abort();
    });
  }

  get isOver(): boolean {
    return this.#stop.signal.aborted || this.#request.signal.aborted;
  }

  begin(): Promise<void> {
    const { method = 'GET', path, query, accept = 'application/json', body, contentType, signal } = this.#request;
    const carried = this.#carried as { headers?: Record<string, string> };
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers: Record<string, string | number> = { ...carried.headers, accept, 'user-agent': 'axoneme' };
    if (text !== undefined) {
      headers['content-type'] = contentType ?? 'application/json';
      headers['content-length'] = Buffer.byteLength(text);
    }
    const { protocol } = this.#server;
    const send = protocol === 'https:' ? httpsRequest : httpRequest;
    const url = new URL(`${this.#server.pathname.replace(/\/$/, '')}${path}${queryText(query)}`, this.#server);
    return new Promise((resolve, reject) => {
      const sent = send(url, { ...carried, method, headers, signal: AbortSignal.any([signal, this.#stop.signal]) });
      sent.on('socket', (socket) => socket.setKeepAlive(true, 15_000));
      sent.on('error', (error) => {
        this.wasKept = sent.reusedSocket;
        reject(error);
      });
      sent.on('response', (answer) => {
        this.answer = answer;
        // Whoever reads hears of it; nobody may be reading any more.
        answer.on('error', () => {});
        resolve();
      });
      sent.end(text);
    });
  }

  /** From here on the reader decides how long it takes. */
  stopTimer(): void {
    this.#cancelTimer();
  }

  /** An answer that was read whole leaves its connection to others. */
  end(): void {
    this.#cancelTimer();
    if (this.answer?.complete !== true) this.#stop.abort();
  }
}

function queryText(query: KubeRequest['query'] = {}): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}

function nameOf({ method = 'GET', path, query }: KubeRequest): string {
  return `${query?.watch === undefined ? method.toLowerCase() : 'watch'} ${path}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
