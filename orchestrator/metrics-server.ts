// Metrics server: numbers of an agent or an operator on a TCP port, for Prometheus.

import type { Server } from 'node:http';
import { createServer } from './http.ts';
import type { RoomLog } from './log.ts';
import { contentType } from './metrics.ts';

export interface MetricsServerOptions {
  /** `:9962`, `127.0.0.1:9962` or `[::1]:9962`; empty: there is none. */
  readonly listen: string;
  readonly text: () => Promise<string>;
  readonly signal: AbortSignal;
  readonly log: RoomLog;
}

/** Until the signal is aborted. A port that somebody has is told; nothing else depends on it. */
export async function serveMetrics({ listen, text, signal, log }: MetricsServerOptions): Promise<void> {
  const [, host, port] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(listen) ?? [];
  if (port === undefined) {
    if (listen !== '') log.error('the address for metrics cannot be read', { error: listen });
    return;
  }
  const server = createServer({ maxHeaderSize: 8192, requestTimeout: 10_000 }, (request, response) => {
    request.resume();
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    text().then(
      (body) => response.writeHead(200, { 'content-type': contentType }).end(body),
      (error: unknown) => {
        log.error('metrics could not be told', { error });
        response.writeHead(500).end();
      },
    );
  });
  server.on('error', (error) => log.error('metrics cannot be served', { error }));
  server.listen({ port: Number(port), ...(host !== '' && { host }) });
  await ended(server, signal);
}

function ended(server: Server, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const close = (): void => {
      server.close();
      server.closeAllConnections();
      resolve();
    };
    if (signal.aborted) close();
    else signal.addEventListener('abort', close, { once: true });
  });
}
