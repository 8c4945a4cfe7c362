// The plugin, run as container runtimes run it.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import t from 'tap';
import { openAgent, openAnsweringAgent, openBench } from '../support/cni.ts';

const result = {
  cniVersion: '1.0.0',
  interfaces: [
    { name: 'axn0123456789', mac: '02:00:00:00:00:02', mtu: 1450 },
    { name: 'eth0', mac: '02:00:00:00:00:01', mtu: 1450, sandbox: '/var/run/netns/c0ffee' },
  ],
  ips: [
    { address: '10.1.0.5/32', gateway: '169.254.1.1', interface: 1 },
    { address: 'fd00:1::5/128', gateway: 'fe80::1', interface: 1 },
  ],
  routes: [{ dst: '0.0.0.0/0', gw: '169.254.1.1', mtu: 1450 }],
  dns: {},
};

t.test('the bundle is small and needs nothing but Node', async (t) => {
  const bench = await openBench(t);
  const code = `${bench.plugin}.cjs`;
  t.ok(statSync(code).size <= 10 * 1024, `${statSync(code).size} bytes`);
  const needs = [...readFileSync(code, 'utf8').matchAll(/require\(["'](?:node:)?([^"']+)["']\)/g)].map(([, name = '']) => name);
  t.same(
    needs.filter((name) => !builtinModules.includes(name)),
    [],
  );
  t.same([...new Set(needs)].sort(), ['fs', 'net']);
});

t.test('an ADD is one request with all that the runtime said, and its answer the result', async (t) => {
  const bench = await openBench(t);
  const requests: unknown[] = [];
  let connections = 0;
  const server = await openAnsweringAgent(t, bench.socket, (request) => {
    requests.push(request);
    return { code: 0, body: result };
  });
  server.on('connection', () => connections++);
  const { status, said, stderr } = await bench.call('ADD');
  t.same([status, stderr, connections], [0, '', 1]);
  t.same(requests, [
    {
      command: 'ADD',
      containerId: 'c0ffee',
      netns: '/var/run/netns/c0ffee',
      ifname: 'eth0',
      args: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web',
      path: join(bench.folder, 'bin'),
      config: bench.config,
    },
  ]);
  t.same(said, {
    ...result,
    interfaces: result.interfaces.map(({ mtu: _, ...rest }) => rest),
    routes: [{ dst: '0.0.0.0/0', gw: '169.254.1.1' }],
  });
});

t.test('a result has the form of the version that the configuration speaks', async (t) => {
  const bench = await openBench(t);
  await openAnsweringAgent(t, bench.socket, () => ({ code: 0, body: result }));
  for (const cniVersion of ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']) {
    const { status, said } = await bench.call('ADD', { ...bench.config, cniVersion });
    t.equal(status, 0);
    t.equal(said.cniVersion, cniVersion);
    t.same(
      said.ips.map(({ version }: { version?: string }) => version),
      cniVersion < '1' ? ['4', '6'] : [undefined, undefined],
      `${cniVersion}: families are told before 1.0.0`,
    );
    t.equal(said.interfaces[1].mtu, cniVersion === '1.1.0' ? 1450 : undefined, `${cniVersion}: MTUs are told since 1.1.0`);
  }
});

t.test('what succeeds without a result says nothing', async (t) => {
  const bench = await openBench(t);
  const commands: unknown[] = [];
  await openAnsweringAgent(t, bench.socket, ({ command, config }) => {
    commands.push([command, (config as { prevResult?: object }).prevResult === undefined]);
    return { code: 0 };
  });
  const config = { ...bench.config, cniVersion: '1.1.0', prevResult: result };
  for (const command of ['CHECK', 'DEL', 'STATUS', 'GC'])
    t.same(await bench.call(command, config), { status: 0, said: undefined, stderr: '' });
  t.same(commands, [
    ['CHECK', false],
    ['DEL', false],
    ['STATUS', false],
    ['GC', false],
  ]);
});

t.test('STATUS needs no container, and DEL no namespace', async (t) => {
  const bench = await openBench(t);
  await openAnsweringAgent(t, bench.socket, () => ({ code: 0 }));
  const config = { ...bench.config, cniVersion: '1.1.0' };
  const none = { CNI_CONTAINERID: undefined, CNI_NETNS: undefined, CNI_IFNAME: undefined, CNI_ARGS: undefined };
  t.equal((await bench.call('STATUS', config, { ...none, CNI_PATH: undefined })).status, 0);
  t.equal((await bench.call('GC', config, none)).status, 0);
  t.equal((await bench.call('DEL', config, { CNI_NETNS: '' })).status, 0);
});

t.test('VERSION tells the versions without asking anybody', async (t) => {
  const bench = await openBench(t);
  const supportedVersions = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'];
  t.same((await bench.call('VERSION', { cniVersion: '0.4.0' })).said, { cniVersion: '0.4.0', supportedVersions });
  t.same((await bench.call('VERSION', '')).said, { cniVersion: '1.1.0', supportedVersions });
});

