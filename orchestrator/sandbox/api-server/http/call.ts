// Calls: a request as the verbs see it.
import type { ServerResponse } from 'node:http';
import type { User } from '../authentication/user.ts';
import type { Representation } from './accept.ts';
import type { Target } from './target.ts';

export interface Call extends Target {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly representation: Representation;
  /** Who asks. */
  readonly user: User;
  readonly body: () => Promise<Buffer>;
  /** For watches, which write for as long as they last. */
  readonly response: ServerResponse;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly code: number;
  readonly type?: string;
  readonly body: string | Buffer | readonly Buffer[];
  /** Sentences for the user, sent as `Warning` headers. */
  readonly warnings?: readonly string[];
}

export const jsonReply = (value: unknown, code = 200, warnings: readonly string[] = []): Reply => ({
  code,
  body: JSON.stringify(value),
  warnings,
});
