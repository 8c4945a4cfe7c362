// Supervisor: a process that does nothing but have the next child ready when one ends: a spare that has everything prepared and waits to be
// told, so that packets run again at once however busy the machine is.

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { log } from '../../../log.ts';
import { takeLock } from '../../../processes/lock.ts';
import { openCalls } from '../calls.ts';
import { type SupervisedChild, startChild } from './supervised-child.ts';

/** A child that lived for less has failed at something that will fail again. */
const shortLifeMs = 2000;
const [firstWaitMs, longestWaitMs] = [50, 5000];
/** A spare is not needed at once, and takes half a second of a processor. */
const spareAfterMs = 100;

/** `args` are those of the command, for the child. Resolves after `signal`, or when another supervisor has the folder. */
export async function supervise(folder: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const calls = await openCalls();
  const lock = takeLock(calls, join(folder, 'supervisor.lock'));
  if (lock === undefined) return log.room('datapath').info('another supervisor is at work here');
  lock.sign();
  const spares = new Spares(args);
  let waitMs = 0;
  while (!signal.aborted) {
    const started = performance.now();
    const how = await oneLife(spares, signal);
    if (signal.aborted) break;
    log.room('datapath').warn('the datapath process has ended: another one takes over', { error: how });
    const isShort = performance.now() - started < shortLifeMs;
    waitMs = isShort ? Math.min(Math.max(waitMs * 2, firstWaitMs), longestWaitMs) : 0;
    if (waitMs > firstWaitMs) await sleep(waitMs, signal);
  }
  await spares.stop();
  // One that an earlier supervisor has started is ours to stop, too.
  const left = takeLock(calls, join(folder, 'lock'));
  if (left === undefined) stopHolder(join(folder, 'lock'));
  else left[Symbol.dispose]();
  lock[Symbol.dispose]();
}

async function oneLife(spares: Spares, signal: AbortSignal): Promise<string> {
  const child = spares.take();
  child.go();
  const stop = (): void => child.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  void child.running.then(() => spares.prepare(spareAfterMs));
  const how = await child.ended;
  signal.removeEventListener('abort', stop);
  return how;
}

/** The children that have not been told to go; one, as a rule. */
class Spares {
  private readonly args: readonly string[];
  private spare: SupervisedChild | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(args: readonly string[]) {
    this.args = args;
  }

  take(): SupervisedChild {
    clearTimeout(this.timer);
    const { spare } = this;
    this.spare = undefined;
    return spare === undefined || spare.hasEnded() ? startChild(this.args) : spare;
  }

  prepare(afterMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.isStopped || this.spare !== undefined) return;
      const spare = startChild(this.args);
      this.spare = spare;
      void spare.ended.then(() => {
        if (this.spare !== spare) return;
        this.spare = undefined;
        this.prepare(longestWaitMs);
      });
    }, afterMs);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.spare?.stop();
    await this.spare?.ended;
  }
}

function stopHolder(path: string): void {
  const pid = Number(readFileSync(path, 'utf8'));
  if (Number.isInteger(pid) && pid > 1) process.kill(pid, 'SIGTERM');
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const stop = (): void => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}
