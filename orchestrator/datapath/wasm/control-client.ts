// Control client: one connection to the datapath process, which answers requests in their order.

import { connect, type Socket } from 'node:net';
import { AgentError, codes, type ErrorCode } from '../../errors.ts';
import { longestAnswer, readLines } from '../../processes/lines.ts';
import type { Answer, Call } from './control-line.ts';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class ControlClient {
  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>;
  private readonly socket: Socket;
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    readLines(socket, longestAnswer, (line) => this.take(line));
    this.ended = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    void this.ended.then(() => this.failAll());
  }

  /** Rejects with DATAPATH_UNREACHABLE when nobody listens there. */
  static open(path: string): Promise<ControlClient> {
    const socket = connect(path);
    return new Promise((resolve, reject) => {
      socket.once('error', (cause: NodeJS.ErrnoException) => {
        reject(new AgentError('DATAPATH_UNREACHABLE', `datapath process: ${path}: ${cause.code}`, { cause }));
      });
      socket.once('connect', () => resolve(new ControlClient(socket)));
    });
  }

  /** Rejects with what the process says, and with DATAPATH_UNREACHABLE when it ends before. */
  call<Result>(call: Call): Promise<Result> {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) return reject(gone());
      this.waiting.set(id, { resolve: (result) => resolve(result as Result), reject });
      this.socket.write(`${JSON.stringify({ id, ...call })}\n`);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private take(line: string): void {
    const answer = JSON.parse(line) as Answer;
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ('result' in answer) waiting?.resolve(answer.result);
    else {
      const { code, message } = answer.error;
      waiting?.reject(new AgentError(Object.hasOwn(codes, code) ? (code as ErrorCode) : 'DATAPATH_REFUSED', message));
    }
  }

  private failAll(): void {
    for (const { reject } of this.waiting.values()) reject(gone());
    this.waiting.clear();
  }
}

function gone(): AgentError {
  return new AgentError('DATAPATH_UNREACHABLE', 'datapath process: the connection ended');
}
