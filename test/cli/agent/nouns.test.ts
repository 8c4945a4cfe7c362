// Commands that ask an agent, in this process, of a node that is really there.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { type NounName, nounSentences } from '../../../orchestrator/cli/agent/noun-list.ts';
import { runNoun } from '../../../orchestrator/cli/agent/nouns.ts';
import { openPaint } from '../../../orchestrator/cli/paint.ts';
import { policy } from '../../../orchestrator/cli/policy/command.ts';
import type { Terminal } from '../../../orchestrator/cli/policy/terminal.ts';
import { openDns } from '../../api/dns.ts';
import { openNode, world } from '../../api/node.ts';

const dns = await openDns();
const node = await openNode({ viewOf: (view) => ({ ...view, dns: dns.view }) });
t.teardown(async () => {
  await node.close();
  dns.close();
});
dns.ask('web', 'api.example.com.');
dns.ask('cart', 'other.org.', false);
await node.send('web', 'db', 5432);
await node.send('cart', 'db', 5432);
await node.send('web', world, 443);
await node.send('db', 'cart', 80);

async function run(line: string, socket = node.folder) {
  const told = { stdout: '', stderr: '' };
  const into = (stream: keyof typeof told) => (text: string) => {
    told[stream] += text;
  };
  const terminal: Terminal = { write: into('stdout'), complain: into('stderr'), paint: openPaint(false) };
  const [name = '', ...args] = line.split(' ').filter((word) => word !== '');
  const asking = /help|--help|-h/.test(line) ? [] : ['--socket', socket];
  const status =
    name === 'policy' ? await policy([...args, ...asking], terminal) : await runNoun(name as NounName, [...args, ...asking], terminal);
  return { status, ...told };
}

const rows = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.split(/ {2,}/));

t.test('endpoint list: a row for each, and why one is not ready only when one is not', async (t) => {
  const [header, ...lines] = rows((await run('endpoint list')).stdout);
  t.same(header, ['ENDPOINT', 'POD', 'INGRESS', 'EGRESS', 'IDENTITY', 'STATE', 'ADDRESSES']);
  t.same(lines, [
    ['11', 'shop/web', 'open', 'enforced', '65537', 'ready', '10.11.0.2,fd00:11::2'],
    ['12', 'shop/db', 'enforced', 'open', '65538', 'ready', '10.11.0.3,fd00:11::3'],
    ['13', 'shop/cart', 'audit', 'open', '65539', 'ready', '10.11.0.4,fd00:11::4'],
  ]);
  t.equal((await run('endpoint list -n other')).stdout, '');
  t.match((await run('endpoint list -n other')).stderr, 'no endpoint is on this node');
});

t.test('service reset: what is asked, what was done, and what could not be', async (t) => {
  const asked = () => node.calls.splice(0);
  const done = await run('service reset shop/db');
  t.match(done, { status: 0, stderr: '', stdout: /^shop\/db: 3 connections ended\n/ });
  t.same(rows(done.stdout).slice(1), [
    ['BACKEND', 'SOCKETS', 'FLOWS'],
    ['10.11.1.9:5432/tcp', '2', '1'],
  ]);
  t.same(asked(), [{ service: 'shop/db', isAll: false, isDryRun: false }]);
  t.match((await run('service reset --dry-run shop/db --backend 10.11.1.9:5432')).stdout, '3 connections would be ended');
  t.same(asked(), [{ service: 'shop/db', backend: { address: '10.11.1.9', port: 5432 }, isAll: false, isDryRun: true }]);
  await run('service reset shop/db --backend [FD00:0::7]:53/udp');
  t.match(asked(), [{ backend: { address: 'fd00::7', port: 53, protocol: 17 } }]);
  const partly = await run('service reset shop/db --all -o json');
  t.equal(partly.status, 1, 'something could not be done');
  t.match(JSON.parse(partly.stdout), {
    service: 'shop/db',
    dryRun: false,
    connections: 3,
    problems: ['sockets of the node: not permitted'],
  });
  t.equal(partly.stderr, 'shop/db: sockets of the node: not permitted\n');
  t.match(asked(), [{ isAll: true }]);
});

