// Children of a supervisor: processes that serve, or are about to, or leave.

import { type ChildProcess, spawn } from 'node:child_process';
import { longestRequest, readLines } from '../../processes/lines.ts';
import { inheritance, type ListeningSockets } from './listening.ts';
import type { FromChild, FromSupervisor } from './words.ts';

export interface Ended {
  readonly pid: number;
  /** In words. */
  readonly how: string;
  readonly livedMs: number;
  /** It has come to serve. */
  readonly hasServed: boolean;
  /** It was told to by the next one. */
  readonly hasLeft: boolean;
}

export interface ChildEvents {
  readonly heard: (program: readonly string[], word: FromChild) => void;
  readonly ended: (child: Ended) => void;
}

export class Children {
  private readonly options: { readonly args: readonly string[]; readonly sockets: ListeningSockets };
  private readonly events: ChildEvents;
  private readonly living = new Set<ChildProcess>();
  /** Those that take no more queries. */
  private readonly leaving = new Set<ChildProcess>();
  private readonly served = new WeakSet<ChildProcess>();

  constructor(options: Children['options'], events: ChildEvents) {
    this.options = options;
    this.events = events;
  }

  get size(): number {
    return this.living.size;
  }

  /** That do not leave. */
  get serving(): number {
    return this.living.size - this.leaving.size;
  }

  start(program: readonly string[]): void {
    const { args, sockets } = this.options;
    const [file = '', ...before] = program;
    const started = performance.now();
    const child = spawn(file, [...before, 'dns-proxy-child', ...args], { stdio: ['pipe', 'pipe', 'inherit', ...inheritance(sockets)] });
    this.living.add(child);
    child.stdin?.on('error', () => undefined);
    if (child.stdout !== null) readLines(child.stdout, longestRequest, (line) => this.hear(child, program, JSON.parse(line) as FromChild));
    const end = (how: string): void => {
      if (!this.living.delete(child)) return;
      const hasLeft = this.leaving.delete(child);
      const hasServed = this.served.has(child);
      this.events.ended({ pid: child.pid ?? 0, how, livedMs: performance.now() - started, hasServed, hasLeft });
    };
    child.once('error', ({ message }) => end(message));
    child.once('exit', (code, signal) => end(signal ?? `status ${code}`));
  }

  /** Those that do not leave. */
  tell(word: FromSupervisor): void {
    for (const child of this.living) if (!this.leaving.has(child)) child.stdin?.write(`${JSON.stringify(word)}\n`);
  }

  /** Resolves when all have ended. */
  async stop(): Promise<void> {
    const ended = [...this.living].map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of this.living) child.kill('SIGTERM');
    await Promise.all(ended);
  }

  private hear(child: ChildProcess, program: readonly string[], word: FromChild): void {
    if (word.word === 'leaving') this.leaving.add(child);
    if (word.word === 'running') this.served.add(child);
    this.events.heard(program, word);
  }
}
