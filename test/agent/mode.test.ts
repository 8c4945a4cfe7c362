// The mode of a node: decided while no pod is here, kept as long as one is, and told where it can no longer be had.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { decideMode, hasPods, modeFile, readMode, writeMode } from '../../orchestrator/agent/mode.ts';
import { kernelSkip } from '../support/kernel.ts';

t.setTimeout(900_000);

const wasm = { mode: 'wasm', why: 'asked for' } as const;

t.test('a node without pods gets what it asks for', async (t) => {
  const decide = (wish: 'auto' | 'kernel' | 'wasm', recorded?: Parameters<typeof decideMode>[0]['recorded']) =>
    decideMode({ wish, recorded, hasPods: false });
  t.same(decide('auto'), { mode: 'auto', isKept: false });
  t.same(decide('auto', wasm), { mode: 'auto', isKept: false }, 'what was once chosen is chosen anew');
  t.same(decide('kernel', wasm), { mode: 'kernel', isKept: false }, 'a flag comes first');
});

t.test('a node with pods keeps its mode, and says how another one is had', async (t) => {
  const decide = (wish: 'auto' | 'kernel' | 'wasm', recorded?: typeof wasm) => decideMode({ wish, recorded, hasPods: true });
  t.same(decide('auto', wasm), { mode: 'wasm', isKept: true });
  t.same(decide('auto'), { mode: 'kernel', isKept: true }, 'agents that wrote nothing down knew one mode');
  t.match(decide('kernel', wasm), {
    mode: 'wasm',
    isKept: true,
    warning: /kernel mode is asked for .* in wasm mode: drain it and start its agent again/,
  });
});

t.test('what is written down is read again; what is not that is nothing', async (t) => {
  const folder = t.testdir({ 'state-of-nothing': {} });
  t.equal(readMode(folder), undefined);
  writeMode(folder, wasm);
  t.same(readMode(folder), wasm);
  for (const text of ['', '{', 'null', '[]', '{"mode":"dpdk"}', 'wasm']) {
    writeFileSync(join(folder, modeFile), text);
    t.equal(readMode(folder), undefined, JSON.stringify(text));
  }
  t.notOk(hasPods(folder));
  mkdirSync(join(folder, 'endpoints'));
  t.notOk(hasPods(folder));
  writeFileSync(join(folder, 'endpoints', '7.copy'), '');
  t.ok(hasPods(folder));
});

const main = fileURLToPath(new URL('../../orchestrator/main.ts', import.meta.url));
const filter = fileURLToPath(new URL('../support/without-bpf.ts', import.meta.url));

interface Started {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly output: () => string;
}

/** An agent in namespaces of its own to which bpf(2) is denied, of a cluster that does not answer. */
function startWithoutBpf(t: Test, folder: string): Started {
  const agent = [process.execPath, '--import', filter, main, 'agent', '--datapath', 'auto', '--node-name', 'n', '--cni-conf-dir', ''];
  const places = ['--cni-bin-dir', '', '--state-dir', join(folder, 'state'), '--run-dir', join(folder, 'run')];
  const child = spawn('unshare', ['--net', '--mount', ...agent, ...places], { stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (told += chunk));
  t.teardown(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve));
    stopProcess(join(folder, 'run/datapath/supervisor.lock'));
    rmSync(folder, { recursive: true, force: true });
  });
  return { child, folder, output: () => told };
}

/** The datapath process that the agent started, if it did. */
function stopProcess(path: string): void {
  try {
    process.kill(Number(readFileSync(path, 'utf8')), 'SIGTERM');
  } catch {
    // There is none.
  }
}

interface Answer {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

function ask({ folder }: Started, path: string, body?: object): Promise<Answer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
  const options = { socketPath: join(folder, 'run/axoneme.sock'), path, method: body === undefined ? 'GET' : 'POST' };
  const asking = request({ ...options, headers: { 'content-type': 'application/json' } }, async (response) => {
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    resolve({ status: response.statusCode ?? 0, json: JSON.parse(text) });
  });
  asking.on('error', () => resolve(undefined));
  asking.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

async function answerOf(started: Started, path: string, isMeant: (answer: Answer) => boolean, body?: object): Promise<Answer> {
  for (;;) {
    const answer = await ask(started, path, body);
    if (answer !== undefined && isMeant(answer)) return answer;
    if (started.child.exitCode !== null) throw new Error(`the agent has ended: ${started.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const skip = await kernelSkip();

t.test('pods of a node that no longer takes eBPF stay in kernel mode: the agent says that it is degraded', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-mode-'));
  mkdirSync(join(folder, 'state/endpoints'), { recursive: true });
  writeFileSync(join(folder, 'state/endpoints/5.json'), '{}');
  writeMode(join(folder, 'state'), { mode: 'kernel', why: 'what this host allows' });
  const agent = startWithoutBpf(t, folder);
  const { status, json } = await answerOf(agent, '/v1/status', () => true);
  t.equal(status, 200);
  t.match(json, {
    state: 'failed',
    about: { mode: 'kernel' },
    checks: [{ section: 'datapath', message: /degraded: kernel mode: .*EPERM/ }],
  });
  t.match(await ask(agent, '/v1/healthz'), { status: 503 });
  const add = { command: 'ADD', containerId: 'c', netns: '/proc/1/ns/net', ifname: 'eth0', config: {} };
  t.match(await ask(agent, '/v1/cni', add), { status: 200, json: { code: 11, body: { details: /EPERM/ } } }, 'the runtime tries again');
  t.equal(readMode(join(folder, 'state'))?.mode, 'kernel');
});

t.test('a node without pods that does not take eBPF gets userspace mode, and keeps it in mind', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-mode-'));
  const agent = startWithoutBpf(t, folder);
  const { json } = await answerOf(agent, '/v1/status', () => true);
  t.match(json, { about: { mode: 'wasm' } });
  t.match(agent.output(), /does not take the kernel datapath/);
  t.equal(readMode(join(folder, 'state'))?.mode, 'wasm');

  const { status, json: refused } = (await ask(agent, '/v1/node/mode?mode=kernel', {})) ?? {};
  t.match({ status, refused }, { status: 409, refused: { message: /kernel mode was asked for, but this host refuses .*EPERM/ } });
  t.match(await ask(agent, '/v1/status'), { status: 200, json: { about: { mode: 'wasm' } } }, 'it goes on');
});
