// The listener: sockets in, calls out, and an answer to whatever comes.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { StatusError } from '../status-error.ts';
import { storeFailure } from '../storage/failure.ts';
import type { Reply } from './call.ts';
import { writeError, writeReply } from './reply-writer.ts';

export interface ListenerOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Milliseconds for a request to arrive, and for a reply to be read. */
  readonly stall: number;
  /** PEM texts; plain HTTP without. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

export type Handler = (request: IncomingMessage, response: ServerResponse, signal: AbortSignal) => Promise<Reply | 'written'>;

export class Listener {
  private readonly server: Server;
  private readonly secure: boolean;
  private readonly host: string;

  private constructor(server: Server, { host, tls }: ListenerOptions) {
    this.server = server;
    this.secure = tls !== undefined;
    this.host = host;
  }

  static async open(options: ListenerOptions, handler: Handler): Promise<Listener> {
    const { tls, stall } = options;
    const answerTo = (request: IncomingMessage, response: ServerResponse) => void answer(request, response, handler);
    const common = {
      requestTimeout: stall,
      headersTimeout: stall,
      connectionsCheckingInterval: Math.min(stall / 2, 30_000),
      // A machine that is gone says nothing, and a quiet watch would never notice.
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
    };
    const server =
      tls === undefined ? createServer(common, answerTo) : createSecureServer({ ...common, cert: tls.certificate, key: tls.key }, answerTo);
    // Time runs out while nothing moves: for a quiet watch that is well, but what waits is not kept for a client that has stopped reading.
    server.setTimeout(stall, (socket) => {
      if (socket.writableLength > 0) socket.destroy();
    });
    server.keepAliveTimeout = 90_000;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return new Listener(server, options);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.secure ? 'https' : 'http'}://${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.port}`;
  }

  connections(): Promise<number> {
    return new Promise((resolve, reject) =>
      this.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
    );
  }

  /** Open connections are cut. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }
}

/** One for all: making an error for each of ten thousand watchers that leave takes its time. */
const clientGone = new Error('the client is gone');

async function answer(request: IncomingMessage, response: ServerResponse, handler: Handler): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort(clientGone));
  // A client that goes away while it is written to is no error.
  response.on('error', () => gone.abort(clientGone));
  request.on('error', () => gone.abort(clientGone));
  try {
    const reply = await handler(request, response, gone.signal);
    if (reply !== 'written') writeReply(response, reply);
  } catch (error) {
    if (gone.signal.aborted && response.destroyed) return;
    writeError(response, error instanceof StatusError ? error : storeFailure(error));
  }
}
