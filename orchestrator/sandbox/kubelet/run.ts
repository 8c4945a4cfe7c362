// Running programs: a child process to its end, with what it said; never longer than it may take.

import { type ChildProcess, spawn } from 'node:child_process';

export interface Ended {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs: number;
}

const mostOutput = 1 << 20;

/** Rejects only when the program can't be started. At its timeout it is killed, and ended by SIGKILL. */
export function run(file: string, args: readonly string[], { env, input, timeoutMs }: RunOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (text) => {
        if (said[name].length < mostOutput) said[name] += text;
      });
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? undefined, signal: signal ?? undefined, ...said });
    });
    // It may end without reading.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

export interface Exit {
  readonly code: number;
  readonly signal: number;
}

/** How a process ended, once it has. */
export function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: 127, signal: 0 }));
    child.once('exit', (code, signal) => resolve({ code: code ?? 128 + signalNumber(signal), signal: signalNumber(signal) }));
  });
}

const numbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };

function signalNumber(signal: string | null): number {
  return signal === null ? 0 : (numbers[signal] ?? 1);
}
