// One probe: a TCP connection and one HTTP question, with the time that both took.

import { performance } from 'node:perf_hooks';
import { request } from '../http.ts';

export type ProbeResult =
  | { readonly isReached: true; readonly ms: number; readonly node: string }
  | { readonly isReached: false; readonly error: string };

export interface ProbeTarget {
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** An answer is a few bytes. */
const mostBytes = 1024;

/** Never throws. */
export function probe({ address, port, timeoutMs }: ProbeTarget, signal?: AbortSignal): Promise<ProbeResult> {
  const started = performance.now();
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException | string) => {
      clearTimeout(timer);
      resolve({ isReached: false, error: typeof error === 'string' ? error : words(error) });
      asked.destroy();
    };
    const asked = request({ host: address, port, path: '/healthz', agent: false, ...(signal && { signal }) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
        if (text.length > mostBytes) fail('the answer is not that of an agent');
      });
      response.on('error', fail);
      response.on('end', () => {
        clearTimeout(timer);
        const node = nodeOf(text);
        const ms = Math.round((performance.now() - started) * 100) / 100;
        resolve(node === undefined ? { isReached: false, error: 'the answer is not that of an agent' } : { isReached: true, ms, node });
      });
    });
    // A connection that hangs and an answer that does not end are both too late.
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
    asked.on('error', fail);
    asked.end();
  });
}

function nodeOf(text: string): string | undefined {
  try {
    const { node } = JSON.parse(text) as { node?: unknown };
    return typeof node === 'string' ? node : undefined;
  } catch {
    return undefined;
  }
}

const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  EHOSTUNREACH: 'no route leads there, or nobody has the address',
  ENETUNREACH: 'no route leads there',
  ECONNRESET: 'the connection was reset',
  ETIMEDOUT: 'no answer to the connection',
};

function words({ code, message }: NodeJS.ErrnoException): string {
  return sentences[code ?? ''] ?? message;
}