t.test("the agent's errors are the runtime's, with their codes", async (t) => {
  const bench = await openBench(t);
  await openAnsweringAgent(t, bench.socket, () => ({ code: 11, body: { msg: 'pod addresses: none is free', details: '10.1.0.0/24' } }));
  for (const command of ['ADD', 'DEL', 'CHECK']) {
    const { status, said } = await bench.call(command);
    t.equal(status, 1);
    t.same(said, { cniVersion: '1.0.0', code: 11, msg: 'pod addresses: none is free', details: '10.1.0.0/24' }, command);
  }
  t.notOk(existsSync(bench.queue), 'a deletion that the agent refused is the business of the runtime');
});

t.test('what the runtime says wrongly is refused with a code and what was wrong', async (t) => {
  const bench = await openBench(t);
  const { config } = bench;
  const rows: [command: string | undefined, input: unknown, env: Record<string, string | undefined>, code: number, msg: RegExp][] = [
    [undefined, config, {}, 4, /^CNI_COMMAND: missing$/],
    ['EAT', config, {}, 4, /^CNI_COMMAND: not known: "EAT"$/],
    ['ADD', '', {}, 6, /nothing came by standard input/],
    ['ADD', JSON.stringify(config).slice(0, 40), {}, 6, /not JSON/],
    ['ADD', Uint8Array.of(0xff, 0, 1), {}, 6, /not JSON/],
    ['ADD', '[]', {}, 6, /not a JSON object/],
    ['ADD', 'null', {}, 6, /not a JSON object/],
    ['ADD', `${' '.repeat(2 << 20)}{}`, {}, 6, /longer than 1048576 bytes/],
    ['ADD', { ...config, cniVersion: undefined }, {}, 1, /^cniVersion: missing$/],
    ['ADD', { ...config, cniVersion: '0.2.0' }, {}, 1, /^cniVersion: not spoken: "0\.2\.0"$/],
    ['ADD', { ...config, cniVersion: 7 }, {}, 1, /not spoken: 7/],
    ['CHECK', { ...config, cniVersion: '0.3.1' }, {}, 1, /CHECK: not in version 0\.3\.1/],
    ['GC', config, {}, 1, /GC: not in version 1\.0\.0/],
    ['ADD', config, { CNI_CONTAINERID: undefined, CNI_NETNS: '' }, 4, /^CNI_CONTAINERID, CNI_NETNS: missing$/],
    ['DEL', config, { CNI_IFNAME: undefined }, 4, /^CNI_IFNAME: missing$/],
    ['ADD', config, { CNI_CONTAINERID: '../../etc' }, 4, /^CNI_CONTAINERID: not valid: "\.\.\/\.\.\/etc"$/],
    ['ADD', config, { CNI_IFNAME: 'eth0/../../x' }, 4, /^CNI_IFNAME: not valid/],
    ['ADD', config, { CNI_IFNAME: 'sixteencharacter' }, 4, /^CNI_IFNAME: not valid/],
    ['ADD', { ...config, name: undefined }, {}, 7, /^name: missing$/],
    ['ADD', { ...config, name: 'a b' }, {}, 7, /^name: not valid: "a b"$/],
    ['ADD', { ...config, socket: undefined }, {}, 7, /^socket: missing$/],
    ['ADD', { ...config, prevResult: result }, {}, 7, /must be the first/],
  ];
  for (const [command, input, env, code, msg] of rows) {
    const { status, said, stderr } = await bench.call(command, input, env);
    t.match(said, { code, msg }, `${command}: ${msg}`);
    t.same([status, stderr, typeof said.cniVersion], [1, '', 'string'], `${command}: ${msg}: an error object on standard output alone`);
  }
});

t.test('without an agent an ADD is to be tried again, and STATUS says that no pod can be added', async (t) => {
  const bench = await openBench(t);
  t.match((await bench.call('ADD')).said, { code: 11, msg: /agent: .*agent\.sock: ENOENT/, details: /running/ });
  t.match((await bench.call('CHECK')).said, { code: 11 });
  t.match((await bench.call('STATUS', { ...bench.config, cniVersion: '1.1.0' })).said, { code: 50, msg: /ENOENT/ });
  writeFileSync(bench.socket, '');
  t.match((await bench.call('ADD')).said, { code: 11, msg: /ECONNREFUSED|ENOTSOCK/ }, 'a file where the socket was');
});

