// DNS control: the agent's side of the DNS proxy's control socket. Requests by number, answers in any order; records of a log as they come.

import { connect, type Socket } from 'node:net';
import type { Answer, Call, LogWish } from '../dns/control-line.ts';
import { AgentError } from '../errors.ts';
import { longestAnswer, readLines } from '../processes/lines.ts';

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly record?: (record: unknown) => void;
}

const subject = 'DNS proxy';

/** One connection; it is not made again when it has ended. */
export class DnsControl implements Disposable {
  /** Ends when the connection does. */
  readonly closed: Promise<void>;
  private readonly path: string;
  private readonly socket: Socket;
  private readonly pending = new Map<number, Pending>();
  private last = 0;

  private constructor(path: string, socket: Socket) {
    this.path = path;
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const { reject } of this.pending.values()) reject(unreachable(path, 'it hung up'));
        this.pending.clear();
        resolve();
      });
    });
    socket.on('error', () => {});
    readLines(socket, longestAnswer, (line) => this.take(line));
  }

  /** Throws DNS_PROXY_UNREACHABLE. */
  static connect(path: string): Promise<DnsControl> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', (error) => reject(unreachable(path, error.message, error)));
      socket.once('connect', () => resolve(new DnsControl(path, socket)));
    });
  }

  /** Throws DNS_PROXY_UNREACHABLE, also when no answer came within the time, and DNS_PROXY_REFUSED for what it does not do. */
  async call<Result>(call: Call, withinMs: number): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = this.send(call, { resolve, reject });
    const timer = setTimeout(() => {
      this.pending.delete(id);
      reject(unreachable(this.path, `no answer to "${call.call}" within ${withinMs} ms`));
    }, withinMs);
    try {
      return (await promise) as Result;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Records go to `take` until the log is at its end, or until the connection is closed. Answers how many records were missed. */
  async log(wish: LogWish, take: (record: unknown) => void): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.send({ call: 'log', ...wish }, { resolve, reject, record: take });
    return promise;
  }

  /** Whoever takes records more slowly than they come makes the proxy wait, which then leaves some out and counts them. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  private send(call: Call, pending: Pending): number {
    const id = ++this.last;
    if (this.socket.destroyed) pending.reject(unreachable(this.path, 'it hung up'));
    else {
      this.pending.set(id, pending);
      this.socket.write(`${JSON.stringify({ id, ...call })}\n`);
    }
    return id;
  }

  private take(line: string): void {
    let answer: Answer;
    try {
      answer = JSON.parse(line);
    } catch {
      this.socket.destroy();
      return;
    }
    const pending = this.pending.get(answer.id);
    if (pending === undefined) return;
    if ('record' in answer) {
      pending.record?.(answer.record);
      return;
    }
    this.pending.delete(answer.id);
    if ('error' in answer) pending.reject(new AgentError('DNS_PROXY_REFUSED', `${subject}: ${answer.error.message}`));
    else pending.resolve(answer.result);
  }
}

function unreachable(path: string, why: string, cause?: unknown): AgentError {
  return new AgentError('DNS_PROXY_UNREACHABLE', `${subject}: ${path}: ${why}`, { cause });
}
