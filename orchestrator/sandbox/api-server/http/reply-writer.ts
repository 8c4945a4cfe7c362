// Writing replies: status line, headers, body; each exactly once.
import type { ServerResponse } from 'node:http';
import type { StatusError } from '../status-error.ts';
import type { Reply } from './call.ts';

export function writeReply(response: ServerResponse, { code, type, body, warnings = [] }: Reply): void {
  if (response.headersSent || response.destroyed) return;
  const buffers = typeof body === 'string' ? [Buffer.from(body)] : Buffer.isBuffer(body) ? [body] : (body as readonly Buffer[]);
  if (warnings.length > 0)
    response.setHeader(
      'warning',
      warnings.map((sentence) => `299 - ${quoted(sentence)}`),
    );
  response.writeHead(code, {
    'content-type': type ?? 'application/json',
    'cache-control': 'no-cache, private',
    'content-length': String(buffers.reduce((sum, buffer) => sum + buffer.length, 0)),
  });
  for (const buffer of buffers) response.write(buffer);
  response.end();
}

export function writeError(response: ServerResponse, error: StatusError): void {
  const { retryAfterSeconds } = error.status.details ?? {};
  if (retryAfterSeconds !== undefined && !response.headersSent) response.setHeader('retry-after', String(retryAfterSeconds));
  // What is left of a body that was refused isn't read: the connection can't be used again.
  if (error.code === 413 && !response.headersSent) response.setHeader('connection', 'close');
  writeReply(response, { code: error.code, body: JSON.stringify(error.status) });
}

/** Header values are ASCII on one line. */
function quoted(sentence: string): string {
  return `"${sentence.replace(/[^\x20-\x7e]/g, ' ').replace(/["\\]/g, '\\$&')}"`;
}
