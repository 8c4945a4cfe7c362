// The supervisor's door: HTTP on a unix socket, JSON in and out. Whoever may open the socket may do everything.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { AgentError } from '../../errors.ts';
import type { Supervisor } from './supervisor.ts';

export interface PartRequest {
  readonly part: string;
  readonly action: 'start' | 'stop' | 'restart';
  readonly signal?: NodeJS.Signals;
  readonly flags?: readonly string[];
}

const mostBytes = 1 << 20;

export async function serve(path: string, supervisor: Supervisor): Promise<void> {
  const server = createServer((request, response) => void answer(request, response, supervisor));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o077);
    server.listen(path, resolve);
    process.umask(before);
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, supervisor: Supervisor): Promise<void> {
  const say = (status: number, value: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify(value)}\n`);
  };
  try {
    const url = new URL(request.url ?? '/', 'http://supervisor');
    if (url.pathname === '/v1/state') {
      const known = Number(url.searchParams.get('known') ?? -1);
      await somethingNew(supervisor, known, response);
      return say(200, supervisor.state);
    }
    if (url.pathname === '/v1/parts' && request.method === 'POST') {
      await act(supervisor, JSON.parse(await body(request)));
      return say(200, supervisor.state);
    }
    say(404, { code: 'SANDBOX_UNKNOWN', message: `sandbox: no such path: ${url.pathname}` });
  } catch (error) {
    const { code = 'SANDBOX_FAILED', message } = error as AgentError;
    say(code === 'SANDBOX_UNKNOWN' ? 404 : 400, { code, message });
  }
}

/** Waits while only `known` lines of progress are there and it is still starting, for half a second. */
async function somethingNew(supervisor: Supervisor, known: number, response: ServerResponse): Promise<void> {
  const { phase, progress } = supervisor.state;
  if (phase !== 'starting' || progress.length !== known) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      forget();
      resolve();
    };
    const timer = setTimeout(done, 500);
    const forget = supervisor.onChange(done);
    response.once('close', done);
  });
}

async function act(supervisor: Supervisor, { part: name, action, signal = 'SIGKILL', flags }: PartRequest): Promise<void> {
  const part = supervisor.part(name);
  if (!['start', 'stop', 'restart'].includes(action)) throw new AgentError('SANDBOX_FAILED', `sandbox: ${name}: no such action: ${action}`);
  if (action !== 'start') await part.stop(signal);
  if (action !== 'stop') part.start(flags);
}

async function body(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > mostBytes) throw new AgentError('SANDBOX_FAILED', 'sandbox: the request is too large');
  }
  return text;
}
