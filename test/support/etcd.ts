// Real etcd servers for tests: on free ports of the loopback interface, with their data in a temporary folder, ended with the test.
// `startEtcd(t)` is one server, `startEtcdCluster(t, 3)` several that elect a leader.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopProcess } from './stopped.ts';

/** What of a tap test is used: where to leave word for its end. */
export interface TestEnd {
  teardown(act: () => unknown): void;
}

export interface EtcdFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface EtcdOptions {
  /** Serves over TLS with these; with `clientCertificates`, only those whom the same authority vouches for. */
  readonly tls?: EtcdFiles & { readonly clientCertificates?: boolean };
  /** Waits for the disk, as servers do that are not tests'. */
  readonly durable?: boolean;
  /** More of etcd's own flags. */
  readonly flags?: readonly string[];
}

/** Why tests against etcd can't run here, for `skip`; `false` when they can. */
export const noEtcd: string | false = spawnSync('etcd', ['--version']).status === 0 ? false : 'etcd is not installed';

export class EtcdServer {
  readonly url: string;
  readonly name: string;
  readonly #arguments: string[];
  readonly #log: string[] = [];
  #process: ChildProcess | undefined;

  constructor(name: string, url: string, args: string[]) {
    this.name = name;
    this.url = url;
    this.#arguments = args;
  }

  get pid(): number {
    return this.#process!.pid!;
  }

  /** Resolves when the process runs, not when it serves. */
  start(): void {
    const child = spawn('etcd', this.#arguments, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, GOMAXPROCS: '2' } });
    this.#process = child;
    running.add(child);
    child.on('exit', () => running.delete(child));
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (text) => {
        this.#log.push(String(text));
        if (this.#log.length > 200) this.#log.shift();
      });
    }
  }

  /** SIGKILL by default: nothing is said to anybody. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    // A stopped process does not see other signals.
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    await gone;
  }

  /** Hung: its connections stay open and nothing is answered. */
  pause(): void {
    stopProcess(this.pid);
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  get log(): string {
    return this.#log.join('');
  }
}

export class EtcdCluster {
  readonly servers: readonly EtcdServer[];
  readonly folder: string;
  readonly #tls: EtcdOptions['tls'];

  constructor(servers: readonly EtcdServer[], folder: string, tls: EtcdOptions['tls']) {
    this.servers = servers;
    this.folder = folder;
    this.#tls = tls;
  }

  get endpoints(): string[] {
    return this.servers.map(({ url }) => url);
  }

  /** etcd's own command line, as an independent hand and eye. Throws with its message when it fails. */
  control(...args: string[]): string {
    const tls = this.#tls ? ['--cacert', this.#tls.ca, '--cert', this.#tls.certificate, '--key', this.#tls.key] : [];
    const { status, stdout, stderr } = spawnSync('etcdctl', ['--endpoints', this.endpoints.join(','), ...tls, ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ETCDCTL_API: '3' },
      timeout: 20_000,
    });
    if (status !== 0) throw new Error(`etcdctl ${args.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  }

  /** Waits until the cluster takes writes. */
  async healthy(): Promise<void> {
    const end = Date.now() + 30_000;
    for (;;) {
      try {
        this.control('put', 'axoneme-test-health', String(Date.now()), '--command-timeout=2s');
        return;
      } catch (error) {
        if (Date.now() > end) throw new Error(`etcd did not become healthy: ${error}\n${this.servers.map(({ log }) => log).join('\n')}`);
        await sleep(50);
      }
    }
  }

  /** The server that leads now. */
  leader(): EtcdServer {
    for (const server of this.servers) {
      const tls = this.#tls ? ['--cacert', this.#tls.ca, '--cert', this.#tls.certificate, '--key', this.#tls.key] : [];
      const { status, stdout } = spawnSync('etcdctl', ['--endpoints', server.url, ...tls, 'endpoint', 'status', '-w', 'json'], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, ETCDCTL_API: '3' },
        timeout: 5_000,
      });
      if (status !== 0) continue;
      const [{ Status }] = JSON.parse(stdout.replace(/"(member_id|cluster_id|leader)":(\d+)/g, '"$1":"$2"'));
      if (Status.header.member_id === Status.leader) return server;
    }
    throw new Error('no server says that it leads');
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function startEtcd(t: TestEnd, options: EtcdOptions = {}): Promise<EtcdCluster & { readonly server: EtcdServer }> {
  return startEtcdCluster(t, 1, options).then((cluster) => Object.assign(cluster, { server: cluster.servers[0] }));
}

export async function startEtcdCluster(t: TestEnd, size: number, options: EtcdOptions = {}): Promise<EtcdCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-etcd-'));
  const ports = await freePorts(size * 2);
  const scheme = options.tls ? 'https' : 'http';
  const names = Array.from({ length: size }, (_, at) => `n${at}`);
  const peer = (at: number) => `http://127.0.0.1:${ports[size + at]}`;
  const servers = names.map((name, at) => {
    const url = `${scheme}://127.0.0.1:${ports[at]}`;
    const args = [
      ...['--name', name, '--data-dir', join(folder, name), '--logger', 'zap', '--log-level', 'warn'],
      ...['--listen-client-urls', url, '--advertise-client-urls', url],
      ...['--listen-peer-urls', peer(at), '--initial-advertise-peer-urls', peer(at)],
      ...['--initial-cluster', names.map((other, index) => `${other}=${peer(index)}`).join(',')],
      // Temporary folders are slow disks on some machines; a short election keeps tests short.
      ...['--heartbeat-interval', '50', '--election-timeout', '500'],
      ...(knowsUnsafeNoFsync && !options.durable ? ['--unsafe-no-fsync=true'] : []),
      ...(options.tls ? ['--cert-file', options.tls.certificate, '--key-file', options.tls.key] : []),
      ...(options.tls?.clientCertificates ? ['--client-cert-auth', '--trusted-ca-file', options.tls.ca] : []),
      ...(options.flags ?? []),
    ];
    return new EtcdServer(name, url, args);
  });
  const cluster = new EtcdCluster(servers, folder, options.tls);
  t.teardown(() => cluster.stop());
  for (const server of servers) server.start();
  await cluster.healthy();
  return cluster;
}

const knowsUnsafeNoFsync = noEtcd === false && `${spawnSync('etcd', ['--help'], { encoding: 'utf8' }).stdout}`.includes('unsafe-no-fsync');

/** Servers must not outlive a test process that ends badly. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
