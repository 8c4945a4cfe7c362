// Refusals: what goes wrong in an answer to the runtime, with the codes that it knows.

import { type CniAnswer, cniCode } from '../cni/request.ts';
import { AgentError, type ErrorCode } from '../errors.ts';

/** A plugin's own codes begin at 100. */
export const ownCode = { differs: 100, failed: 101 } as const;

/** A request that is answered with an error. `message` reads as in errors.ts. */
export class CniRefusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const codes: Partial<Record<ErrorCode, number>> = {
  NETNS_UNKNOWN: cniCode.badEnvironment,
  STATE_UNWRITABLE: cniCode.io,
  ADDRESSES_EXHAUSTED: cniCode.tryAgain,
};

/** What the runtime is told of an error; undefined when it is none that was foreseen. */
export function refusalAnswer(error: unknown): CniAnswer | undefined {
  if (error instanceof CniRefusal) return { code: error.code, body: { msg: error.message } };
  if (!(error instanceof AgentError)) return undefined;
  const code = codes[error.code] ?? (error.retryable ? cniCode.tryAgain : ownCode.failed);
  return { code, body: { msg: error.message, details: error.code } };
}
