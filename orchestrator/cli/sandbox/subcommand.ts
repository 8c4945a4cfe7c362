// What every command of the sandbox is, and the flag that says which sandbox is meant.

import { recordedNames } from '../../sandbox/record.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import type { Terminal } from '../policy/terminal.ts';

/** `run` resolves with the status of the process. */
export interface SandboxCommand extends Omit<Subcommand, 'run'> {
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

export const sandboxFlag = {
  value: 'NAME',
  short: 's',
  sentence: 'which sandbox; default: AXONEME_SANDBOX, the only one, or "default"',
} as const;

/** The one that is named, by the flag or by AXONEME_SANDBOX; else the only one, else `default`. */
export function chosenName(given: string | undefined): string {
  const named = given ?? process.env.AXONEME_SANDBOX;
  if (named !== undefined) return named;
  const names = recordedNames();
  return names.length === 1 ? names[0] : 'default';
}
