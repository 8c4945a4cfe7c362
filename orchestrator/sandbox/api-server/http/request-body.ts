// Bodies of requests: read up to a limit, parsed up to a depth.
import type { IncomingMessage } from 'node:http';
import { badRequest, StatusError, tooLarge } from '../status-error.ts';

/** What an API server takes: three times what etcd stores in one value by default. */
export const mostBytes = 3 * 1024 * 1024;
/** Maps and lists within each other. */
export const deepest = 500;

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw tooLarge(mostBytes);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > mostBytes) throw tooLarge(mostBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The body's value. `kind` is what the resource's objects are, for the message. */
export function parseJson(body: Buffer, kind: string): unknown {
  if (depth(body) > deepest) throw badRequest(`the object provided is unrecognized (must be of type ${kind}): json: exceeded max depth`);
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    const summary = body.length === 0 ? 'empty' : `${body.subarray(0, 30).toString('hex')}${body.length > 30 ? ' ...' : ''}`;
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why} (${summary})`,
    );
  }
}

/** How deep brackets stand within each other outside of texts. */
function depth(text: Buffer): number {
  let now = 0;
  let most = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const byte = text[index];
    if (quoted) {
      if (byte === 0x5c) index += 1;
      else if (byte === 0x22) quoted = false;
    } else if (byte === 0x22) quoted = true;
    else if (byte === 0x7b || byte === 0x5b) most = Math.max(most, ++now);
    else if (byte === 0x7d || byte === 0x5d) now -= 1;
  }
  return most;
}

/** Any other error of a request is the server's own fault. */
export function statusOf(error: unknown): StatusError | undefined {
  return error instanceof StatusError ? error : undefined;
}
