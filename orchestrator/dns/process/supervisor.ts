// Supervisor: a process that holds the listening sockets, so that no query is refused while nobody reads them, and has a child serve. When that
// falls it serves itself, at once, until a successor has another child ready. An upgrade of the program is a successor, too.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../../errors.ts';
import { log } from '../../log.ts';
import { type Lock, supervisorLock, takeLock } from '../../processes/lock.ts';
import { ownProgram } from '../../processes/own-program.ts';
import { type Calls, openCalls } from './calls.ts';
import type { Surroundings } from './child.ts';
import { Children, type Ended } from './children.ts';
import { inherited, type ListeningSockets, openListening } from './listening.ts';
import { type ProxyOptions, readOptions } from './options.ts';
import { StandIn } from './stand-in.ts';
import { isServed, type Successor, startSuccessor } from './successor.ts';
import type { FromChild } from './words.ts';

/** A child that lived for less has failed at something that will fail again. */
const shortLifeMs = 2000;
const [firstWaitMs, longestWaitMs] = [50, 5000];
const lockTries = 100;

/**
 * `args` are those of the command. Resolves after `signal`, or when another supervisor has the folder or has taken over. Rejects with
 * DNS_SOCKET_UNUSABLE, FFI_MISSING and LOCK_UNUSABLE, and with DNS_PROXY_REFUSED when it was to take over and its child has ended.
 */
export async function supervise(args: readonly string[], load: () => Promise<Surroundings>, signal: AbortSignal): Promise<void> {
  const options = readOptions(args);
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const calls = await openCalls();
  const path = join(options.folder, supervisorLock);
  let lock = takeLock(calls, path);
  // Who passes the sockets on lets go of the lock, or has ended a little before.
  for (let tries = 0; lock === undefined && options.inherits && tries < lockTries; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, firstWaitMs));
    lock = takeLock(calls, path);
  }
  if (lock === undefined) return log.room('dns').info('another supervisor is at work here');
  lock.sign();
  const sockets = options.inherits ? inherited(calls) : openListening(calls, options.port);
  await new Supervisor({ args: args.filter((arg) => arg !== '--inherits'), options, calls, sockets, path, load, signal }, lock).run();
}

interface Parts {
  readonly args: readonly string[];
  readonly options: ProxyOptions;
  readonly calls: Calls;
  readonly sockets: ListeningSockets;
  /** Of the lock. */
  readonly path: string;
  readonly load: () => Promise<Surroundings>;
  readonly signal: AbortSignal;
}

class Supervisor {
  private readonly parts: Parts;
  private readonly children: Children;
  private readonly standIn: StandIn;
  private readonly over = Promise.withResolvers<void>();
  private lock: Lock | undefined;
  private program: readonly string[] = ownProgram();
  private successor: Successor | undefined;
  /** Who served here leaves it to the successor's child. */
  private isTakenOver = false;
  /** A child of ours has served. */
  private hasServed = false;
  private waitMs = 0;

  constructor(parts: Parts, lock: Lock) {
    this.parts = parts;
    this.lock = lock;
    this.children = new Children(parts, {
      heard: (program, word) => this.hear(program, word),
      ended: (child) => this.ended(child),
    });
    this.standIn = new StandIn(parts, (word) => this.hear(this.program, word));
  }

  /** Resolves when the signal has come and all have ended, or when everything is the successor's. */
  async run(): Promise<void> {
    const { signal } = this.parts;
    this.children.start(this.program);
    signal.addEventListener('abort', () => this.over.resolve(), { once: true });
    if (signal.aborted) this.over.resolve();
    try {
      await this.over.promise;
    } finally {
      if (signal.aborted) this.successor?.stop();
      await this.children.stop();
      this.lock?.[Symbol.dispose]();
    }
  }

  private hear(program: readonly string[], said: FromChild): void {
    if (said.word === 'leaving') this.isTakenOver = this.successor !== undefined;
    else if (said.word === 'running') {
      this.program = program;
      this.waitMs = 0;
      this.hasServed = true;
      this.standIn.prepare();
    } else if (said.program === undefined) this.children.start(this.program);
    else this.succeed(said.program);
  }

  private ended({ how, livedMs, hasServed, hasLeft, pid }: Ended): void {
    if (this.parts.signal.aborted) return;
    if (this.children.serving > 0) {
      // One that never came to run is told of: somebody waits for it.
      if (!hasLeft) this.children.tell({ word: 'ended', pid, how });
      return;
    }
    if (hasLeft) this.left();
    else this.fell(how, livedMs, hasServed);
  }

  private fell(how: string, livedMs: number, hasServed: boolean): void {
    log.room('dns').warn('the DNS proxy has ended: another one takes over', { error: how });
    this.waitMs = livedMs < shortLifeMs ? Math.min(Math.max(this.waitMs * 2, firstWaitMs), longestWaitMs) : 0;
    if (this.parts.options.inherits && !this.hasServed) void this.tryAgain(how);
    else if (hasServed && this.standIn.isReady) this.stand();
    else if (this.successor === undefined) this.startLater();
  }

  /** Of ours nobody serves any more: somebody else does. */
  private left(): void {
    if (this.isTakenOver) {
      if (this.children.size === 0) this.over.resolve();
    } else if (this.successor === undefined && !this.standIn.isServing) {
      // Whoever that is, it is not watched over by who has the lock: another child takes over from it.
      if (this.lock === undefined) this.over.resolve();
      else this.startLater();
    }
  }

  /** Who has had us started may serve still, and goes on. */
  private async tryAgain(how: string): Promise<void> {
    if (!(await isServed(this.parts.options.folder))) this.startLater();
    else this.over.reject(new AgentError('DNS_PROXY_REFUSED', `dns proxy: the process that was to take over has ended: ${how}`));
  }

  private startLater(): void {
    if (this.waitMs <= firstWaitMs) this.children.start(this.program);
    else setTimeout(() => this.parts.signal.aborted || this.children.serving > 0 || this.children.start(this.program), this.waitMs);
  }

  /** Serves in this process, whose memory then is what a child's was: so it is another one that goes on as a supervisor. */
  private stand(): void {
    this.succeed(this.program);
    void this.standIn.serve().then(
      () => this.over.resolve(),
      (error: Error) => {
        log.room('dns').error('the supervisor cannot serve itself', { error });
        if (this.successor === undefined) this.startLater();
        else this.over.resolve();
      },
    );
  }

  /** Another supervisor takes the sockets, and starts a child that takes over from who serves here. */
  private succeed(program: readonly string[]): void {
    if (this.successor !== undefined || this.parts.signal.aborted) return;
    // Its own would find the lock taken.
    this.lock?.[Symbol.dispose]();
    this.lock = undefined;
    this.successor = startSuccessor(program, this.parts.args, this.parts.sockets, (pid, how) => this.goOn(pid, how));
  }

  private goOn(pid: number, how: string): void {
    this.successor = undefined;
    // Its child goes on, and starts another one.
    if (this.parts.signal.aborted || this.isTakenOver) return;
    this.lock = takeLock(this.parts.calls, this.parts.path);
    this.lock?.sign();
    this.children.tell({ word: 'ended', pid, how });
    if (this.standIn.isServing) setTimeout(() => this.succeed(this.program), longestWaitMs);
    else if (this.children.serving > 0) return;
    else if (this.lock === undefined) this.over.resolve();
    else this.startLater();
  }
}
