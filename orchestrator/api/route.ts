// Routes: a path, what it takes and gives, and who answers; matching, refusals and the OpenAPI document are made of this.

import type { Schema } from './schema.ts';
import type { AgentView } from './view.ts';

export interface Route {
  /** GET only reads and is served on both sockets; the others are served on the one for writing. */
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `/v1/endpoints/{id}`; every `{name}` is one part, decoded, and described in `parts`. */
  readonly path: string;
  readonly sentence: string;
  readonly parts?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, Parameter>>;
  /** Of the JSON body; a route without it takes none. */
  readonly body?: Schema;
  readonly answer: AnswerForm;
  /** Statuses besides 200, 400 and 404, with what they mean. */
  readonly others?: Readonly<Record<number, string>>;
  run(call: Call): Answer | Promise<Answer>;
}

export interface AnswerForm {
  readonly type: 'application/json' | 'application/x-ndjson' | 'text/plain';
  /** Of the whole, or of one line of a stream. */
  readonly schema?: Schema;
}

export interface Parameter {
  readonly sentence: string;
  readonly type: 'string' | 'integer' | 'boolean';
  readonly choices?: readonly string[];
  readonly least?: number;
  readonly most?: number;
  /** May be given more than once; then any of them. */
  readonly repeats?: true;
  readonly required?: true;
}

export interface Call {
  readonly view: AgentView;
  readonly parts: Readonly<Record<string, string>>;
  readonly query: QueryValues;
  readonly body: unknown;
  /** Aborted when the caller has left or the server closes. */
  readonly signal: AbortSignal;
}

/** Values as their parameters say: numbers, booleans; texts otherwise. */
export interface QueryValues {
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  number(name: string): number | undefined;
  isSet(name: string): boolean;
}

/** One of: a whole JSON value, pieces of a text that is too long to be held, lines that come as they come. */
export type Answer =
  | { readonly status?: number; readonly json: unknown }
  | { readonly status?: number; readonly text: string }
  | { readonly pieces: AsyncIterable<string> }
  | { readonly lines: AsyncIterable<string> };
