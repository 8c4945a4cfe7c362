// Log file: the access log as lines of JSON, in files of a bounded size: FILE, FILE.1, FILE.2 and so on, the oldest one last. A process of its own
// makes the lines and writes them (`../log/log-writing.ts`): a disk that is full or slow, or a process that falls, costs records, which are counted, and
// never a query.

import { setTimeout as sleep } from 'node:timers/promises';
import { log } from '../../log.ts';
import { ownProgram } from '../../processes/own-program.ts';
import type { LogReader } from '../log/log-ring.ts';
import { frameBytes, type LogNaming, LogWriter } from '../log/log-writer.ts';

const [pauseMs, shortMs] = [100, 5];
/** Between the end of one process and the start of the next one. */
const [firstWaitMs, longestWaitMs] = [100, 5000];
/** From then on it is told that nothing is written. */
const stuckMs = 3000;
/** At the end: for all that is left, and for any of it. */
const [lastMs, patienceMs] = [10_000, 5000];

export interface LogFileOptions {
  /** Of the newest file; older ones have `.1` and so on behind it. */
  readonly path: string;
  /** At which a file gives way to the next one. */
  readonly mostBytes: number;
  /** How many are kept, with the newest one. */
  readonly files: number;
  readonly reader: LogReader;
  readonly naming: LogNaming;
  /** Until then another process writes to the file. */
  readonly after: Promise<void>;
  /** The command line of this program without its command. */
  readonly program?: readonly string[];
}

export class LogFile implements AsyncDisposable {
  private readonly options: LogFileOptions;
  private readonly program: readonly string[];
  private readonly timer: NodeJS.Timeout;
  private writer: LogWriter | undefined;
  private problem: string | undefined;
  /** Lost with processes that have ended. */
  private lostWith = 0;
  private isOurs = false;
  private isOver = false;
  private waitMs = 0;
  private startAt = 0;
  /** When something was written last. */
  private wroteAt = 0;

  constructor(options: LogFileOptions) {
    this.options = options;
    this.program = options.program ?? ownProgram();
    this.timer = setInterval(() => this.feed(), pauseMs);
    void options.after.then(() => {
      this.isOurs = true;
      this.feed();
    });
  }

  /** Records that are in no file, or only perhaps, since the process that had them has ended. */
  get lost(): number {
    return this.options.reader.missed + this.lostWith;
  }

  /** What does not work, in words. */
  get failure(): string | undefined {
    const busyMs = this.writer?.busyMs ?? 0;
    if (this.problem !== undefined) return `log file: ${this.problem}`;
    return busyMs < stuckMs ? undefined : `log file: nothing could be written for ${Math.floor(busyMs / 1000)} s`;
  }

  /** What is in the ring is written, if the disk takes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const begun = performance.now();
    const hasTime = (): boolean => {
      const now = performance.now();
      return now < begun + lastMs && now < Math.max(this.wroteAt, begun) + patienceMs;
    };
    this.startAt = 0;
    this.feed();
    this.writer?.hurry();
    for (; !this.isAllWritten && hasTime(); await sleep(shortMs)) this.feed();
    clearInterval(this.timer);
    this.isOver = true;
    this.writer?.finish();
    while (this.writer !== undefined && hasTime()) await sleep(shortMs);
    this.writer?.kill();
  }

  private get isAllWritten(): boolean {
    return this.isOurs && (this.writer?.isIdle ?? false) && this.options.reader.left === 0;
  }

  private feed(): void {
    if (!this.isOurs || this.isOver) return;
    if (this.writer === undefined && performance.now() >= this.startAt) this.start();
    this.writer?.feed(this.options.reader);
  }

  private start(): void {
    const { path, mostBytes, files, naming } = this.options;
    this.writer = new LogWriter(this.program, { path, mostBytes, files }, naming, {
      wrote: (records) => this.goOn(records),
      failed: (problem) => this.fail(problem),
      ended: (how, records) => this.end(how, records),
    });
  }

  private goOn(records: number): void {
    this.wroteAt = performance.now();
    if (records > 0) this.waitMs = 0;
    if (this.problem !== undefined) log.room('dns').info('the file of the access log is written again');
    this.problem = undefined;
    // Little by little it would have the thread that answers do this all the time.
    if (this.options.reader.left >= frameBytes) this.feed();
  }

  private fail(problem: string): void {
    if (this.problem === undefined) log.room('dns').warn('the file of the access log cannot be written', { error: problem });
    this.problem = problem;
  }

  private end(how: string, records: number): void {
    this.writer = undefined;
    if (this.isOver) return;
    this.lostWith += records;
    this.fail(`the process that writes it has ended: ${how}`);
    this.waitMs = Math.min(Math.max(this.waitMs * 2, firstWaitMs), longestWaitMs);
    this.startAt = performance.now() + this.waitMs;
  }
}
