// Log writer: the process that writes the access log to its file, as the proxy sees it from its start to its end. It is given a few frames of
// records at a time, so that little is lost with it, and nothing waits for it.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { longestRequest, readLines } from '../../processes/lines.ts';
import type { FlowNaming, NamedPod } from './dns-flow.ts';
import { frameHead, frameKind, headOf, type LogBegin, type LogReport, type LogWords, wordsFrame } from './log-frames.ts';
import { endpointsOf } from './log-record.ts';
import type { LogReader } from './log-ring.ts';

/** The next one is there when one has been written. */
const framesAtOnce = 2;
export const frameBytes = 128 << 10;

/** What it is told of comes from the pods; servers have no names here. */
export type LogNaming = Pick<FlowNaming, 'node' | 'pod'>;

export interface WriterEvents {
  /** Everything of a frame is in the file: so many records. */
  wrote(records: number): void;
  /** It tries again. */
  failed(problem: string): void;
  /** How, in words, and with how many records that nobody knows of whether they are in the file. */
  ended(how: string, records: number): void;
}

interface Frame {
  /** None, of words. */
  readonly memory?: Buffer<ArrayBuffer>;
  readonly records: number;
  /** It could be written. */
  since: number;
}

export class LogWriter {
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly naming: LogNaming;
  private readonly events: WriterEvents;
  /** Given to it, the oldest one first. */
  private readonly frames: Frame[] = [];
  private readonly memories = Array.from({ length: framesAtOnce }, () => Buffer.alloc(frameHead + frameBytes));
  private hasBegun = false;
  /** As it knows them. */
  private readonly pods = new Map<number, NamedPod>();

  /** `program`: the command line of this one without its command. */
  constructor(program: readonly string[], begin: Omit<LogBegin, 'node' | 'proxy'>, naming: LogNaming, events: WriterEvents) {
    this.naming = naming;
    this.events = events;
    const [file = '', ...before] = program;
    this.child = spawn(file, [...before, 'dns-log-writer'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin.on('error', () => undefined);
    readLines(this.child.stdout, longestRequest, (line) => this.hear(JSON.parse(line) as LogReport));
    let hasEnded = false;
    const end = (how: string): void => {
      if (hasEnded) return;
      hasEnded = true;
      const records = this.frames.splice(0).reduce((sum, frame) => sum + frame.records, 0);
      events.ended(how, records);
    };
    this.child.once('error', ({ message }) => end(message));
    // What it has said is heard by then.
    this.child.once('close', (code, signal) => end(signal ?? `status ${code}`));
    this.say({ begin: { ...begin, node: naming.node, proxy: process.pid } });
  }

  /** It has been given nothing that it has not done. */
  get isIdle(): boolean {
    return this.frames.length === 0;
  }

  /** Milliseconds for which it has had what it does now. */
  get busyMs(): number {
    const [oldest] = this.frames;
    return oldest === undefined ? 0 : performance.now() - oldest.since;
  }

  /** Gives it what the reader has, once it has begun, and returns at once. */
  feed(reader: LogReader): void {
    if (!this.hasBegun) return;
    for (let memory = this.memories.pop(); memory !== undefined; memory = this.memories.pop()) {
      const before = reader.order - reader.lost;
      const bytes = reader.read(frameBytes, memory.subarray(frameHead));
      if (bytes.length === 0) {
        this.memories.push(memory);
        return;
      }
      this.tellPods(endpointsOf(bytes));
      this.frames.push({ memory, records: reader.order - reader.lost - before, since: performance.now() });
      headOf(frameKind.records, bytes.length, memory);
      // One that is longer than any frame is somewhere else.
      if (bytes.buffer === memory.buffer) this.child.stdin.write(memory.subarray(0, frameHead + bytes.length));
      else for (const part of [Buffer.from(memory.subarray(0, frameHead)), bytes]) this.child.stdin.write(part);
    }
  }

  /** There is somebody who waits for it to end now. */
  hurry(): void {
    this.say({ hurry: true });
  }

  /** It ends when it has done everything. */
  finish(): void {
    this.child.stdin.end();
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private hear(report: LogReport): void {
    if ('problem' in report) {
      this.events.failed(report.problem);
      return;
    }
    this.hasBegun = true;
    const done = this.frames.shift();
    if (done?.memory !== undefined) this.memories.push(done.memory);
    const [next] = this.frames;
    if (next !== undefined) next.since = performance.now();
    this.events.wrote(done?.records ?? 0);
  }

  private tellPods(endpoints: ReadonlySet<number>): void {
    const pods: [number, NamedPod | null][] = [];
    for (const endpoint of endpoints) {
      const pod = this.naming.pod(endpoint);
      if (pod === this.pods.get(endpoint)) continue;
      if (pod === undefined) this.pods.delete(endpoint);
      else this.pods.set(endpoint, pod);
      pods.push([endpoint, pod === undefined ? null : spelled(pod)]);
    }
    if (pods.length > 0) this.say({ pods });
  }

  private say(words: LogWords): void {
    this.frames.push({ records: 0, since: performance.now() });
    this.child.stdin.write(wordsFrame(words));
  }
}

/** Of what else is known of it the log says nothing. */
function spelled({ namespace, pod, identity, labels }: NamedPod): NamedPod {
  return { namespace, pod, identity, labels };
}