t.test('service reset: what is not understood is refused, and nothing is asked', async (t) => {
  for (const backend of [
    '10.11.1.9',
    '10.11.1.9:0',
    '10.11.1.9:65536',
    '300.1.1.1:80',
    'fd00::7:80',
    'web:80',
    '10.11.1.9:80/quic',
    '[::1',
    ':80',
  ]) {
    await t.rejects(
      run(`service reset shop/db --backend ${backend}`),
      { code: 'API_REFUSED', message: /backend: not address:port/ },
      backend,
    );
  }
  await t.rejects(run('service reset'), { code: 'USAGE_INVALID' });
  await t.rejects(run('service reset shop/db shop/web'), { code: 'USAGE_INVALID' });
  await t.rejects(run('service reset shop/db --all --backend 10.11.1.9:80'), { code: 'USAGE_INVALID' });
  await t.rejects(run('service reset shop/db --force'), { code: 'USAGE_INVALID' });
  t.same(node.calls, []);
  await t.rejects(run('service reset shop/never'), { message: /no such service: "shop\/never": there is shop\/db/ });
  node.calls.splice(0);
  await t.rejects(run('service reset shop/db', node.api.sockets.read), { message: /this socket is for reading: use axoneme.sock/ });
  t.same(node.calls, []);
});

t.test('node switch-mode: what is so already, and what stands in the way', async (t) => {
  t.match(await run('node switch-mode wasm'), { status: 0, stdout: 'node a is in wasm mode already\n', stderr: '' });
  t.same(JSON.parse((await run('node switch-mode wasm -o json')).stdout), { node: 'a', mode: 'wasm', isSwitched: false });
  await t.rejects(run('node switch-mode kernel'), {
    code: 'API_REFUSED',
    message: /^mode: pods of this node are in wasm mode: shop\/web, shop\/db, shop\/cart: drain this node/,
  });
  for (const words of ['', ' dpdk', ' kernel wasm', ' kernel --wait soon', ' kernel --force']) {
    await t.rejects(run(`node switch-mode${words}`), { code: 'USAGE_INVALID' }, words);
  }
  await t.rejects(run('node switch-mode kernel', node.api.sockets.read), { message: /this socket is for reading: use axoneme.sock/ });
});

t.test('service list and get: who answers where, why nobody does, and how much each backend has', async (t) => {
  const [header, ...lines] = rows((await run('service list')).stdout);
  t.same(header.slice(0, 6), ['SERVICE', 'TYPE', 'SCOPE', 'ADDRESS', 'PORT', 'BACKENDS']);
  t.same(lines[0].slice(0, 6), ['shop/db', 'ClusterIP', 'inside', '10.21.0.10', '5432/tcp', '10.11.0.3:5432/tcp,10.11.1.9:5432/tcp']);
  t.match((await run('service list')).stdout, 'no endpoint has a port "metrics"');
  t.equal((await run('service list -n other')).stdout, '');
  for (const name of ['shop/db', '10.21.0.10']) {
    const found = JSON.parse((await run(`service get ${name} -o json`)).stdout);
    t.match(found, {
      service: 'shop/db',
      frontends: [{ change: 'new', changed: '2026-01-02T03:00:00.000Z' }, { why: 'no endpoint has a port "metrics"' }],
      backends: [
        { backend: '10.11.0.3:5432/tcp', node: 'a', zone: 'z1', state: 'active' },
        { backend: '10.11.1.9:5432/tcp', node: 'b', state: 'draining', flows: 0 },
      ],
    });
    t.ok(found.backends[0].packets >= found.backends[0].flows);
  }
  t.match((await run('service get shop/db')).stdout, /BACKEND +NODE +ZONE +STATE +CONNECTIONS +FLOWS/);
  await t.rejects(run('service get shop/never'), { message: /no such service: "shop\/never": there is shop\/db/ });
});

