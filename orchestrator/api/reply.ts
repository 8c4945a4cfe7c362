// Replies: answers on their way out, at the reader's pace. What a reader does not take is not made: at most one piece waits for it.

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Problem } from './problem.ts';
import type { Answer, AnswerForm } from './route.ts';

/** A finite answer of which nothing is taken for so long is given up; a stream may stand still for as long as its reader likes. */
export const stallMs = 60_000;

export interface ReplyOptions {
  readonly form: AnswerForm;
  /** HEAD: everything but the body. */
  readonly isHead: boolean;
  readonly signal: AbortSignal;
  readonly stallMs: number;
}

export async function sendAnswer(response: ServerResponse, answer: Answer, options: ReplyOptions): Promise<void> {
  const { form, isHead } = options;
  response.setHeader('Content-Type', form.type === 'text/plain' ? 'text/plain; version=0.0.4; charset=utf-8' : form.type);
  if ('json' in answer) return sendWhole(response, answer.status ?? 200, `${JSON.stringify(answer.json, plain)}\n`, isHead);
  if ('text' in answer) return sendWhole(response, answer.status ?? 200, answer.text, isHead);
  const source = 'pieces' in answer ? answer.pieces : answer.lines;
  if (isHead) {
    response.end();
    return;
  }
  response.flushHeaders();
  await sendPieces(response, source, options.signal, 'pieces' in answer ? options.stallMs : undefined);
}

export function sendProblem(response: ServerResponse, problem: Problem, isHead = false): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
  response.setHeader('Content-Type', 'application/json');
  sendWhole(response, problem.status, `${JSON.stringify(problem.body)}\n`, isHead);
}

function sendWhole(response: ServerResponse, status: number, body: string, isHead: boolean): void {
  response.statusCode = status;
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(isHead ? undefined : body);
}

async function sendPieces(
  response: ServerResponse,
  source: AsyncIterable<string>,
  signal: AbortSignal,
  stall: number | undefined,
): Promise<void> {
  for await (const piece of source) {
    if (signal.aborted) break;
    if (!response.write(piece)) await drained(response, signal, stall);
  }
  // A body that was cut short must not look whole.
  if (signal.aborted) response.destroy();
  else response.end();
}

async function drained(response: ServerResponse, signal: AbortSignal, stall: number | undefined): Promise<void> {
  const timeout = stall === undefined ? undefined : setTimeout(() => response.destroy(), stall);
  try {
    await once(response, 'drain', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearTimeout(timeout);
  }
}

/** JSON has no bigint. */
export function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value)) : value;
}

/** A fault of ours is told as such, without what it says. */
export function problemOf(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(500, 'agent: the request failed: a fault of the agent, told in its log');
}
