// Continue tokens: where a list in pages goes on, and at which revision.
import { badRequest } from '../status-error.ts';

/** `revision` is undefined when the rest may be as it is now: after the first revision has been compacted away. */
export interface Continuation {
  readonly from: string;
  readonly revision: bigint | undefined;
}

/** `start` is relative to the list's prefix, so that a token can't reach into another list. */
export function writeToken(prefix: string, { from, revision }: Continuation): string {
  const body = { v: 'meta.k8s.io/v1', rv: revision === undefined ? -1 : Number(revision), start: from.slice(prefix.length) };
  return Buffer.from(JSON.stringify(body)).toString('base64url');
}

export function readToken(prefix: string, token: string): Continuation {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (v !== 'meta.k8s.io/v1' || typeof start !== 'string' || start === '' || !Number.isSafeInteger(rv))
      throw new Error('no token of ours');
    if (start.split('/').includes('..')) throw new Error('not below the prefix');
    return { from: prefix + start, revision: rv === -1 ? undefined : BigInt(rv) };
  } catch {
    throw badRequest('continue key is not valid: encoded continue token is not one that this server has made');
  }
}