const lists = [
  'endpoint list',
  'identity list',
  'ip list',
  'service list',
  'node list',
  'map list',
  'map get policy',
  'table',
  'table nodes',
  'policy get',
  'metrics',
];

for (const command of lists) {
  t.test(`${command}: the same rows for people and in every form for programs`, async (t) => {
    const plain = rows((await run(command)).stdout);
    const json = JSON.parse((await run(`${command} -o json`)).stdout) as unknown[];
    t.equal(json.length, plain.length - 1);
    t.same(parse((await run(`${command} --output=yaml`)).stdout), json);
    const wide = rows((await run(`${command} -o wide`)).stdout);
    t.equal(wide.length, plain.length);
    t.ok((wide[0]?.length ?? 0) >= (plain[0]?.length ?? 0));
  });
}

t.test('one endpoint is found by number, pod and address, with policies and datapath', async (t) => {
  for (const name of ['11', 'shop/web', '10.11.0.2', 'fd00:11::2']) {
    const { stdout } = await run(`endpoint get ${name}`);
    t.match(stdout, /^pod: +shop\/web$/m, name);
    t.match(stdout, /^policies: +cnp\/shop\/web$/m);
    t.match(stdout, /address=fd00:11::2 .*identity=65537/);
  }
  t.match(JSON.parse((await run('endpoint get 12 -o json')).stdout), { pod: 'shop/db', policies: ['cnp/shop/db'] });
});

t.test('one identity, one address, one policy', async (t) => {
  t.match((await run('identity get 65538')).stdout, /labels: +k8s:app=db/);
  t.match((await run('ip get 10.11.1.9')).stdout, /from: +pod shop\/far/);
  t.match((await run('ip get 203.0.113.9')).stdout, /labels: +reserved:world=/);
  t.match((await run('policy get cnp/shop/db')).stdout, /selects: +12/);
  t.same(rows((await run('policy get --endpoint shop/web')).stdout)[1]?.[0], 'cnp/shop/web');
});

t.test('monitor: kept flows, filtered, in lines and as Hubble tells them', async (t) => {
  const { stdout } = await run('monitor');
  t.equal(stdout.trim().split('\n').length, 4);
  t.match((await run('monitor --type audit')).stdout, /Z {2}AUDIT {7}shop\/db:\d+ → shop\/cart:80 tcp ingress: would be dropped/);
  t.match((await run('monitor --pod shop/cart --type drop')).stdout, /policy deny by ccnp\/closed/);
  t.equal((await run('monitor --last 1')).stdout.trim().split('\n').length, 1);
  t.match((await run('monitor --last 1 -o wide')).stdout, /from identity 65538 endpoint 12 k8s:app=db/);
  const lines = (await run('monitor -o json')).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.same(
    lines.map(({ flow }) => flow.verdict),
    ['FORWARDED', 'DROPPED', 'DROPPED', 'AUDIT'],
  );
  t.match((await run('monitor --since 1ms')).stderr, 'no such flow is kept');
});

