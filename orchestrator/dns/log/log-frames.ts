// Log frames: what the proxy says to the process that writes its log to a file, and what it hears from there. A frame is a head and as many bytes
// as that says: records of the log, or words in JSON. For each frame of either kind a line of JSON comes back.

import type { NamedPod } from './dns-flow.ts';

/** Bytes: u32 of what follows, u32 `frameKind`, little-endian. */
export const frameHead = 8;
export const frameKind = { records: 0, words: 1 } as const;

export interface LogWords {
  /** The first words. */
  readonly begin?: LogBegin;
  /** Who endpoints are from now on, by their numbers; null: nobody. */
  readonly pods?: readonly (readonly [endpoint: number, pod: NamedPod | null])[];
  /** These are the last ones: nothing has to go before them any more. */
  readonly hurry?: true;
}

export interface LogBegin {
  readonly path: string;
  readonly mostBytes: number;
  readonly files: number;
  /** Name of the node. */
  readonly node: string;
  /** Number of the process whose log it is. */
  readonly proxy: number;
}

/** `done`: of the oldest frame without one, everything is in the file. `problem`: it is not, for now; it is tried again. */
export type LogReport = { readonly done: true } | { readonly problem: string };

export function wordsFrame(words: LogWords): Buffer {
  const text = Buffer.from(JSON.stringify(words));
  return Buffer.concat([headOf(frameKind.words, text.length), text]);
}

export function headOf(kind: number, length: number, into: Buffer = Buffer.alloc(frameHead)): Buffer {
  into.writeUInt32LE(length, 0);
  into.writeUInt32LE(kind, 4);
  return into;
}
