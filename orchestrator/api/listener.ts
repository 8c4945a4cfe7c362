// Listeners: an HTTP server on a unix socket, whose file's mode says who may speak.

import { chmodSync, chownSync, lstatSync, rmSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { AgentError } from '../errors.ts';
import { createServer, STATUS_CODES } from '../http.ts';

export interface SocketSpec {
  readonly path: string;
  readonly mode: number;
  /** Group of the file; left as it is when undefined. */
  readonly group?: number;
}

/** A kernel takes so many bytes of a socket's path, with the zero behind it. */
const longestPath = 107;
const mostConnections = 256;

/** A file that nobody listens on, such as a process left that was killed, is replaced; a socket that answers is somebody's. */
export async function listen(spec: SocketSpec, onRequest: RequestListener): Promise<Server> {
  const { path } = spec;
  if (Buffer.byteLength(path) > longestPath) {
    throw new AgentError('API_SOCKET_INVALID', `api: socket: longer than ${longestPath} bytes: "${path}"`);
  }
  await makeRoom(path);
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 5_000 }, onRequest);
  server.maxConnections = mostConnections;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(error, socket as Socket));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('listening', resolve);
  server.once('error', reject);
  // Nobody may connect between bind and chmod.
  const umask = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(umask);
  }
  try {
    await promise;
    if (spec.group !== undefined) chownSync(path, -1, spec.group);
    chmodSync(path, spec.mode);
  } catch (error) {
    server.close();
    throw new AgentError('API_SOCKET_INVALID', `api: socket: cannot listen on "${path}": ${(error as Error).message}`, { cause: error });
  }
  return server;
}

async function makeRoom(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new AgentError('API_SOCKET_INVALID', `api: socket: something else is there: "${path}"`);
  if (await isAnswered(path)) {
    throw new AgentError('API_SOCKET_TAKEN', `api: socket: another process listens on it: "${path}": is an agent running already?`);
  }
  rmSync(path, { force: true });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** What the parser does not take never becomes a request. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }[error.code ?? ''] ?? 400;
  const body = `${JSON.stringify({ status, message: `request: not HTTP that is understood: ${error.code ?? error.message}` })}\n`;
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'Connection: close', 'Content-Type: application/json'];
  socket.end(`${head.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
