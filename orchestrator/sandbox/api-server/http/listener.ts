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
    const answerTo = (request: IncomingMessage, response: ServerResponse) => void answer(request, response, handler);
    const { tls } = options;
    const server = tls === undefined ? createServer(answerTo) : createSecureServer({ cert: tls.certificate, key: tls.key }, answerTo);
    server.requestTimeout = 60_000;
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

  /** Open connections are cut. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, handler: Handler): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  // A client that goes away while it is written to is no error.
  response.on('error', () => gone.abort());
  request.on('error', () => gone.abort());
  try {
    const reply = await handler(request, response, gone.signal);
    if (reply !== 'written') writeReply(response, reply);
  } catch (error) {
    if (gone.signal.aborted && response.destroyed) return;
    writeError(response, error instanceof StatusError ? error : storeFailure(error));
  }
}
