// Container: one command in a pod's namespaces, started again as its pod's policy wants, and ended gracefully.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { firstChild, type Namespaces } from './namespaces.ts';
import type { ContainerSpec, RestartPolicy } from './pod.ts';
import { type Exit, exitOf, run } from './run.ts';

export type ContainerState =
  | { readonly waiting: { readonly reason: string; readonly message?: string } }
  | { readonly running: { readonly startedAt: string } }
  | {
      readonly terminated: {
        readonly exitCode: number;
        readonly signal?: number;
        readonly reason: string;
        readonly message?: string;
        readonly startedAt: string;
        readonly finishedAt: string;
      };
    };

export interface ContainerOptions {
  readonly spec: ContainerSpec;
  readonly namespaces: Namespaces;
  readonly enterCgroup: string;
  readonly logFile: string;
  readonly policy: RestartPolicy;
  /** Words and variables of the next start; what it throws is why the container waits. */
  readonly prepare: () => Promise<{ readonly argv: readonly string[]; readonly env: Record<string, string> }>;
  /** Its state has changed. */
  readonly changed: () => void;
  readonly firstBackoffMs?: number;
}

/** Shorter than Kubernetes' ten seconds and five minutes: who waits here sits before it. */
const backoff = { firstMs: 1_000, mostMs: 60_000, forgottenAfterMs: 120_000 };
const mostLogBytes = 10 * 2 ** 20;

export class Container {
  readonly spec: ContainerSpec;
  state: ContainerState = { waiting: { reason: 'ContainerCreating' } };
  lastState: ContainerState | undefined;
  restarts = 0;
  /** What its probes say; without them, whether it runs. */
  isReady = false;
  isStarted = false;
  readonly #options: ContainerOptions;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #delayMs: number;

  constructor(options: ContainerOptions) {
    this.spec = options.spec;
    this.#options = options;
    this.#delayMs = options.firstBackoffMs ?? backoff.firstMs;
  }

  get isRunning(): boolean {
    return 'running' in this.state;
  }

  /** Until it has ended for good: told to, or its policy wants no other start. `onStart` runs beside each life of it. */
  async run(onStart: (life: AbortSignal) => void): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const begun = Date.now();
      const exit = await this.#live(onStart);
      if (exit === undefined) {
        await this.#rest();
        continue;
      }
      if (signal.aborted || !this.#wantsAgain(exit)) return;
      if (Date.now() - begun > backoff.forgottenAfterMs) this.#delayMs = this.#options.firstBackoffMs ?? backoff.firstMs;
      this.lastState = this.state;
      this.restarts += 1;
      await this.#rest({
        reason: 'CrashLoopBackOff',
        message: `back-off ${this.#delayMs} ms restarting failed container ${this.spec.name}`,
      });
    }
  }

  /** Ends this life; a policy may want another one. */
  async kill(graceMs: number): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    this.#signal(child, 'SIGTERM');
    const timer = setTimeout(() => this.#signal(child, 'SIGKILL'), graceMs);
    await gone;
    clearTimeout(timer);
  }

  /** Ends for good. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await this.kill(graceMs);
  }

  /** A command beside it, in the same namespaces: a probe, a hook. Undefined when all is well, else what went wrong. */
  async check(argv: readonly string[], timeoutMs: number): Promise<string | undefined> {
    const { namespaces, enterCgroup, prepare } = this.#options;
    const { env } = await prepare();
    const words = [...namespaces.enter(this.#user), ...argv];
    const ended = await run('sh', ['-c', `${enterCgroup}; exec "$@"`, 'sh', ...words], { env, timeoutMs });
    if (ended.code === 0) return undefined;
    return ended.signal ? `no end in ${timeoutMs} ms` : `ended with ${ended.code}: ${(ended.stdout + ended.stderr).trim().slice(0, 200)}`;
  }

  get #user() {
    return { uid: this.spec.securityContext?.runAsUser, gid: this.spec.securityContext?.runAsGroup };
  }

  #wantsAgain({ code }: Exit): boolean {
    const { policy } = this.#options;
    return policy === 'Always' || (policy === 'OnFailure' && code !== 0);
  }

  /** One life; undefined when it could not begin. */
  async #live(onStart: (life: AbortSignal) => void): Promise<Exit | undefined> {
    const { prepare } = this.#options;
    const life = new AbortController();
    try {
      const { argv, env } = await prepare();
      if (this.#stopping.signal.aborted) return { code: 0, signal: 0 };
      this.#child = this.#start(argv, env);
    } catch (error) {
      this.#become({ waiting: { reason: 'CreateContainerConfigError', message: (error as Error).message } });
      return undefined;
    }
    const startedAt = now();
    const ended = exitOf(this.#child);
    this.#become({ running: { startedAt } });
    onStart(life.signal);
    const exit = await ended;
    this.#child = undefined;
    life.abort();
    this.isReady = false;
    this.isStarted = false;
    const signal = exit.signal === 0 ? {} : { signal: exit.signal };
    const reason = exit.code === 0 ? 'Completed' : 'Error';
    this.#become({ terminated: { exitCode: exit.code, ...signal, reason, startedAt, finishedAt: now() } });
    return exit;
  }

  #start(argv: readonly string[], env: Record<string, string>): ChildProcess {
    const { namespaces, enterCgroup, logFile } = this.#options;
    mkdirSync(dirname(logFile), { recursive: true });
    const log = openLogFile(logFile);
    try {
      const folder = this.spec.workingDir || '/';
      const words = [...namespaces.enter(this.#user), 'sh', '-c', 'cd "$0" && exec "$@"', folder, ...argv];
      return spawn('sh', ['-c', `${enterCgroup}; exec "$@"`, 'sh', ...words], { env, stdio: ['ignore', log, log] });
    } finally {
      closeSync(log);
    }
  }

  async #rest(waiting?: { reason: string; message: string }): Promise<void> {
    if (waiting) this.#become({ waiting });
    const delay = this.#delayMs;
    this.#delayMs = Math.min(delay * 2, backoff.mostMs);
    await sleep(delay, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }

  #become(state: ContainerState): void {
    this.state = state;
    this.#options.changed();
  }

  /** The command is a child of the program that entered the namespaces. */
  #signal(child: ChildProcess, signal: NodeJS.Signals): void {
    try {
      process.kill(firstChild(child.pid!) || child.pid!, signal);
    } catch {
      child.kill(signal);
    }
  }
}

/** What earlier lives said stays, up to a size. */
function openLogFile(path: string): number {
  try {
    if (statSync(path).size > mostLogBytes) renameSync(path, `${path}.1`);
  } catch {
    // There is none yet.
  }
  return openSync(path, 'a');
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
