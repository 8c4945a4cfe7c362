// What a failed call means: whether the request can have been carried out, whether to ask elsewhere, and which error it is for callers.
import { AgentError } from '../errors.ts';
import type { RpcError } from './endpoint.ts';

/** gRPC's status codes that decide something here. */
const status = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export interface Failure {
  /** The server, or the way to it, is at fault: another one may answer. */
  readonly elsewhere: boolean;
  /** The request has certainly not been carried out, so that a write may be sent again. */
  readonly undone: boolean;
  /** The token was not accepted: ask for a new one, then again. */
  readonly token: boolean;
  readonly error: AgentError;
}

const isRpc = (error: unknown): error is RpcError => error instanceof Error && 'code' in error && typeof error.code === 'number';

export const isCancelled = (error: unknown): boolean => isRpc(error) && error.code === status.cancelled;

const says = (error: RpcError, ...texts: string[]): boolean => texts.some((text) => error.details.includes(text));

/** `sent`: the request had left when it failed. `where`: method and server. */
export function failureOf(error: unknown, where: string, sent: boolean): Failure {
  if (error instanceof AgentError) return { elsewhere: false, undone: !sent, token: false, error };
  if (!isRpc(error)) throw error;
  const make = (code: ConstructorParameters<typeof AgentError>[0]) =>
    new AgentError(code, `etcd: ${where}: ${error.details || error.message}`, { cause: error });
  const fault = (kind: Partial<Failure>, code: ConstructorParameters<typeof AgentError>[0]): Failure => ({
    elsewhere: false,
    undone: !sent,
    token: false,
    ...kind,
    error: make(code),
  });
  // The last: none was given, because none was asked for when the store was opened.
  if (says(error, 'invalid auth token', 'revision of auth store is old', 'user name is empty'))
    return fault({ token: true, undone: true }, 'KV_REFUSED');
  if (isCompacted(error)) return fault({ undone: true }, 'KV_COMPACTED');
  if (says(error, 'database space exceeded')) return fault({ undone: true }, 'KV_FULL');
  switch (error.code) {
    case status.invalidArgument:
    case status.permissionDenied:
    case status.failedPrecondition:
    case status.unauthenticated:
    case status.unimplemented:
    case status.notFound:
    case status.outOfRange:
      return fault({ undone: true }, 'KV_REFUSED');
    case status.resourceExhausted:
      // Too many requests are refused before anything is done; a message that is too large is the caller's affair.
      return says(error, 'too many requests') ? fault({ elsewhere: true, undone: true }, 'KV_UNAVAILABLE') : fault({}, 'KV_REFUSED');
    case status.deadlineExceeded:
      return fault({ elsewhere: true }, 'KV_TIMEOUT');
    default:
      return fault({ elsewhere: true, undone: !sent || says(error, 'etcdserver: no leader') }, 'KV_UNAVAILABLE');
  }
}

const isCompacted = (error: RpcError): boolean =>
  says(error, 'required revision has been compacted', 'required revision is a future revision');

export const isLeaseGone = (error: unknown): boolean => error instanceof AgentError && error.message.includes('requested lease not found');

/** The answer would be larger than what is taken from a server at once. */
export const isTooLarge = (error: unknown): boolean => error instanceof AgentError && /message larger than max/i.test(error.message);

export const isAuthOff = (error: unknown): boolean =>
  error instanceof AgentError && error.message.includes('authentication is not enabled');

export const isCompaction = (error: unknown): boolean => error instanceof AgentError && error.code === 'KV_COMPACTED';

export const isClosed = (error: unknown): boolean => error instanceof AgentError && error.code === 'KV_CLOSED';

export function closedError(): AgentError {
  return new AgentError('KV_CLOSED', 'etcd: store: it has been closed');
}
