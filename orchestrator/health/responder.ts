// The responder: answers the probes of other nodes, and nothing else.

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from '../http.ts';

export const healthPort = 4240;

export interface Responder extends AsyncDisposable {
  readonly port: number;
}

/** Listens on every address of both families. Throws what the system says when the port is taken. */
export async function openResponder({ node, port = healthPort }: { readonly node: string; readonly port?: number }): Promise<Responder> {
  const body = `${JSON.stringify({ node })}\n`;
  const server = createServer(
    { maxHeaderSize: 4096, headersTimeout: 5_000, requestTimeout: 5_000, keepAliveTimeout: 1 },
    (request, response) => {
      const isAsked = request.url === '/healthz' && (request.method === 'GET' || request.method === 'HEAD');
      response.writeHead(isAsked ? 200 : 404, { 'Content-Type': 'application/json', Connection: 'close' });
      response.end(isAsked ? body : '{}\n');
      request.resume();
    },
  );
  server.maxConnections = 512;
  server.on('clientError', (_error, socket) => socket.destroy());
  await listen(server, port, '::').catch((error: NodeJS.ErrnoException) => {
    // A kernel without IPv6.
    if (error.code !== 'EAFNOSUPPORT' && error.code !== 'EADDRNOTAVAIL') throw error;
    return listen(server, port, '0.0.0.0');
  });
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((ended) => {
        server.close(() => ended());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, ipv6Only: false }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
