// Log writing: the command `dns-log-writer`: a process that makes lines of the access log's records and writes them to files, so that whoever
// answers does neither. It does one thing after the other, and waits where the disk has it wait; who gives it records does not wait for it.

import { readdirSync, readSync, writeSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { dnsFlow, type FlowNaming, type NamedPod } from './dns-flow.ts';
import { frameHead, frameKind, type LogBegin, type LogReport, type LogWords } from './log-frames.ts';
import { readRecords } from './log-record.ts';
import { TurningFile } from './turning-file.ts';

/** Of standard input and output. */
const [input, output] = [0, 1];
const [firstWaitMs, longestWaitMs, pipeWaitMs] = [10, 1000, 10];
/** Characters of lines that are written at once. */
const mostPending = 64 << 10;
/** That of the proxy. */
const begun = getPriority();
/** How much later than the proxy it has its turn, where both want the same processor: it gets a thirtieth of it. */
const later = 15;

/** Resolves when there is nothing more to come, or nobody who waits for it. */
export async function dnsLogWriterCommand(): Promise<number> {
  // Who gives it records says when it is to end, and that comes after the last one.
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => undefined);
  let writing: Writing | undefined;
  for (let frame = readFrame(); frame !== undefined; frame = readFrame()) {
    if (frame.kind === frameKind.records) {
      if (writing?.write(frame.bytes) !== true) break;
    } else {
      const words = JSON.parse(frame.bytes.toString()) as LogWords;
      if (words.begin !== undefined) writing = new Writing(words.begin);
      if (words.hurry) runLater(0);
      if (writing?.hear(words) !== true) break;
      if (words.begin !== undefined) runLater(later);
    }
    tell({ done: true });
  }
  return 0;
}

class Writing {
  private readonly proxy: number;
  private readonly file: TurningFile;
  private readonly pods = new Map<number, NamedPod>();
  private readonly naming: FlowNaming;

  constructor({ node, proxy, ...files }: LogBegin) {
    this.proxy = proxy;
    this.file = new TurningFile(files);
    this.naming = { node, pod: (endpoint) => this.pods.get(endpoint) };
  }

  /** False, as below: the proxy has ended before it came to that. */
  hear({ begin, pods = [] }: LogWords): boolean {
    for (const [endpoint, pod] of pods) {
      if (pod === null) this.pods.delete(endpoint);
      else this.pods.set(endpoint, pod);
    }
    return begin === undefined || this.insist(() => this.file.open());
  }

  write(records: Buffer): boolean {
    let [text, bytes] = ['', 0];
    for (const record of readRecords(records)) {
      const line = `${JSON.stringify(dnsFlow(record, this.naming))}\n`;
      const length = Buffer.byteLength(line);
      const hasRoom = this.file.hasRoom(length, bytes);
      if (!hasRoom || text.length > mostPending) {
        if (!this.append(text)) return false;
        [text, bytes] = ['', 0];
      }
      if (!hasRoom && !this.turn()) return false;
      text += line;
      bytes += length;
    }
    return this.append(text);
  }

  private append(text: string): boolean {
    const bytes = Buffer.from(text);
    let at = 0;
    return this.insist(() => {
      // Opened again, it has what was cut off alone, and gets the whole line.
      if (!this.file.isOpen && at > 0) at = bytes.lastIndexOf('\n', at - 1) + 1;
      while (at < bytes.length) at += this.file.write(bytes, at);
    });
  }

  /** Another process may write by now, if the proxy has gone: then the names of files are not ours. */
  private turn(): boolean {
    return !this.isAlone() && this.insist(() => this.file.turn());
  }

  /** Tries until it works. */
  private insist(step: () => void): boolean {
    let told = '';
    for (let wait = firstWaitMs; ; ) {
      try {
        step();
        return true;
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        // A pipe has taken what it could: its reader may be slow, which is no problem yet.
        const isPipe = code === 'EAGAIN';
        if (!isPipe && message !== told) tell({ problem: message });
        told = message;
        wait = isPipe ? pipeWaitMs : Math.min(wait * 2, longestWaitMs);
      }
      if (this.isAlone()) return false;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, wait);
    }
  }

  private isAlone(): boolean {
    return process.ppid !== this.proxy;
  }
}

/** The next whole frame; undefined: there is none any more. */
function readFrame(): { readonly kind: number; readonly bytes: Buffer } | undefined {
  const head = readWhole(frameHead);
  const bytes = head && readWhole(head.readUInt32LE(0));
  return head && bytes && { kind: head.readUInt32LE(4), bytes };
}

let memory = Buffer.alloc(64 << 10);

/** Valid until it is called again, but for a head. */
function readWhole(length: number): Buffer | undefined {
  if (length > memory.length) memory = Buffer.alloc(length);
  const bytes = length === frameHead ? Buffer.alloc(length) : memory.subarray(0, length);
  for (let at = 0; at < length; ) {
    const count = readSome(bytes, at);
    if (count === 0) return undefined;
    at += count;
  }
  return bytes;
}

function readSome(into: Buffer, at: number): number {
  try {
    return readSync(input, into, at, into.length - at, null);
  } catch (error) {
    // The proxy has ended with something of ours unread.
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return 0;
    throw error;
  }
}

function tell(report: LogReport): void {
  try {
    writeSync(output, `${JSON.stringify(report)}\n`);
  } catch (error) {
    // Nobody hears it any more; what is here already is written all the same.
    if (!['EPIPE', 'ECONNRESET'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** All its threads have their turn so much later than the proxy's; sooner again only where that is allowed. */
function runLater(by: number): void {
  try {
    for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), Math.min(begun + by, constants.priority.PRIORITY_LOW));
  } catch {}
}
