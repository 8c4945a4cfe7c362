// Exchange: one request to the agent over its socket, and the answer. HTTP 1.0 by hand: loading Node's HTTP client would take longer
// than everything else that the plugin does.

import { connect } from 'node:net';
import { Refusal } from './refusal.ts';
import { type CniAnswer, cniCode } from './request.ts';

const mostAnswer = 1 << 20;

/** The agent is away, or was lost on the way: the same request may be made again. */
export class Unreachable extends Refusal {}

/** Throws Unreachable, or Refusal when the agent does not understand the request or answers what cannot be read. */
export function ask(socketPath: string, request: object, timeoutMs: number): Promise<CniAnswer> {
  return new Promise((resolve, reject) => {
    const body = Buffer.from(JSON.stringify(request));
    const head = `POST /v1/cni HTTP/1.0\r\nHost: axoneme\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const chunks: Buffer[] = [];
    let length = 0;
    const away = (why: string) =>
      new Unreachable(cniCode.tryAgain, `agent: ${socketPath}: ${why}`, 'is the axoneme agent of this node running?');
    const socket = connect(socketPath, () => socket.write(Buffer.concat([Buffer.from(head), body])));
    const timer = setTimeout(() => socket.destroy(away(`no answer in ${timeoutMs / 1000} s`)), timeoutMs);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > mostAnswer) socket.destroy(new Refusal(cniCode.undecodable, `agent: its answer is longer than ${mostAnswer} bytes`));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => reject(error instanceof Refusal ? error : away(error.code ?? error.message)));
    socket.on('close', () => {
      clearTimeout(timer);
      try {
        const answer = readAnswer(Buffer.concat(chunks).toString());
        if (answer === undefined) reject(away('it went away before it had answered'));
        else resolve(answer);
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** undefined when the answer is not whole. Throws Refusal. */
function readAnswer(text: string): CniAnswer | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(text) ?? [];
  const body = text.slice(end + 4);
  const [, announced] = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end)) ?? [];
  if (announced !== undefined && Buffer.byteLength(body) < Number(announced)) return undefined;
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    throw new Refusal(cniCode.undecodable, `agent: answered what is not JSON: ${JSON.stringify(body.slice(0, 200))}`);
  }
  const { code, message } = (answer ?? {}) as { code?: unknown; message?: unknown };
  if (status === '200' && typeof code === 'number') return answer as CniAnswer;
  const said = typeof message === 'string' ? message : body.slice(0, 200);
  throw new Refusal(status?.startsWith('4') ? cniCode.badConfig : cniCode.tryAgain, `agent: answered ${status ?? 'no HTTP'}: ${said}`);
}