t.test('status: sections, marks, hints; failed is status 1', async (t) => {
  const { status, stdout } = await run('status');
  t.equal(status, 0);
  t.match(
    stdout,
    /^node a of cluster east: axoneme 0\.1\.0, wasm mode, up 3h12m\n\ndatapath\n--------\n✓ the datapath is open: wasm mode\n\n✓ 1 ok/,
  );
  const sick = await openNode({
    viewOf: (view) => ({
      ...view,
      checks: () => [
        { section: 'host', name: 'packets are forwarded', state: 'failed', message: 'net.ipv4.ip_forward is 0', hint: 'set it to 1' },
        { section: 'etcd', name: 'etcd answers', state: 'warning', message: 'no leader since 3 s' },
        { section: 'etcd', name: 'it has room', state: 'ok', message: '' },
      ],
    }),
  });
  const found = await run('status', sick.folder);
  t.equal(found.status, 1);
  t.match(
    found.stdout,
    'host\n----\n× packets are forwarded\n    net.ipv4.ip_forward is 0\n    set it to 1\n\netcd\n----\n‼ etcd answers\n    no leader since 3 s\n✓ it has room\n\n✓ 1 ok  ‼ 1 to look at  × 1 failed\n',
  );
  t.notMatch((await run('status --brief', sick.folder)).stdout, 'it has room');
  t.match(JSON.parse((await run('status -o json', sick.folder)).stdout), { state: 'failed', about: { node: 'a' } });
  await sick.close();
});

t.test('status --wait goes on until nothing fails, and no longer than it was told', async (t) => {
  let asked = 0;
  const late = await openNode({
    viewOf: (view) => ({ ...view, checks: () => [{ section: 'x', name: 'y', state: ++asked < 3 ? 'failed' : 'ok', message: '' }] }),
  });
  t.equal((await run('status --wait 10s', late.folder)).status, 0);
  t.equal(asked, 3);
  await late.close();
  const before = performance.now();
  t.equal((await run('status --wait 700ms', late.folder)).status, 1);
  const took = performance.now() - before;
  t.ok(took >= 700 && took < 5000, `${took} ms`);
});

t.test('without an agent: which socket, why, and what to do', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-none-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, process.geteuid?.() === 0 ? 'axoneme.sock' : 'axoneme-read.sock');
  for (const command of ['endpoint list', 'monitor --follow', 'metrics', 'policy get']) {
    await t.rejects(
      run(command, folder),
      {
        code: 'API_UNREACHABLE',
        message: `agent: ${path}: no such socket: is the agent running ("axoneme agent")? Name another with --socket PATH or AXONEME_SOCKET`,
      },
      command,
    );
  }
  const { status, stdout } = await run('status', folder);
  t.equal(status, 1);
  t.match(stdout, `× the agent answers on ${path}\n    no such socket\n    is the agent running ("axoneme agent")?`);
});

t.test('what is not understood says what there is', async (t) => {
  for (const [line, message] of [
    ['endpoint lst', 'endpoint: no such command: "lst": did you mean "list"? (see axoneme endpoint --help)'],
    ['endpoint list web', 'endpoint list: one too many: "web": endpoint get shows one (see axoneme endpoint list --help)'],
    ['endpoint get', 'endpoint get: name one endpoint: its number, namespace/pod or address (see axoneme endpoint get --help)'],
    ['endpoint list -o xml', /--output is one of table, wide, json, yaml: "xml"/],
    ['endpoint list --sockt /x', /unknown flag: "--sockt": did you mean "--socket"\?/],
    ['monitor --typ drop', /unknown flag: "--typ": did you mean "--type"\?/],
    ['monitor --type drops', /--type is one of drop, allow, audit, overflow: "drops": did you mean "drop"\?/],
    ['monitor --since yesterday', /--since is a duration like 500ms, 30s, 5m or 1h30m: "yesterday"/],
    ['monitor --last many', /--last is a whole number: "many"/],
    ['monitor shop/web', /one too many: "shop\/web": name pods with --pod/],
    ['map get policy --limit x', /--limit is a whole number: "x"/],
    ['status --wait 5', /--wait is a duration/],
    ['policy get a --endpoint b', /name a policy or an endpoint, not both/],
  ] as const) {
    await t.rejects(run(line), { code: 'USAGE_INVALID', message }, line);
  }
  for (const [line, message] of [
    ['endpoint get nope', 'endpoints: no such endpoint: "nope": there is 11 (shop/web), 12 (shop/db), 13 (shop/cart)'],
    ['table nope', /tables: no such table: "nope": there is backends, endpoints, frontends/],
    ['map get nope', /maps: no such map: "nope": there is config/],
    ['ip get fd99::1', 'ip: no prefix covers it: "fd99::1"'],
    ['ip get zzz', /not an IPv4 or IPv6 address: "zzz"/],
  ] as const) {
    await t.rejects(run(line), { code: 'API_REFUSED', message }, line);
  }
});

