// The commands `datapath` and `datapath-child`: flags in, signals in.

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AgentError } from '../../../errors.ts';
import { log } from '../../../log.ts';
import { type Calls, openCalls } from '../calls.ts';
import { startDatapath } from '../start-process.ts';
import { type ChildLife, type ChildOptions, runChild } from './child.ts';
import { runningWord } from './supervised-child.ts';
import { supervise } from './supervisor.ts';

/** Areas 0 to 27 of the memory are theirs. */
const mostWorkers = 28;
/** Of a child: somebody is at the other end of its pipes. */
const supervised = '--supervised';

/** Ends when it is told to, and leaves memory and ports to whoever comes next. */
export async function datapathCommand(args: readonly string[]): Promise<number> {
  const { folder } = readOptions(args);
  outliveReader();
  await supervise(folder, args, stopSignal());
  return 0;
}

export async function datapathChildCommand(args: readonly string[]): Promise<number> {
  const own = args.filter((arg) => arg !== supervised);
  const options = readOptions(own);
  const calls = await openCalls();
  outliveReader();
  // Threads that wait for packets would keep it: a supervisor would never learn of it.
  const fail = (error: unknown): never => {
    log.room('datapath').error('the datapath process has failed', { error });
    return calls.exit(1);
  };
  process.once('uncaughtException', fail);
  const life = { go: Promise.resolve(), running: () => undefined, stopSignal };
  await runChild(options, own.length < args.length ? supervisedLife(calls, own) : life).catch(fail);
  return calls.exit(0);
}

/** Whoever reads the log may end before us: that is no reason to end. */
function outliveReader(): void {
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error').on('error', () => undefined);
}

/** One for two processors: who sends and receives needs some, too, and a stream whose two directions wait for each other gains nothing by a second. */
function usualWorkers(): number {
  return Math.min(Math.ceil(availableParallelism() / 2), mostWorkers);
}

/** The supervisor speaks on standard input, and is gone when that ends: one who runs packets then starts another one. */
function supervisedLife(calls: Calls, args: readonly string[]): ChildLife {
  let hasTakenOver = false;
  const go = new Promise<void>((resolve) => process.stdin.once('data', () => resolve()));
  process.stdin.once('end', () => {
    if (!hasTakenOver) calls.exit(0);
    log.room('datapath').warn('the supervisor has ended: another one is started');
    startDatapath(args);
  });
  return {
    go,
    running: () => void process.stdout.write(runningWord),
    stopSignal() {
      hasTakenOver = true;
      return stopSignal();
    },
  };
}

function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stopping.abort());
  return stopping.signal;
}

function readOptions(args: readonly string[]): ChildOptions {
  const usage = (what: string): AgentError => new AgentError('USAGE_INVALID', `datapath: ${what}`);
  let values: { 'run-dir'?: string; workers?: string; 'map-entries'?: string };
  try {
    const options = { 'run-dir': { type: 'string' }, workers: { type: 'string' }, 'map-entries': { type: 'string' } } as const;
    values = parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    throw usage((error as Error).message);
  }
  const workers = Number(values.workers ?? usualWorkers());
  if (!Number.isInteger(workers) || workers < 1 || workers > mostWorkers)
    throw usage(`--workers: not 1 to ${mostWorkers}: ${values.workers}`);
  const mapEntries: Record<string, number> = {};
  for (const pair of (values['map-entries'] ?? '').split(',').filter((text) => text !== '')) {
    const [name = '', entries = ''] = pair.split('=');
    mapEntries[name] = Number(entries);
  }
  return { folder: join(values['run-dir'] ?? '/run/axoneme', 'datapath'), workers, mapEntries };
}
