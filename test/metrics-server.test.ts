// Metrics on a port: one path, and an address that may be bad or taken.

import { createServer } from 'node:net';
import t from 'tap';
import { openLog } from '../orchestrator/log.ts';
import { serveMetrics } from '../orchestrator/metrics-server.ts';

function server(t: { teardown(act: () => unknown): void }, listen: string, text = async () => 'axoneme_x 1\n') {
  const lines: string[] = [];
  const stop = new AbortController();
  const log = openLog({ write: (line) => lines.push(line), now: () => new Date(0) }).room('metrics');
  const running = serveMetrics({ listen, text, signal: stop.signal, log });
  t.teardown(() => {
    stop.abort();
    return running;
  });
  return { lines, running };
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const socket = createServer().listen(0, '127.0.0.1', () => {
      const { port } = socket.address() as { port: number };
      socket.close(() => resolve(port));
    });
  });

t.test('numbers are told to who asks for them', async (t) => {
  const port = await freePort();
  server(t, `127.0.0.1:${port}`);
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  t.match(answer.headers.get('content-type'), /^text\/plain; version=0.0.4/);
  t.equal(await answer.text(), 'axoneme_x 1\n');
  t.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 404);
  t.equal((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status, 404);
});

t.test('numbers that cannot be had are an error, and the next time they may be', async (t) => {
  const port = await freePort();
  let isFailing = true;
  server(t, `127.0.0.1:${port}`, async () => {
    if (isFailing) throw new Error('no');
    return 'x 1\n';
  });
  t.equal((await fetch(`http://127.0.0.1:${port}/metrics`)).status, 500);
  isFailing = false;
  t.equal((await fetch(`http://127.0.0.1:${port}/metrics`)).status, 200);
});

t.test('an address that is taken or none at all is told, and ends nothing', async (t) => {
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  t.teardown(() => other.close());
  const { lines } = server(t, `127.0.0.1:${port}`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.match(lines.join(''), /EADDRINUSE/);
  const bad = server(t, 'nine');
  await bad.running;
  t.match(bad.lines.join(''), /cannot be read/);
  const none = server(t, '');
  await none.running;
  t.same(none.lines, []);
});
