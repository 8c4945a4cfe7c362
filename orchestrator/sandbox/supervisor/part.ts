// A part: one process that the supervisor keeps running, until somebody says that it shall be away.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { AgentError } from '../../errors.ts';

export interface PartPlan {
  /** `east/a/agent`, `east/api`, `world`. */
  readonly name: string;
  /** How it enters its namespaces: a program and its first arguments. */
  readonly enter: readonly string[];
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Standard output and errors are appended. */
  readonly log: string;
  /** Folder of its cgroup. */
  readonly cgroup: string | undefined;
}

export interface PartState {
  readonly name: string;
  readonly state: 'running' | 'stopped' | 'waiting';
  readonly pid: number | undefined;
  /** Ends that nobody asked for. */
  readonly restarts: number;
  /** Of those the last, one soon after the other. */
  readonly failures: number;
  /** Milliseconds since 1970: of the start, or of the end. */
  readonly since: number;
  readonly log: string;
  /** How it ended last, in words. */
  readonly ended: string | undefined;
}

const [firstRest, longestRest] = [100, 5_000];
/** After this long a start counts as one that went well. */
const soundMs = 10_000;

export class Part {
  readonly name: string;
  readonly #plan: PartPlan;
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();
  #wanted = false;
  #extra: readonly string[] = [];
  #rest = firstRest;
  #timer: NodeJS.Timeout | undefined;
  #restarts = 0;
  #failures = 0;
  #since = Date.now();
  #ended: string | undefined;

  constructor(plan: PartPlan) {
    this.name = plan.name;
    this.#plan = plan;
  }

  get state(): PartState {
    const state = this.#child ? 'running' : this.#wanted ? 'waiting' : 'stopped';
    const { name, log } = this.#plan;
    return {
      name,
      state,
      pid: this.#child?.pid,
      restarts: this.#restarts,
      failures: this.#failures,
      since: this.#since,
      log,
      ended: this.#ended,
    };
  }

  /** With more arguments than it has by itself, until it is stopped. */
  start(extra: readonly string[] = []): void {
    if (this.#child) throw new AgentError('SANDBOX_FAILED', `sandbox: ${this.name}: is running`);
    this.#wanted = true;
    this.#extra = extra;
    this.#rest = firstRest;
    this.#failures = 0;
    this.#run();
  }

  /** Resolves when it is gone; SIGKILL follows another signal after five seconds. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#child?.kill(signal);
    const late = setTimeout(() => this.#child?.kill('SIGKILL'), 5_000);
    await this.#gone;
    clearTimeout(late);
  }

  #run(): void {
    clearTimeout(this.#timer);
    const { enter, argv, env, log, cgroup } = this.#plan;
    const join = cgroup === undefined ? '' : `echo $$ > '${cgroup}/cgroup.procs'; `;
    const output = openSync(log, 'a');
    const words = ['-c', `${join}exec "$@"`, 'sh', ...enter, ...argv, ...this.#extra];
    // A session of its own: schedulers that share time between sessions would let one busy part starve the others.
    const child = spawn('sh', words, { stdio: ['ignore', output, output], env: { ...process.env, ...env }, cwd: '/', detached: true });
    closeSync(output);
    this.#child = child;
    this.#since = Date.now();
    this.#gone = new Promise((resolve) => {
      child.once('error', (error) => this.#end(`could not be started: ${error.message}`, resolve));
      child.once('exit', (code, signal) => this.#end(signal ? `ended by ${signal}` : `ended with status ${code}`, resolve));
    });
  }

  #end(how: string, resolve: () => void): void {
    this.#child = undefined;
    this.#ended = how;
    const lived = Date.now() - this.#since;
    this.#since = Date.now();
    resolve();
    if (!this.#wanted) return;
    this.#restarts += 1;
    this.#failures = lived > soundMs ? 1 : this.#failures + 1;
    this.#rest = lived > soundMs ? firstRest : Math.min(this.#rest * 2, longestRest);
    this.#timer = setTimeout(() => this.#run(), this.#rest);
  }
}