t.test('dns: the log in lines, what pods were told, selectors with their grants', async (t) => {
  const lines = rows((await run('dns log')).stdout).map(([, verdict, text]) => `${verdict} ${text}`);
  t.same(lines, [
    'FORWARDED shop/web → 10.11.1.9 DNS Query api.example.com. A by cnp/shop/web spec.egress[0]',
    'FORWARDED 10.11.1.9 → shop/web DNS Answer (Proxy api.example.com. A) in 1.5 ms',
    'DROPPED shop/cart → 10.11.1.9 DNS Query other.org. A: not allowed by policy',
  ]);
  t.equal(rows((await run('dns log --verdict dropped')).stdout).length, 1);
  t.match(JSON.parse((await run('dns log --last 1 -o json')).stdout), { verdict: 'DROPPED', l7: { dns: { qtypes: ['A'] } } });
  t.match(await run('dns log --name nobody.org'), { stdout: '', stderr: /no such question/ });
  const [header, ...told] = rows((await run('dns cache')).stdout);
  t.same([header, told.length], [['POD', 'NAME', 'ADDRESS', 'TTL'], 2]);
  t.same((await run('dns cache list --address 203.0.113.11')).stdout, (await run('dns cache --address 203.0.113.11')).stdout);
  await t.rejects(run('dns cache clean'), { code: 'USAGE_INVALID', message: /say what: --name, --endpoint or --all/ });
  await t.rejects(run('dns cache sweep'), { code: 'USAGE_INVALID', message: /no such command: "sweep": list or clean/ });
  t.equal((await run('dns cache clean --endpoint 13')).stdout, '1 name taken back\n');
  t.equal(rows((await run('dns cache')).stdout).length, 2);
  t.same(rows((await run('dns names')).stdout).slice(1), [
    ['name:other.example.com', '16777222', '0'],
    ['pattern:*.example.com', '16777221', '1'],
  ]);
});

t.test('a map that has more entries than are shown says so', async (t) => {
  t.equal(rows((await run('map get policy --limit 2')).stdout).length, 3);
  t.equal(rows((await run('map get policy --limit 0')).stdout).length, 4);
});

t.test('every command has help with flags and examples, and every example is one of its own', async (t) => {
  for (const name of Object.keys(nounSentences)) {
    const { stdout } = await run(`${name} --help`);
    t.match(stdout, `axoneme ${name}`);
    const verbs = [...stdout.matchAll(/^ {2}([a-z][a-z-]+) {2,}/gm)].map(([, verb]) => verb);
    for (const command of verbs.length === 0 ? [name] : verbs.map((verb) => `${name} ${verb}`)) {
      const { stdout: help } = await run(`${command} --help`);
      t.match(help, /--socket PATH .*AXONEME_SOCKET/, command);
      const examples = [...help.matchAll(/^ {2}(axoneme .*)$/gm)].map(([, example]) => example as string);
      t.ok(examples.length >= 1, `${command} has examples`);
      for (const example of examples) t.ok(example.startsWith(`axoneme ${command}`), example);
    }
  }
  t.match((await run('policy get --help')).stdout, 'axoneme policy get --endpoint shop/db');
});

t.test('what others named commands no terminal', async (t) => {
  const evil = await openNode({ viewOf: (view) => ({ ...view, config: () => ({ flag: 'a\u001b[2Jb\u0007' }) }) });
  t.equal((await run('config', evil.folder)).stdout, 'FLAG  VALUE\nflag  a?[2Jb?\n');
  await evil.close();
});
