// The commands `dns-proxy` and `dns-proxy-child`: flags in, signals in.

import { log } from '../../log.ts';
import { longestRequest, readLines } from '../../processes/lines.ts';
import { ownProgram } from '../../processes/own-program.ts';
import { openCalls } from './calls.ts';
import type { ChildLife, Surroundings } from './child.ts';
import { inherited, type ListeningSockets } from './listening.ts';
import { readOptions } from './options.ts';
import { startSuccessor } from './successor.ts';
import type { FromSupervisor } from './words.ts';

const againMs = 1000;

/** Ends when it is told to, and its child with it. */
export async function dnsProxyCommand(args: readonly string[], load: () => Promise<Surroundings>): Promise<number> {
  readOptions(args);
  outliveReader();
  const { supervise } = await import('./supervisor.ts');
  await supervise(args, load, stopSignal());
  // It may have served itself: connections of clients do not keep it.
  process.exit(0);
}

/** Ends the process itself. Rejects with USAGE_INVALID, FFI_MISSING, DNS_SOCKET_UNUSABLE, and when maps cannot be opened. */
export async function dnsProxyChildCommand(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const options = readOptions(args);
  outliveReader();
  const calls = await openCalls();
  const sockets = inherited(calls);
  const life = supervisedLife(args, sockets);
  // The supervisor does without all this.
  const { runChild } = await import('./child.ts');
  try {
    await runChild({ calls, options, surroundings, sockets, life });
  } catch (error) {
    // What the supervisor may say is not waited for: it starts another one.
    process.stdin.destroy();
    throw error;
  }
  // Connections of clients do not keep it.
  process.exit(0);
}

/** The supervisor speaks on standard input; when that ends it is gone, and another one is started that takes the sockets from here. */
function supervisedLife(args: readonly string[], sockets: ListeningSockets): ChildLife {
  let take: (word: FromSupervisor) => void = () => undefined;
  readLines(process.stdin, longestRequest, (line) => take(JSON.parse(line) as FromSupervisor));
  const signal = stopSignal();
  let isLeaving = false;
  process.stdin.once('end', () => {
    // Who took over has one of its own.
    if (signal.aborted || isLeaving) return;
    log.room('dns').warn('the supervisor has ended: another one is started');
    replaceSupervisor(args, sockets, signal);
  });
  return {
    say: (word) => {
      if (word.word === 'leaving') isLeaving = true;
      process.stdout.write(`${JSON.stringify(word)}\n`);
    },
    signal,
    heard: (taker) => (take = taker),
  };
}

/** One that does not come to take over is followed by another. */
function replaceSupervisor(args: readonly string[], sockets: ListeningSockets, signal: AbortSignal): void {
  startSuccessor(ownProgram(), args, sockets, () => {
    setTimeout(() => signal.aborted || replaceSupervisor(args, sockets, signal), againMs).unref();
  });
}

/** Whoever reads the log may end before us: that is no reason to end. */
function outliveReader(): void {
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error').on('error', () => undefined);
}

function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stopping.abort());
  return stopping.signal;
}
