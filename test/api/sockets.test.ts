// The sockets: who may use which, what is left of agents that ended, and what comes in that is no HTTP.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { openApi } from '../../orchestrator/api/server.ts';
import { openLog } from '../../orchestrator/log.ts';
import { openNode } from './node.ts';
import { ask, exchange, readAnswer } from './raw.ts';

const node = await openNode();
t.teardown(() => node.close());
const { read, write } = node.api.sockets;
const log = openLog({ write: () => {}, now: () => new Date() }).room('api');

t.test('only the owner may use the socket for writing; the group may read', async (t) => {
  t.equal(statSync(write).mode & 0o777, 0o600);
  t.equal(statSync(read).mode & 0o777, 0o660);
});

const skip = process.getuid?.() !== 0 && 'becoming somebody else takes root';

t.test('somebody else is kept out by the kernel, a member of the group reads', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-group-'));
  const api = await openApi({ folder, view: node.view, log, readGroup: 4242 });
  spawnSync('chmod', ['755', folder]);
  const script = (path: string) =>
    `require('http').get({ socketPath: ${JSON.stringify(path)}, path: '/v1/status' }, (r) => { console.log(r.statusCode); r.destroy(); }).on('error', (e) => console.log(e.code))`;
  const as = (group: number, path: string) =>
    new Promise<string>((resolve) => {
      import('node:child_process').then(({ spawn }) => {
        const child = spawn('setpriv', ['--reuid=4242', `--regid=${group}`, '--clear-groups', process.execPath, '-e', script(path)], {
          env: {},
        });
        let text = '';
        child.stdout.on('data', (piece) => (text += piece));
        child.on('close', () => resolve(text.trim()));
      });
    });
  t.equal(statSync(api.sockets.read).gid, 4242);
  t.equal(await as(4242, api.sockets.read), '200');
  t.equal(await as(4242, api.sockets.write), 'EACCES');
  t.equal(await as(4343, api.sockets.read), 'EACCES');
  await api.close();
  rmSync(folder, { recursive: true });
});

t.test('the group that may read is looked up by its name', async (t) => {
  const { groupNumber } = await import('../../orchestrator/api/group.ts');
  const file = join(t.testdir({ group: 'root:x:0:\naxoneme-old:x:7:\naxoneme:x:983:ann,bob\nbroken\naxoneme:x:x:\n' }), 'group');
  t.equal(groupNumber('axoneme', file), 983);
  t.equal(groupNumber('broken', file), undefined);
  t.equal(groupNumber('nobody-has-it', file), undefined);
  t.equal(groupNumber('axoneme', `${file}.absent`), undefined);
});

t.test('the socket for reading does not write, and says where that is done', async (t) => {
  const { status, body } = await ask(read, '/v1/cni', { method: 'POST', body: '{"command":"ADD","config":{}}' });
  t.equal(status, 403);
  t.match(JSON.parse(body), { message: '/v1/cni: POST: this socket is for reading', hint: 'use axoneme.sock in the same folder' });
  t.same(node.calls, []);
});

