// An API server over a real etcd for one test file, and a plain HTTP client of it.
import { spawn } from 'node:child_process';
import { type IncomingMessage, request } from 'node:http';
import { openEtcd } from '../../../orchestrator/etcd/store.ts';
import { type ApiServerOptions, openApiServer } from '../../../orchestrator/sandbox/api-server/server.ts';
import type { KvStore } from '../../../orchestrator/state/kv-store.ts';
import { startEtcd, type TestEnd } from '../../support/etcd.ts';
import { environment, type Said } from '../../support/kubectl.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a server answers is JSON, and tests look at it
export type Answered = any;

export interface Answer {
  readonly code: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Answered;
  readonly text: string;
}

export interface Sent {
  readonly headers?: Record<string, string>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

export interface Cluster {
  readonly url: string;
  readonly etcd: Awaited<ReturnType<typeof startEtcd>>;
  readonly store: KvStore;
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
  watch(path: string): Watching;
  /** How many watches the server has, and how many connections. */
  watches(): number;
  connections(): Promise<number>;
  kubectl(program: string, args: readonly string[], input?: string): Promise<Said>;
}

export async function startCluster(t: TestEnd, options: Partial<ApiServerOptions> = {}): Promise<Cluster> {
  const etcd = await startEtcd(t);
  const store = await openEtcd({ endpoints: etcd.endpoints });
  const server = await openApiServer({ store, ...options });
  t.teardown(async () => {
    await server.close();
    await store.close();
  });
  return {
    url: server.url,
    etcd,
    store,
    send: (method, path, sent) => send(server.url, method, path, sent),
    watch: (path) => new Watching(server.url, path, t),
    watches: () => server.counts().watches,
    connections: () => server.counts().connections,
    kubectl: (program, args, input) => run(program, ['-s', server.url, ...args], input),
  };
}

export function send(url: string, method: string, path: string, { headers = {}, body }: Sent = {}): Promise<Answer> {
  const payload = body === undefined ? undefined : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const length = payload === undefined ? 0 : Buffer.byteLength(payload);
    const type = payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(length) };
    const sending = request(url + path, { method, headers: { ...type, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          code: response.statusCode!,
          headers: response.headers,
          text,
          body: /json/.test(response.headers['content-type'] ?? '') && text ? JSON.parse(text) : undefined,
        });
      });
    });
    sending.on('error', reject);
    sending.end(payload);
  });
}

/** The events of one watch, as they come. */
export class Watching {
  readonly events: Answered[] = [];
  ended = false;
  code: number | undefined;
  private bell: () => void = () => {};
  private readonly sending: ReturnType<typeof request>;

  constructor(url: string, path: string, t: TestEnd) {
    let rest = '';
    this.sending = request(url + path, (response) => {
      this.code = response.statusCode;
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop()!;
        this.events.push(...lines.map((line) => JSON.parse(line)));
        this.bell();
      });
      response.on('error', () => {});
      response.on('close', () => {
        this.ended = true;
        this.bell();
      });
    });
    this.sending.on('error', () => {});
    this.sending.end();
    t.teardown(() => this.sending.destroy());
  }

  /** Waits until the condition holds, or throws with what was seen. */
  async until(holds: () => boolean): Promise<void> {
    const end = Date.now() + 10_000;
    while (!holds()) {
      if (Date.now() > end) throw new Error(`not seen within ten seconds; events: ${JSON.stringify(this.events).slice(0, 2000)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50);
        this.bell = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** `ADDED a`, `DELETED b`, … */
  get story(): string[] {
    return this.events.map(({ type, object }) => `${type} ${object.metadata?.name ?? object.code ?? ''}`.trim());
  }

  close(): void {
    this.sending.destroy();
  }
}

function run(program: string, args: readonly string[], input?: string): Promise<Said> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: environment(), stdio: 'pipe', timeout: 60_000 });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.on('error', (error) => resolve({ status: null, stdout, stderr: String(error) }));
    child.on('close', (status) => resolve({ status, stdout, stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

export const pod = (name: string, more: Answered = {}): Answered => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...more.metadata },
  spec: { containers: [{ name: 'c', image: 'image:1' }], ...more.spec },
});

export const configMap = (name: string, data: Record<string, string> = {}, metadata: Answered = {}): Answered => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});
