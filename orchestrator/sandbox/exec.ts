// Programs in a place of a sandbox: to their end, with what they said, or going on.

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { AgentError } from '../errors.ts';
import type { Entry } from './place.ts';

export interface ExecOptions {
  readonly input?: string | Uint8Array;
  /** SIGKILL after it; 30 s. 0 is never. */
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface ExecResult {
  /** 128 + number of the signal that ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that goes on; its streams are the child's. */
export interface ExecProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves with its status. */
  readonly ended: Promise<number>;
  /** However it is told, it ends as by SIGKILL: no other signal passes between process namespaces. */
  kill(signal?: NodeJS.Signals): void;
}

/** A program that is not there ends with 127. */
export async function execIn(entry: Entry, argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const running = spawnIn(entry, argv, options);
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    running[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const { timeoutMs = 30_000 } = options;
  const timer = timeoutMs > 0 ? setTimeout(() => running.kill(), timeoutMs) : undefined;
  running.stdin.on('error', () => {});
  running.stdin.end(options.input);
  const status = await running.ended;
  clearTimeout(timer);
  return { status, ...said };
}

export function spawnIn(entry: Entry, argv: readonly string[], { env = {}, signal }: ExecOptions = {}): ExecProcess {
  const child = start(entry, argv, 'pipe', env);
  const kill = () => killGroup(child);
  if (signal?.aborted) kill();
  signal?.addEventListener('abort', kill, { once: true });
  const ended = statusOf(child).finally(() => signal?.removeEventListener('abort', kill));
  return { stdin: child.stdin!, stdout: child.stdout!, stderr: child.stderr!, ended, kill };
}

/** With this process's own terminal; resolves with the status. */
export function attachIn(entry: Entry, argv: readonly string[]): Promise<number> {
  const child = start(entry, argv, 'inherit', {});
  // The terminal tells both of an interrupt: the program decides.
  process.on('SIGINT', () => {});
  return statusOf(child);
}

function start(
  { words, cgroup, commands }: Entry,
  argv: readonly string[],
  stdio: 'pipe' | 'inherit',
  env: Readonly<Record<string, string>>,
): ChildProcess {
  if (argv.length === 0) throw new AgentError('USAGE_INVALID', 'sandbox exec: no program is given');
  const join = cgroup === undefined ? '' : `echo $$ > '${cgroup}/cgroup.procs'; `;
  // A group of its own, so that what it starts can be ended with it; but with a terminal it stays in the terminal's.
  const detached = stdio === 'pipe';
  return spawn('sh', ['-c', `${join}exec "$@"`, 'sh', ...words, ...argv], { stdio, detached, env: { ...usual(commands), ...env } });
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function usual(commands: string): NodeJS.ProcessEnv {
  const { PATH, LANG, TERM } = process.env;
  // Our pipes are sockets, by which bash takes an outermost shell for one that came over the network, and runs the user's start-up files.
  return { PATH: `${commands}:${PATH}`, LANG, TERM, HOME: '/root', SHLVL: '1' };
}

function statusOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + (constants.signals[signal!] ?? 0)));
  });
}
