// Subcommands: what every policy command is, with its flags as data and the help made of them.

import { describeFlags, type Flags } from './flags.ts';
import type { Status, Terminal } from './terminal.ts';

export interface Subcommand {
  readonly sentence: string;
  /** The whole call: `policy test [FLAGS] FILES…`. */
  readonly usage: string;
  readonly flags: Flags;
  /** What the flags do not say, in lines. */
  readonly notes: string;
  run(args: readonly string[], terminal: Terminal): Promise<Status>;
}

export function helpOf({ sentence, usage, flags, notes }: Omit<Subcommand, 'run'>): string {
  return `axoneme ${usage}\n\n${sentence}\n\n${describeFlags(flags)}\n${notes.trim()}\n`;
}

export const outputFlag = { value: 'FORM', short: 'o', sentence: 'how results are told' } as const;
