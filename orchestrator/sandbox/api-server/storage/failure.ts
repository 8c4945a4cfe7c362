// What a failure of the store is to those who asked: something to try again, or something that was too much.
import { AgentError } from '../../../errors.ts';
import { internalError, StatusError } from '../status-error.ts';

export function storeFailure(error: unknown): StatusError {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof AgentError)) return internalError(message);
  const again = { causes: [{ message }], retryAfterSeconds: 1 };
  switch (error.code) {
    case 'KV_TIMEOUT':
      return new StatusError(504, 'Timeout', 'etcdserver: request timed out', again);
    case 'KV_UNAVAILABLE':
      return new StatusError(503, 'ServiceUnavailable', 'the server is currently unable to handle the request', again);
    case 'KV_REFUSED':
      if (!/too large|larger than max/.test(message)) return internalError(message);
      return new StatusError(413, 'RequestEntityTooLarge', 'etcdserver: request is too large', { causes: [{ message }] });
    default:
      return internalError(message);
  }
}