t.test('a call of the plugin reaches the agent as it was sent, also by HTTP/1.0', async (t) => {
  const call = {
    command: 'ADD',
    containerId: 'c1',
    netns: '/proc/1/ns/net',
    ifname: 'eth0',
    args: '',
    path: '',
    config: { cniVersion: '1.0.0', name: 'ü' },
  };
  const body = JSON.stringify(call);
  const text = await exchange(
    write,
    `POST /v1/cni HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    { isHalfOpen: false },
  );
  t.match(text, /^HTTP\/1\.1 200/);
  t.same(JSON.parse(text.split('\r\n\r\n')[1] as string), { code: 0, body: { cniVersion: '1.0.0', ips: [] } });
  t.same(node.calls.splice(0), [call]);
});

t.test('bodies that are no call are refused, and say why', async (t) => {
  const deep = `{"command":"ADD","config":${'['.repeat(100)}${']'.repeat(100)}}`;
  for (const [body, status, message] of [
    ['', 400, /body: not JSON/],
    ['{"command":', 400, /body: not JSON/],
    ['[]', 400, /body: not an object/],
    ['null', 400, /body: not an object/],
    ['{"command":7}', 400, /command: not a text: 7/],
    ['{}', 400, /command: not a text/],
    [deep, 400, /deeper than 64/],
    [`{"command":"${'x'.repeat(1024 * 1024)}"}`, 413, /larger than 1048576 bytes/],
  ] as const) {
    const answer = await ask(write, '/v1/cni', { method: 'POST', body });
    t.equal(answer.status, status, body.slice(0, 40));
    t.match(JSON.parse(answer.body).message, message);
  }
  t.equal((await ask(write, '/v1/cni', { method: 'POST', body: '{}', headers: ['Content-Type: text/xml'] })).status, 415);
  t.same(node.calls, []);
});

t.test('a body that is longer than it may be is not read to its end, chunked or not', async (t) => {
  const chunk = `${(65536).toString(16)}\r\n${'x'.repeat(65536)}\r\n`;
  const text = await exchange(write, `POST /v1/cni HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(40)}0\r\n\r\n`, {
    isHalfOpen: false,
  });
  t.equal(readAnswer(text).status, 413);
  const promised = await exchange(write, `POST /v1/cni HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n{`, { isHalfOpen: false });
  t.equal(readAnswer(promised).status, 413);
});

t.test('headers without end are refused', async (t) => {
  const text = await exchange(read, `GET /v1/status HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`, { isHalfOpen: false });
  t.equal(readAnswer(text).status, 431);
});

t.test('whatever bytes come in, the answer is HTTP or nothing, and the next request is answered', async (t) => {
  const usualLine = fc.tuple(
    fc.constantFrom('GET', 'POST', 'HEAD'),
    fc.constantFrom('/v1/status', '/v1/cni', '/v1/endpoints/11', '/v1/nothing', 'http://x/v1/status', '/v1/flows?last=%', '//v1/status'),
    fc.constantFrom('HTTP/1.1', 'HTTP/1.0'),
  );
  const oddLine = fc.tuple(
    fc.constantFrom('GET', 'PUT', 'get', 'PRI', ''),
    fc.oneof(fc.webPath(), fc.string(), fc.constantFrom('*', '/v1/../v1/status')),
    fc.constantFrom('HTTP/1.1', 'HTTP/2.0', ''),
  );
  const line = fc.oneof({ weight: 2, arbitrary: usualLine }, { weight: 1, arbitrary: oddLine });
  const odd = fc.tuple(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }));
  const usual = fc.constantFrom(
    ['Content-Length', '5'],
    ['Content-Length', '-1'],
    ['Content-Type', 'application/json'],
    ['Transfer-Encoding', 'chunked'],
    ['Expect', '100-continue'],
    ['Connection', 'keep-alive'],
    ['Upgrade', 'websocket'],
    ['Accept', 'x'],
  );
  const header = fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd });
  const request = fc
    .tuple(line, fc.array(header, { maxLength: 4 }), fc.string({ maxLength: 200 }))
    .map(([[method, target, version], headers, body]) => {
      const lines = [`${method} ${target} ${version}`, 'Host: a', ...headers.map(([name, value]) => `${name}: ${value}`)];
      return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
    });
  const bytes = fc.oneof({ weight: 3, arbitrary: request }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) });
  const told: Record<number, number> = {};
  await fc.assert(
    fc.asyncProperty(bytes, fc.boolean(), async (input, isWriting) => {
      const text = await exchange(isWriting ? write : read, input, { ms: 500 });
      if (text === '') return true;
      const { status } = readAnswer(text);
      told[status] = (told[status] ?? 0) + 1;
      // 100: go on.
      return status >= 100 && status < 500;
    }),
    { numRuns: 300 },
  );
  t.comment(JSON.stringify(told));
  t.ok(Object.keys(told).length >= 3, 'several kinds of answers were seen');
  t.equal((await ask(read, '/v1/status')).status, 200);
  t.same(node.logged, [], 'nothing of it was a fault of the agent');
  t.same(node.calls, []);
});

t.test('parts of paths and parameters of any text are answered, never with a 5xx', async (t) => {
  const paths = [
    '/v1/endpoints/',
    '/v1/identities/',
    '/v1/policy/',
    '/v1/maps/',
    '/v1/tables/',
    '/v1/services/',
    '/v1/ip?address=',
    '/v1/flows?pod=',
    '/v1/flows?rule=',
    '/v1/policy?endpoint=',
  ];
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', 'constructor', 'toString', '..', '0', '-1', '1e9', '::', '%00'),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), text, async (path, part) => {
      let encoded: string;
      try {
        encoded = encodeURIComponent(part);
      } catch {
        return true;
      }
      const { status } = await ask(read, `${path}${encoded}`);
      return status >= 200 && status < 500;
    }),
    { numRuns: 300 },
  );
  t.same(node.logged, []);
});

t.test('a socket that a killed agent left is replaced; one that is answered is not taken', async (t) => {
  await t.rejects(openApi({ folder: node.folder, view: node.view, log }), { code: 'API_SOCKET_TAKEN' });
  t.equal((await ask(read, '/v1/status')).status, 200, 'whoever has it keeps it');
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-left-'));
  const path = join(folder, 'axoneme.sock');
  spawnSync(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
  ]);
  t.ok(existsSync(path), 'it was left');
  const api = await openApi({ folder, view: node.view, log });
  t.equal((await ask(path, '/v1/status')).status, 200);
  await api.close();
  await api.close();
  t.notOk(existsSync(path), 'and goes with a graceful end');
  rmSync(folder, { recursive: true });
});

t.test('a file in the place of a socket is not touched, nor is a path too long', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-file-'));
  writeFileSync(join(folder, 'axoneme-read.sock'), 'mine');
  await t.rejects(openApi({ folder, view: node.view, log }), { code: 'API_SOCKET_INVALID', message: /something else is there/ });
  t.notOk(existsSync(join(folder, 'axoneme.sock')), 'the other one is not left behind');
  await t.rejects(openApi({ folder: join(folder, 'x'.repeat(100)), view: node.view, log }), { message: /longer than 107 bytes/ });
  rmSync(folder, { recursive: true });
});

t.test('a caller that says nothing is not waited for by the others', async (t) => {
  const silent = Array.from({ length: 50 }, () => exchange(read, 'GET /v1/sta', { ms: 300, isHalfOpen: false }));
  t.equal((await ask(read, '/v1/status')).status, 200);
  await Promise.all(silent);
});

t.test('closing ends streams and waits for nobody', async (t) => {
  const other = await openNode();
  const stream = exchange(other.api.sockets.read, 'GET /v1/flows?follow HTTP/1.1\r\nHost: a\r\n\r\n', { ms: 5000, isHalfOpen: false });
  while (other.flows.readers === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const before = performance.now();
  await other.api.close();
  t.ok(performance.now() - before < 1000);
  await stream;
  while (other.flows.readers > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await other.close();
});

t.test('a server that hangs is told apart from one that is not there', async (t) => {
  const { openClient } = await import('../../orchestrator/api/client.ts');
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-hang-'));
  const path = join(folder, 'axoneme.sock');
  const hanging = createServer(() => {}).listen(path);
  await t.rejects(openClient({ socket: path, timeoutMs: 100 }).get('/v1/status'), {
    code: 'API_UNREACHABLE',
    message: /no answer within 0.1 s/,
  });
  hanging.close();
  await t.rejects(openClient({ socket: join(folder, 'none.sock') }).get('/v1/status'), {
    message: /none\.sock: no such socket: is the agent running/,
  });
  rmSync(folder, { recursive: true });
});
