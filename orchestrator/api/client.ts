// The API's caller: finds an agent's socket, asks, and says in one line what is wrong when nobody answers as asked.

import { existsSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { AgentError } from '../errors.ts';
import { request } from '../http.ts';
import { defaultRunFolder, readGroupName, readSocketName, writeSocketName } from './sockets.ts';

export type QueryInput = Readonly<Record<string, string | number | boolean | readonly (string | number)[] | undefined>>;

export interface ApiClient {
  readonly socket: string;
  /** The JSON of an answer; throws API_REFUSED with the agent's own words, API_UNREACHABLE when there is none. */
  get(path: string, query?: QueryInput): Promise<unknown>;
  /** The same of what changes something: only the socket for writing takes it. Not tried again by itself. */
  post(path: string, query?: QueryInput): Promise<unknown>;
  delete(path: string, query?: QueryInput): Promise<unknown>;
  text(path: string, query?: QueryInput): Promise<string>;
  /** Lines of a stream, parsed, until the agent ends it or the signal is aborted. Lines are taken no faster than asked for. */
  lines(path: string, query?: QueryInput, signal?: AbortSignal): AsyncIterable<unknown>;
}

export interface ClientOptions {
  /** A socket, or the run folder in which it is; AXONEME_SOCKET, then the usual place, when undefined. */
  readonly socket?: string | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  /** Milliseconds without a byte of a finite answer. */
  readonly timeoutMs?: number;
}

export function openClient({ socket: given, environment = process.env, timeoutMs = 30_000 }: ClientOptions = {}): ApiClient {
  const socket = findSocket(given, environment);
  const ask = (path: string, query: QueryInput, timeout: number, signal?: AbortSignal) =>
    send(socket, { path: `${path}${queryText(query)}`, timeout, ...(signal && { signal }) });
  const parsed = (path: string, text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new AgentError('API_UNREACHABLE', `agent: ${socket}: ${path}: the answer ends too early or is not JSON`, { cause: error });
    }
  };
  const change = async (method: 'POST' | 'DELETE', path: string, query: QueryInput) => {
    const answer = await send(socket, { method, path: `${path}${queryText(query)}`, timeout: timeoutMs });
    return parsed(path, await wholeText(answer));
  };
  return {
    socket,
    get: async (path, query = {}) => parsed(path, await wholeText(await ask(path, query, timeoutMs))),
    post: (path, query = {}) => change('POST', path, query),
    delete: (path, query = {}) => change('DELETE', path, query),
    text: async (path, query = {}) => wholeText(await ask(path, query, timeoutMs)),
    lines: (path, query = {}, signal) => eachLine(() => ask(path, query, 0, signal), signal),
  };
}

/** For somebody who may only read, the socket for reading: it stands beside the other. */
function findSocket(given: string | undefined, environment: NodeJS.ProcessEnv): string {
  const named = given ?? (environment.AXONEME_SOCKET || undefined);
  const place = named ?? defaultRunFolder;
  if (/\.sock$/.test(place)) return place;
  const sockets = [writeSocketName, readSocketName].map((name) => join(place, name));
  const isRoot = process.geteuid?.() === 0;
  return (isRoot ? sockets : sockets.toReversed()).find((path) => existsSync(path)) ?? (sockets[isRoot ? 0 : 1] as string);
}

export function queryText(query: QueryInput): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === false) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

interface Sent {
  readonly method?: 'POST' | 'DELETE';
  readonly path: string;
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

function send(socket: string, { path, timeout, ...rest }: Sent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, path, timeout, ...rest, headers: { Host: 'localhost' } });
    asked.once('timeout', () => asked.destroy(Object.assign(new Error(`no answer within ${timeout / 1000} s`), { code: 'ETIMEDOUT' })));
    asked.once('error', (error: NodeJS.ErrnoException) => reject(unreachable(socket, error)));
    asked.once('response', (response) => {
      if (response.statusCode === 200 || path.startsWith('/v1/healthz')) resolve(response);
      else refusal(response, path).then(reject, reject);
    });
    asked.end();
  });
}

async function refusal(response: IncomingMessage, path: string): Promise<AgentError> {
  const text = await wholeText(response);
  let said: { message?: unknown; hint?: unknown } = {};
  try {
    said = JSON.parse(text);
  } catch {}
  const message = typeof said?.message === 'string' ? said.message : `${path}: status ${response.statusCode}`;
  return new AgentError('API_REFUSED', typeof said?.hint === 'string' ? `${message}: ${said.hint}` : message);
}

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'no such socket: is the agent running ("axoneme agent")? Name another with --socket PATH or AXONEME_SOCKET',
  ECONNREFUSED: 'nobody listens on it: the agent has ended, see its log. Name another with --socket PATH or AXONEME_SOCKET',
  EACCES: `not for this user: use root, or a member of the group of ${readSocketName} ("${readGroupName}", where the system has it)`,
  ENOTSOCK: 'no socket is there',
  ENOTDIR: 'a part of the path is no folder',
  ECONNRESET: 'the agent ended the connection',
};

function unreachable(socket: string, error: NodeJS.ErrnoException): AgentError {
  const hint = hints[error.code ?? ''] ?? error.message;
  return new AgentError('API_UNREACHABLE', `agent: ${socket}: ${hint}`, { cause: error });
}

async function wholeText(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  try {
    for await (const piece of response) text += piece;
  } catch (error) {
    throw new AgentError('API_UNREACHABLE', `agent: the answer was cut short: ${(error as Error).message}`, { cause: error });
  }
  return text;
}

async function* eachLine(ask: () => Promise<IncomingMessage>, signal?: AbortSignal): AsyncIterable<unknown> {
  try {
    const response = await ask();
    response.setEncoding('utf8');
    let rest = '';
    for await (const piece of response) {
      const lines = `${rest}${piece}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line);
    }
  } catch (error) {
    if (signal?.aborted) return;
    if (error instanceof AgentError) throw error;
    throw new AgentError('API_UNREACHABLE', `agent: the stream was cut short: ${(error as Error).message}`, { cause: error });
  }
}
