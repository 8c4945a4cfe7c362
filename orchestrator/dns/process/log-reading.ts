// Log reading: what a client of control.sock is sent of the access log, at the pace at which it reads. A client that is slow misses records, and is
// told how many.

import type { Socket } from 'node:net';
import type { LogWish } from '../control-line.ts';
import type { FlowNaming } from '../log/dns-flow.ts';
import type { LogReader, LogRing } from '../log/log-ring.ts';
import { lastFlows, nextFlows, recordFilter } from './log-stream.ts';

const pauseMs = 20;
/** Of a frame, and of what may wait for the client. */
const [frameBytes, mostWaiting] = [256 << 10, 1 << 20];
const headBytes = 8;

export interface LogParts {
  readonly ring: LogRing;
  readonly naming: FlowNaming;
}

/** Sends what the wish says, and resolves with what the answer to it says; with `follow` when the client has hung up. */
export async function sendLines({ ring, naming }: LogParts, socket: Socket, id: number, wish: LogWish): Promise<{ readonly lost: number }> {
  const follower = ring.reader('newest');
  const send = (record: unknown): boolean => socket.write(`${JSON.stringify({ id, record })}\n`);
  const limit = wish.limit ?? (wish.follow === true && wish.since === undefined ? 0 : undefined);
  const past = ring.reader('oldest');
  for (const flow of await lastFlows(past, { ...wish, ...(limit !== undefined && { limit }) }, naming)) {
    if (!send(flow)) await drained(socket);
  }
  if (wish.follow !== true) return { lost: past.lost };
  const isWanted = recordFilter(wish, naming);
  while (!socket.destroyed) {
    const flows = nextFlows(follower, isWanted, naming);
    if (flows === undefined) await pause();
    else {
      for (const flow of flows) send(flow);
      if (socket.writableLength > mostWaiting) await drained(socket);
      else await breathe();
    }
  }
  return { lost: follower.lost };
}

/** Frames until the client hangs up. */
export async function sendFrames(reader: LogReader, socket: Socket): Promise<void> {
  while (!socket.destroyed) {
    const records = reader.read(frameBytes);
    if (records.length === 0) await pause();
    else {
      const head = Buffer.alloc(headBytes);
      head.writeUInt32LE(records.length, 0);
      head.writeUInt32LE(reader.lost >>> 0, 4);
      socket.write(head);
      socket.write(records);
      if (socket.writableLength > mostWaiting) await drained(socket);
      else await breathe();
    }
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    if (socket.destroyed || !socket.writableNeedDrain) resolve();
    else socket.on('drain', done).on('close', done);
  });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs));
}

function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
