// Proxy: the product's process on one CPU, with a reader of its access log, and what is asked of it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Answer, Call, ProxyStatus } from '../../../orchestrator/dns/control-line.ts';
import { longestAnswer, readLines } from '../../../orchestrator/processes/lines.ts';

const main = fileURLToPath(new URL('../../../orchestrator/main.ts', import.meta.url));
const [startMs, pauseMs] = [30_000, 50];
const headBytes = 8;
const ticksPerSecond = 100;

export class DnsProxy {
  readonly log: LogReader;
  private readonly child: ChildProcess;
  private readonly control: Socket;
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private next = 1;

  private constructor(child: ChildProcess, control: Socket, log: LogReader) {
    this.child = child;
    this.control = control;
    this.log = log;
    readLines(control, longestAnswer, (line) => {
      const answer = JSON.parse(line) as Answer;
      this.waiting.get(answer.id)?.(answer);
    });
  }

  /** `folder`: its run directory, with the rules in it. It ends with this process however that ends. */
  static async start(folder: string, bpffs: string, port: number, cpu: number, more: readonly string[]): Promise<DnsProxy> {
    const words = ['--pdeathsig', 'KILL', 'taskset', '-c', `${cpu}`, process.execPath, main, 'dns-proxy', '--run-dir', folder];
    const own = ['--state-dir', folder, '--datapath', 'kernel', '--bpffs', bpffs, '--port', `${port}`, '--node-name', 'bench'];
    const child = spawn('setpriv', [...words, ...own, ...more], { stdio: ['ignore', 'ignore', 'inherit'] });
    const path = join(folder, 'dns', 'control.sock');
    for (const end = performance.now() + startMs; child.exitCode === null && performance.now() < end; ) {
      const control = await open(path);
      if (control !== undefined) return new DnsProxy(child, control, await LogReader.start(path));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    child.kill('SIGKILL');
    throw new Error('bench: the DNS proxy does not answer');
  }

  async ask<Result>(call: Call): Promise<Result> {
    const id = this.next++;
    this.control.write(`${JSON.stringify({ id, ...call })}\n`);
    const answer = await new Promise<Answer>((resolve) => this.waiting.set(id, resolve));
    this.waiting.delete(id);
    if (!('result' in answer)) throw new Error(`bench: ${call.call}: ${JSON.stringify(answer)}`);
    return answer.result as Result;
  }

  status(): Promise<ProxyStatus> {
    return this.ask<ProxyStatus>({ call: 'status' });
  }

  /** Seconds of a processor that the process has had, bytes that it has in memory, and what its supervisor has of its own besides. */
  used(pid: number): { readonly seconds: number; readonly bytes: number; readonly supervisor: number } {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const seconds = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    // The program's pages are there once for both.
    return { seconds, bytes: memoryOf(pid, 'VmRSS'), supervisor: memoryOf(this.child.pid as number, 'RssAnon') };
  }

  async close(): Promise<void> {
    this.control.destroy();
    this.log.close();
    this.child.kill('SIGTERM');
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }
}

/** Of the log as frames: it counts records, and keeps none. */
export class LogReader {
  records = 0;
  lost = 0;
  private readonly socket: Socket;
  private rest = Buffer.alloc(0);
  private isAnswered = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.take(chunk)).on('error', () => undefined);
  }

  static async start(path: string): Promise<LogReader> {
    const socket = await open(path);
    if (socket === undefined) throw new Error('bench: the log cannot be read');
    const reader = new LogReader(socket);
    socket.write(`${JSON.stringify({ id: 1, call: 'log', binary: true })}\n`);
    while (!reader.isAnswered) await once(socket, 'data');
    return reader;
  }

  /** Resolves when as many records as that have come, or been lost; rejects when they do not come. */
  async until(records: number): Promise<void> {
    for (
      const end = performance.now() + startMs;
      this.records + this.lost < records;
      await new Promise((resolve) => setTimeout(resolve, 10))
    ) {
      if (performance.now() > end) throw new Error(`bench: ${this.records} records of the log came, not ${records}`);
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    if (!this.isAnswered) {
      const end = bytes.indexOf('\n');
      if (end >= 0) bytes = bytes.subarray(end + 1);
      this.isAnswered = end >= 0;
    }
    while (this.isAnswered && bytes.length >= headBytes && bytes.length >= headBytes + bytes.readUInt32LE(0)) {
      const end = headBytes + bytes.readUInt32LE(0);
      this.lost = bytes.readUInt32LE(4);
      for (let at = headBytes; at < end; at += bytes.readUInt32LE(at)) this.records += 1;
      bytes = bytes.subarray(end);
    }
    this.rest = Buffer.from(bytes);
  }
}

function open(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

/** Bytes by a field of a process's status. */
function memoryOf(pid: number, field: 'VmRSS' | 'RssAnon'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024;
}
