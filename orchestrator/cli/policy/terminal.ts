// What the policy commands have of the world outside: where they print, and what they read of files in a form that all share.

import type { Paint } from '../paint.ts';

export interface Terminal {
  write(text: string): void;
  /** For what is not the answer: warnings about inputs. */
  complain(text: string): void;
  readonly paint: Paint;
}

/** 0: as it should be. 1: something was found. 2: the command line or an input is not understood (thrown as AgentError). */
export type Status = 0 | 1;
