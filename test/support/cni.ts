// The plugin as a runtime calls it, and an agent that answers as a test wants.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPlugin } from '../../orchestrator/cni/install.ts';
import { buildPlugin } from './cni-build.ts';

export interface Ended {
  readonly status: number | null;
  /** Standard output, parsed; undefined when there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the plugin says is looked at by the test
  readonly said: any;
  readonly stderr: string;
}

export interface Bench {
  readonly folder: string;
  readonly socket: string;
  readonly queue: string;
  readonly plugin: string;
  /** A configuration as the agent writes it. */
  readonly config: Record<string, unknown>;
  /** Runs the plugin. `input` is sent as it is when it is a text or bytes; undefined variables are left out. */
  call(command: string | undefined, input?: unknown, env?: Record<string, string | undefined>): Promise<Ended>;
}

interface TestEnd {
  teardown(end: () => unknown): void;
}

export async function openBench(t: TestEnd): Promise<Bench> {
  buildPlugin();
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-cni-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [socket, queue] = [join(folder, 'agent.sock'), join(folder, 'delete-queue')];
  const plugin = installPlugin({ binFolder: join(folder, 'bin') });
  const config = { cniVersion: '1.0.0', name: 'axoneme', type: 'axoneme-cni', socket, deleteQueue: queue };
  return {
    folder,
    socket,
    queue,
    plugin,
    config,
    call: (command, input = config, env = {}) => runPlugin(plugin, { ...usual(command, folder), ...env }, input),
  };
}

function usual(command: string | undefined, folder: string): Record<string, string | undefined> {
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: 'c0ffee',
    CNI_NETNS: '/var/run/netns/c0ffee',
    CNI_IFNAME: 'eth0',
    CNI_PATH: join(folder, 'bin'),
    CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web',
  };
}

function runPlugin(plugin: string, env: Record<string, string | undefined>, input: unknown): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(plugin, { env: env as NodeJS.ProcessEnv, stdio: ['pipe', 'pipe', 'pipe'] });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk) => stdout.push(chunk));
    child.stderr.on('data', (chunk) => stderr.push(chunk));
    // A plugin that has read enough closes its input.
    child.stdin.on('error', () => {});
    child.on('error', reject);
    child.on('close', (status) => {
      const text = Buffer.concat(stdout).toString();
      resolve({ status, said: text === '' ? undefined : JSON.parse(text), stderr: Buffer.concat(stderr).toString() });
    });
    child.stdin.end(typeof input === 'string' || input instanceof Uint8Array ? input : JSON.stringify(input));
  });
}

/** Something at the agent's socket that does with every connection what the test says. */
export async function openAgent(t: TestEnd, socket: string, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    connection.on('error', () => {});
    onConnection(connection);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.teardown(() => server.close());
  return server;
}

/** An agent that reads whole requests and answers each with what `answer` makes of it. */
export async function openAnsweringAgent(
  t: TestEnd,
  socket: string,
  answer: (request: Record<string, unknown>) => unknown,
): Promise<Server> {
  return openAgent(t, socket, (connection) => {
    let text = '';
    connection.on('data', (chunk) => {
      text += chunk;
      const [head = '', body] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      if (body === undefined || Buffer.byteLength(body) < length) return;
      const said = JSON.stringify(answer(JSON.parse(body)));
      connection.end(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(said)}\r\n\r\n${said}`);
    });
  });
}
