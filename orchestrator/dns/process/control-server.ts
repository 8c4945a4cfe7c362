// Control server: answers clients on control.sock. What it cannot read it says so, and goes on; requests of one connection may overtake each
// other.

import { renameSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { AgentError } from '../../errors.ts';
import { longestRequest, readLines } from '../../processes/lines.ts';
import type { Answer, Call, Request } from '../control-line.ts';
import { type LogParts, sendFrames, sendLines } from './log-reading.ts';

export interface ControlParts {
  readonly path: string;
  readonly log: LogParts;
  /** Any call but `log`. Rejects with what the client is told. */
  answer(call: Call, socket: Socket): unknown;
}

export interface ControlServer {
  /** Clients that read the log. */
  readonly readers: number;
  /** Takes no more clients, and hangs up on those that are here, except on who reads the log or is to be told more. */
  close(except?: Socket): void;
}

/** Rejects when the socket cannot be made. */
export async function serveControl(parts: ControlParts): Promise<ControlServer> {
  const readers = new Set<Socket>();
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    clients.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => clients.delete(socket));
    readLines(socket, longestRequest, (line) => {
      void answerTo(parts, socket, line, readers).then((answer) => {
        if (answer !== undefined && !socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
      });
    });
  });
  // Made under a name of its own: the one before it takes away what it made when it closes.
  const own = `${parts.path}.${process.pid}`;
  const mask = process.umask(0o077);
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(own, resolve));
    renameSync(own, parts.path);
  } finally {
    process.umask(mask);
  }
  return {
    get readers() {
      return readers.size;
    },
    close(except) {
      closeQuietly(server);
      // What is to be answered yet is answered first.
      setImmediate(() => {
        for (const client of clients) if (client !== except && !readers.has(client)) client.end();
      });
    },
  };
}

function closeQuietly(server: Server): void {
  server.close(() => undefined);
}

async function answerTo(parts: ControlParts, socket: Socket, line: string, readers: Set<Socket>): Promise<Answer | undefined> {
  let id = 0;
  try {
    const request = parse(line);
    id = request.id;
    if (request.call !== 'log') return { id, result: (await parts.answer(request, socket)) ?? null };
    readers.add(socket);
    try {
      if (request.binary !== true) return { id, result: await sendLines(parts.log, socket, id, request) };
      const reader = parts.log.ring.reader('newest');
      socket.write(`${JSON.stringify({ id, result: { binary: true } } satisfies Answer)}\n`);
      await sendFrames(reader, socket);
      return undefined;
    } finally {
      readers.delete(socket);
    }
  } catch (error) {
    const { message } = error as Error;
    return { id, error: { code: error instanceof AgentError ? error.code : 'DNS_PROXY_REFUSED', message } };
  }
}

function parse(line: string): Request {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new AgentError('DNS_PROXY_REFUSED', 'control: not a line of JSON');
  }
  if (typeof value !== 'object' || value === null || !Number.isInteger((value as Request).id)) {
    throw new AgentError('DNS_PROXY_REFUSED', 'control: not a request with a number');
  }
  return value as Request;
}
