// HTTP by hand: bytes into a socket, and what comes back.
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** All bytes until the other side ends, or `ms` have passed. */
export function exchange(socket: string, bytes: string | Uint8Array, { ms = 60_000, isHalfOpen = true } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = connect({ path: socket, allowHalfOpen: true });
    let text = '';
    const end = () => {
      clearTimeout(timer);
      connection.destroy();
      resolve(text);
    };
    const timer = setTimeout(end, ms);
    connection.setEncoding('latin1');
    connection.on('data', (piece) => (text += piece));
    connection.on('end', end);
    connection.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EPIPE' || error.code === 'ECONNRESET' ? end() : reject(error),
    );
    connection.write(bytes);
    if (isHalfOpen) connection.end();
  });
}

export async function ask(
  socket: string,
  target: string,
  { method = 'GET', body = '', headers = [] as readonly string[] } = {},
): Promise<RawAnswer> {
  const head = [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
  ];
  return readAnswer(await exchange(socket, `${head.join('\r\n')}\r\n\r\n${body}`, { isHalfOpen: false }));
}

export function readAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split(': ');
      return [name.toLowerCase(), value.join(': ')];
    }),
  );
  const body = rest.join('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(first)?.[1] ?? 0),
    headers,
    body: headers['transfer-encoding'] === 'chunked' ? dechunk(body) : body,
  };
}

function dechunk(text: string): string {
  let body = '';
  for (let rest = text; ; ) {
    const [, size = '0'] = /^([0-9a-f]+)\r\n/i.exec(rest) ?? [];
    const length = Number.parseInt(size, 16);
    if (length === 0) return body;
    const from = size.length + 2;
    body += rest.slice(from, from + length);
    rest = rest.slice(from + length + 2);
  }
}
