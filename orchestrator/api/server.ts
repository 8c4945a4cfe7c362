// The API of an agent, on two sockets of its run folder: one that reads, for a group, and one that does everything, for the owner.

import { mkdirSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { RoomLog } from '../log.ts';
import { groupNumber } from './group.ts';
import { listen } from './listener.ts';
import { Problem } from './problem.ts';
import { readQuery } from './query.ts';
import { problemOf, sendAnswer, sendProblem, stallMs } from './reply.ts';
import { readJsonBody } from './request-body.ts';
import { findRoute, readTarget } from './router.ts';
import { routes } from './routes.ts';
import { readGroupName, readSocketName, writeSocketName } from './sockets.ts';
import type { AgentView } from './view.ts';

export interface ApiOptions {
  /** Run folder; made when it is missing. */
  readonly folder: string;
  readonly view: AgentView;
  readonly log: RoomLog;
  /** Number of the group that may read; when undefined that of the group `axoneme`, if the system has one, else the process's own. */
  readonly readGroup?: number;
  /** A finite answer of which nothing is taken for so long is given up. */
  readonly stallMs?: number;
}

export interface Api extends AsyncDisposable {
  readonly sockets: { readonly write: string; readonly read: string };
  /** Ends every answer, also the streams, and removes the sockets; may be repeated. */
  close(): Promise<void>;
}

/** Throws API_SOCKET_TAKEN when another agent answers there. */
export async function openApi(options: ApiOptions): Promise<Api> {
  const { folder, readGroup = groupNumber(readGroupName) } = options;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const sockets = { write: join(folder, writeSocketName), read: join(folder, readSocketName) };
  const servers: Server[] = [await listen({ path: sockets.write, mode: 0o600 }, serve(options, true))];
  try {
    const group = readGroup === undefined ? {} : { group: readGroup };
    servers.push(await listen({ path: sockets.read, mode: 0o660, ...group }, serve(options, false)));
  } catch (error) {
    await Promise.all(servers.map(closeServer));
    throw error;
  }
  const close = async () => {
    await Promise.all(servers.splice(0).map(closeServer));
  };
  return { sockets, close, [Symbol.asyncDispose]: close };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function serve({ view, log, stallMs: stall = stallMs }: ApiOptions, mayWrite: boolean) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const left = new AbortController();
    response.once('close', () => left.abort());
    const isHead = request.method === 'HEAD';
    answer({ view, mayWrite, request, signal: left.signal })
      .then(({ route, answered }) => sendAnswer(response, answered, { form: route.answer, isHead, signal: left.signal, stallMs: stall }))
      .catch((error: unknown) => {
        if (left.signal.aborted) return;
        if (!(error instanceof Problem)) log.error('a request failed by a fault of the agent', { error });
        sendProblem(response, problemOf(error), isHead);
      })
      // What was not read of the body is not kept.
      .finally(() => request.resume());
  };
}

interface Asked {
  readonly view: AgentView;
  readonly mayWrite: boolean;
  readonly request: IncomingMessage;
  readonly signal: AbortSignal;
}

async function answer({ view, mayWrite, request, signal }: Asked) {
  const { path, search } = readTarget(request.url ?? '');
  const { route, parts } = findRoute(routes, request.method ?? '', path);
  if (route.method !== 'GET' && !mayWrite) {
    const hint = `use ${writeSocketName} in the same folder`;
    throw new Problem(403, `${path}: ${request.method}: this socket is for reading`, { hint });
  }
  const query = readQuery(path, search, route.query ?? {});
  const body = route.body === undefined ? undefined : await readJsonBody(request, path);
  return { route, answered: await route.run({ view, parts, query, body, signal }) };
}
