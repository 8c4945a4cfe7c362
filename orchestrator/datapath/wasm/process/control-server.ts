// Control server: answers clients on control.sock, one request at a time. What it cannot read it says so, and goes on.

import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { AgentError } from '../../../errors.ts';
import { longestRequest, readLines } from '../../../processes/lines.ts';
import { type Answer, type Request, type Role, roles } from '../control-line.ts';
import type { Hello, ProcessStatus } from '../hello.ts';
import type { OpenPorts } from './open-ports.ts';
import { checkPort } from './port-files.ts';

export interface ControlParts {
  readonly path: string;
  readonly ports: OpenPorts;
  hello(): Hello;
  status(): ProcessStatus;
  /** The last connection of a client of that role has ended. */
  left(role: Role): void;
}

/** Where another process has listened before it is over: whoever calls this is the only one. */
export async function serveControl(parts: ControlParts): Promise<Server> {
  rmSync(parts.path, { force: true });
  const connections = new Map<Socket, Role | undefined>();
  let before = Promise.resolve();
  const server = createServer((socket) => {
    connections.set(socket, undefined);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      const role = connections.get(socket);
      connections.delete(socket);
      if (role !== undefined && ![...connections.values()].includes(role)) parts.left(role);
    });
    readLines(socket, longestRequest, (line) => {
      before = before.then(async () => {
        const answer = await answerTo(parts, line, (role) => connections.has(socket) && connections.set(socket, role));
        if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
      });
    });
  });
  const mask = process.umask(0o077);
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(parts.path, resolve));
  } finally {
    process.umask(mask);
  }
  return server;
}

async function answerTo(parts: ControlParts, line: string, enter: (role: Role) => void): Promise<Answer> {
  let id = 0;
  try {
    const request = parse(line);
    id = request.id;
    return { id, result: (await carryOut(parts, request, enter)) ?? null };
  } catch (error) {
    const { message } = error as Error;
    return { id, error: { code: error instanceof AgentError ? error.code : 'DATAPATH_REFUSED', message } };
  }
}

function parse(line: string): Request {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new AgentError('DATAPATH_REFUSED', 'control: not a line of JSON');
  }
  if (typeof value !== 'object' || value === null || !Number.isInteger((value as Request).id)) {
    throw new AgentError('DATAPATH_REFUSED', 'control: not a request with a number');
  }
  return value as Request;
}

async function carryOut(parts: ControlParts, request: Request, enter: (role: Role) => void): Promise<unknown> {
  const { call } = request;
  switch (call) {
    case 'hello':
      if (request.role !== undefined && Object.hasOwn(roles, request.role)) enter(request.role);
      return parts.hello();
    case 'attach':
      return parts.ports.attach(checkPort(request.port));
    case 'detach':
      return parts.ports.detach(Number(request.number));
    case 'status':
      return parts.status();
    default:
      throw new AgentError('DATAPATH_REFUSED', `control: no such call: ${JSON.stringify(call)}`);
  }
}
