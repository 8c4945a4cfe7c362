// Bodies of requests: JSON objects, read up to a limit and a depth.

import type { IncomingMessage } from 'node:http';
import { Problem } from './problem.ts';

/** What the runtime hands to a plugin is a few KiB; a GC names every container of a node. */
export const mostBytes = 1024 * 1024;
const deepest = 64;

export async function readJsonBody(request: IncomingMessage, path: string): Promise<unknown> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== 'application/json') {
    throw new Problem(415, `${path}: body: not application/json: ${JSON.stringify(type)}`);
  }
  const text = (await readBytes(request, path)).toString('utf8');
  if (depthOf(text) > deepest) throw new Problem(400, `${path}: body: deeper than ${deepest} lists and objects`);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new Problem(400, `${path}: body: not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Problem(400, `${path}: body: not an object`);
  return body;
}

async function readBytes(request: IncomingMessage, path: string): Promise<Buffer> {
  const tooLarge = () => new Problem(413, `${path}: body: larger than ${mostBytes} bytes`, { headers: { Connection: 'close' } });
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  // The socket stays whole when the loop is left, for the refusal has to go out by it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += chunk.length;
    if (length > mostBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** How deep brackets stand within each other outside of texts. */
function depthOf(text: string): number {
  let now = 0;
  let most = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (isQuoted) {
      if (letter === '\\') at += 1;
      else if (letter === '"') isQuoted = false;
    } else if (letter === '"') isQuoted = true;
    else if (letter === '{' || letter === '[') most = Math.max(most, ++now);
    else if (letter === '}' || letter === ']') now -= 1;
  }
  return most;
}
