// Runs test files, each a process of its own, several at once, and tells them as one TAP stream, each as soon as it has ended. tap's own
// runner begins with the first by name and keeps what has ended back until all before it have: with files that take minutes beside
// hundreds that take a second, a processor would idle at the end and nothing would be told for long.
import { spawn } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { type FinalResults, Parser } from 'tap-parser';

export interface Queue {
  readonly files: readonly string[];
  readonly atOnce: number;
  /** As many at once when other queues are empty, and who worked on them helps; else there is no limit. */
  readonly atMost?: number;
  /** Its processes wait for the others', by so many degrees of niceness. */
  readonly niceness?: number;
}

export interface RunOptions {
  /** Files in the order in which they begin, and how many of them run at once. */
  readonly queues: readonly Queue[];
  /** Node's own, before the file. */
  readonly nodeArguments?: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** For one file. */
  readonly limitMs: number;
  readonly write: (text: string) => void;
}

interface Ended {
  readonly results: FinalResults;
  readonly text: string;
  /** What is wrong beside its results: how it ended. */
  readonly diagnostic: Readonly<Record<string, unknown>>;
}

interface Left {
  readonly queue: Queue;
  readonly files: string[];
  running: number;
}

/** Resolves when all have ended; who finds its queue empty helps with the one that has most left. */
export async function runFiles(options: RunOptions): Promise<void> {
  const { queues, write } = options;
  const left = queues.map((queue): Left => ({ queue, files: [...queue.files], running: 0 }));
  let told = 0;
  const work = async (own: Left): Promise<void> => {
    for (;;) {
      const from = own.files.length > 0 ? own : longest(left);
      const file = from?.files.shift();
      if (from === undefined || file === undefined) return;
      from.running += 1;
      const start = performance.now();
      const ended = await runFile(file, options, from.queue.niceness);
      from.running -= 1;
      told += 1;
      write(asSubtest(told, file, ended, performance.now() - start));
    }
  };
  write(`TAP version 14\n1..${left.reduce((sum, { files }) => sum + files.length, 0)}\n`);
  await Promise.all(left.flatMap((own) => Array.from({ length: own.queue.atOnce }, () => work(own))));
}

/** Of those that take one more. */
function longest(all: readonly Left[]): Left | undefined {
  const open = all.filter(({ queue, files, running }) => files.length > 0 && running < (queue.atMost ?? Number.POSITIVE_INFINITY));
  return open.toSorted((a, b) => b.files.length - a.files.length)[0];
}

function runFile(file: string, { nodeArguments = [], environment, limitMs }: RunOptions, niceness = 0): Promise<Ended> {
  const child = spawn(process.execPath, [...nodeArguments, file], { stdio: ['ignore', 'pipe', 'inherit'], env: environment });
  // Before it has threads, which have that of who starts them.
  if (niceness > 0 && child.pid !== undefined) setPriority(child.pid, Math.min(getPriority() + niceness, 19));
  let isLate = false;
  const end = (signal: NodeJS.Signals): void => {
    isLate = true;
    child.kill(signal);
  };
  // At the first a test process tells where it stands.
  const timers = [setTimeout(end, limitMs, 'SIGTERM'), setTimeout(end, limitMs + 30_000, 'SIGKILL')];
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => chunks.push(Buffer.from(`not ok 1 - ${error.message}\n`)));
    child.on('close', (exitCode, signal) => {
      for (const timer of timers) clearTimeout(timer);
      const text = Buffer.concat(chunks).toString();
      const diagnostic = {
        ...(exitCode !== null && exitCode !== 0 && { exitCode }),
        ...(signal && { signal }),
        ...(isLate && { timeout: limitMs }),
        ...(text.trim() === '' && { reason: 'it said nothing' }),
      };
      const parser = new Parser((results) => resolve({ results, text, diagnostic }));
      parser.end(text);
    });
  });
}

function asSubtest(number: number, file: string, { results, text, diagnostic }: Ended, ms: number): string {
  const isWell = results.ok && Object.keys(diagnostic).length === 0;
  const inner = text.replace(/^TAP version \d+\n/, '').replace(/^(?=.)/gm, '    ');
  const { skipAll, skipReason } = results.plan;
  const skip = isWell && skipAll ? ` # SKIP ${skipReason.replace(/^SKIP\s+/i, '')}` : '';
  const point = `${isWell ? 'ok' : 'not ok'} ${number} - ${file}${skip === '' ? ` # time=${ms.toFixed(3)}ms` : skip}\n`;
  const account = isWell || Object.keys(diagnostic).length === 0 ? '' : `  ---\n  ${JSON.stringify(diagnostic)}\n  ...\n`;
  return `# Subtest: ${file}\n${inner.endsWith('\n') || inner === '' ? inner : `${inner}\n`}${point}${account}\n`;
}