t.test('a deletion without an agent is queued, once, and succeeds', async (t) => {
  const bench = await openBench(t);
  for (let times = 0; times < 2; times++) t.same(await bench.call('DEL'), { status: 0, said: undefined, stderr: '' });
  t.same(await bench.call('DEL', bench.config, { CNI_IFNAME: 'eth1', CNI_NETNS: undefined }), { status: 0, said: undefined, stderr: '' });
  t.same(readdirSync(bench.queue).sort(), ['c0ffee-eth0.json', 'c0ffee-eth1.json']);
  t.same(JSON.parse(readFileSync(join(bench.queue, 'c0ffee-eth0.json'), 'utf8')), {
    command: 'DEL',
    containerId: 'c0ffee',
    netns: '/var/run/netns/c0ffee',
    ifname: 'eth0',
  });
});

t.test('a deletion that can neither be delivered nor queued fails, for the runtime to try again', async (t) => {
  const bench = await openBench(t);
  writeFileSync(bench.queue, 'a file');
  t.match((await bench.call('DEL')).said, { code: 5, msg: /cannot be queued: .*EEXIST|ENOTDIR/ });
  t.match((await bench.call('DEL', { ...bench.config, deleteQueue: undefined })).said, { code: 11 });
  const full = join(bench.folder, 'full');
  mkdirSync(full);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'none', full], { stdio: 'pipe' });
  } catch {
    t.comment('no tmpfs may be mounted here');
    return;
  }
  t.teardown(() => execFileSync('umount', [full]));
  writeFileSync(join(full, 'filler'), Buffer.alloc(4096));
  t.match((await bench.call('DEL', { ...bench.config, deleteQueue: full })).said, { code: 5, msg: /ENOSPC/ });
  t.same(readdirSync(full), ['filler'], 'and nothing half written is left');
});

t.test('an agent that goes away while it works is an agent that is away', async (t) => {
  const bench = await openBench(t);
  let partial = '';
  await openAgent(t, bench.socket, (connection) => connection.once('data', () => connection.end(partial)));
  for (partial of ['', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"code":0']) {
    t.match((await bench.call('ADD')).said, { code: 11, msg: /went away before it had answered/ }, JSON.stringify(partial));
  }
  t.equal((await bench.call('DEL')).status, 0);
  t.same(readdirSync(bench.queue), ['c0ffee-eth0.json'], 'a deletion whose end is not known is queued');
});

t.test('an agent that answers nonsense is told from one that is away', async (t) => {
  const bench = await openBench(t);
  let answer = '';
  await openAgent(t, bench.socket, (connection) => connection.once('data', () => connection.end(answer)));
  const http = (status: string, body: string) => `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const rows: [answer: string, code: number, msg: RegExp][] = [
    [http('200 OK', 'hello'), 6, /not JSON: "hello"/],
    [http('200 OK', '{"body":1}'), 11, /answered 200/],
    [http('200 OK', 'null'), 11, /answered 200/],
    [http('400 Bad Request', '{"message":"/v1/cni: command: not a text"}'), 7, /answered 400: \/v1\/cni: command/],
    [http('500 Oh', '{"message":"fault"}'), 11, /answered 500: fault/],
    [http('200 OK', '{"code":7}'), 7, /did not say why/],
    [http('200 OK', `{"code":0,"body":"${'x'.repeat(2 << 20)}"}`), 6, /longer than 1048576 bytes/],
  ];
  for (const [said, code, msg] of rows) {
    answer = said;
    const ended = await bench.call('ADD');
    t.match(ended.said, { code, msg }, said.slice(0, 60));
    t.equal(ended.status, 1);
  }
});

t.test('an answer in many pieces is one answer', async (t) => {
  const bench = await openBench(t);
  await openAgent(t, bench.socket, (connection) =>
    connection.once('data', async () => {
      const body = JSON.stringify({ code: 0, body: result });
      for (const piece of `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`.match(/[\s\S]{1,97}/g) ?? []) {
        connection.write(piece);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      connection.end();
    }),
  );
  t.match((await bench.call('ADD')).said, { cniVersion: '1.0.0', ips: result.ips });
});

t.test('the plugin costs little more than an empty program of Node', async (t) => {
  const bench = await openBench(t);
  await openAnsweringAgent(t, bench.socket, () => ({ code: 0, body: result }));
  const rounds = 10;
  const perRound = async (act: () => unknown) => {
    const before = childrenMs();
    for (let round = 0; round < rounds; round++) await act();
    return (childrenMs() - before) / rounds;
  };
  const plugin = await perRound(() => bench.call('ADD'));
  const empty = await perRound(() => execFileSync(process.execPath, ['-e', '0']));
  t.comment(`CPU: plugin ${plugin.toFixed(0)} ms, node -e 0 ${empty.toFixed(0)} ms`);
  t.ok(plugin - empty < 60, `${(plugin - empty).toFixed(1)} ms more`);
});

/** CPU time of this process's children that have ended: what else the machine does is not in it. */
function childrenMs(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const [userAt, systemAt, tickMs] = [13, 14, 10];
  return (Number(fields[userAt]) + Number(fields[systemAt])) * tickMs;
}
