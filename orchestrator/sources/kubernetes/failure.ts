// Failures of the Kubernetes API: what went wrong with a request, in words that say which request it was.

import { AgentError, type ErrorCode } from '../../errors.ts';

export interface KubeFailureOptions {
  readonly cause?: unknown;
  /** The HTTP status, if there was an answer. */
  readonly status?: number;
  /** `reason` of the Status object: Expired, NotFound, Conflict, Invalid … */
  readonly reason?: string;
  /** What the server asks us to wait. */
  readonly retryAfterMs?: number;
}

export class KubeError extends AgentError {
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: KubeFailureOptions = {}) {
    super(code, message, { cause: options.cause });
    this.status = options.status;
    this.reason = options.reason;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** The changes since our revision, or the rest of a list, are gone, or the store was set back: only a list from the start helps. */
  get isExpired(): boolean {
    return this.status === 410 || this.reason === 'Expired' || this.reason === 'Gone' || /too large resource version/i.test(this.message);
  }
}

/** What a Status object means, be it the body of an answer or an event of a watch. */
export function refusal(where: string, status: number, body: unknown, retryAfter?: string): KubeError {
  const { message, reason, code, details } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const real = status === 200 && typeof code === 'number' ? code : status;
  const seconds = Number(retryAfter ?? (details as { retryAfterSeconds?: unknown } | undefined)?.retryAfterSeconds);
  const said = typeof message === 'string' && message !== '' ? message : `status ${real}`;
  return new KubeError(codeOf(real), `kubernetes api: ${where}: ${said.slice(0, longestMessage)}`, {
    status: real,
    reason: typeof reason === 'string' ? reason : undefined,
    retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, longestWaitSeconds) * 1000 : undefined,
  });
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'KUBE_REFUSED';
  if (status === 429 || status === 410 || status >= 500) return 'KUBE_UNAVAILABLE';
  return 'KUBE_REJECTED';
}

const longestMessage = 500;
const longestWaitSeconds = 120;
