// Former: the process before this one, if there is one that serves. Both serve for a moment; then it is told to leave. Until it has ended it hears
// of rules from us, for connections over TCP may keep it for a while.

import { connect, type Socket } from 'node:net';
import { longestAnswer, readLines } from '../../processes/lines.ts';
import type { Answer, Call } from '../control-line.ts';

const patienceMs = 3000;

export interface Former {
  /** Resolves when it takes no more queries. */
  leave(): Promise<void>;
  /** Tells it of the rules; resolves when they are in force there, or it has ended, or does not answer. */
  rules(generation: number): Promise<void>;
  readonly ended: Promise<void>;
}

/** Resolves when it knows of us; undefined: there is nobody. */
export async function meetFormer(path: string): Promise<Former | undefined> {
  const socket = await open(path);
  if (socket === undefined) return undefined;
  const waiting = new Map<number, () => void>();
  let next = 1;
  readLines(socket, longestAnswer, (line) => waiting.get((JSON.parse(line) as Answer).id)?.());
  socket.on('close', () => {
    for (const done of waiting.values()) done();
  });
  const call = (what: Call): Promise<void> => {
    if (socket.destroyed) return Promise.resolve();
    const id = next++;
    socket.write(`${JSON.stringify({ id, ...what })}\n`);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      waiting.set(id, () => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve();
      });
    });
  };
  await call({ call: 'share' });
  const ended = new Promise<void>((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
  return { ended, leave: () => call({ call: 'leave' }), rules: (generation) => call({ call: 'rules', generation }) };
}

function open(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
    socket.on('error', () => socket.destroy());
  });
}
