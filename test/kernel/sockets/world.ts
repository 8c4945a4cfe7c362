// A node's sockets for tests: its own network namespace with servers in it, a pod's beside it, and clients in a cgroup. Everything belongs to
// this process but the cgroup, which is taken away.

import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { makeNetns, type Netns, shell } from '../../support/netns.ts';

/** Addresses of servers by name; `direct` answers at the address of a service, for those who really get there. */
export const serverAddresses = {
  one: ['10.1.0.1', 'fd00:1::1'],
  two: ['10.1.0.2', 'fd00:1::2'],
  three: ['10.1.0.3', 'fd00:1::3'],
  direct: ['10.96.0.99', 'fd00:96::99'],
} as const;
export type ServerName = keyof typeof serverAddresses;
export const serverPort = 8080;

export interface Answer {
  readonly from?: string;
  readonly peer?: string;
  readonly error?: string;
}

export type Ask = (act: string, request?: Readonly<Record<string, string | number>>) => Promise<Answer>;

/** Folder of the unified hierarchy; undefined where there is none. */
export function cgroupMount(): string | undefined {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.find((line) => / - cgroup2 /.test(line))?.split(' ')[4];
}

export class SocketWorld implements AsyncDisposable {
  readonly cgroup: string;
  readonly pod: Netns;
  private readonly servers: (Server | Socket)[] = [];
  private readonly children: ChildProcess[] = [];
  private readonly folders: string[] = [];

  private constructor(pod: Netns) {
    this.pod = pod;
    this.cgroup = this.makeCgroup('node');
  }

  /** In namespaces of this process's own. */
  static async open(): Promise<SocketWorld> {
    const pod = await makeNetns();
    const world = new SocketWorld(pod);
    shell('ip link set lo up; ip link add host0 type veth peer name pod0; ip link set host0 up');
    shell(`ip link set pod0 netns ${pod.path}`);
    shell('ip addr add 10.0.0.1/24 dev host0; ip addr add fd00::1/64 dev host0 nodad');
    pod.run('ip link set lo up; ip link set pod0 up; ip addr add 10.0.0.2/24 dev pod0; ip addr add fd00::2/64 dev pod0 nodad');
    pod.run('ip route add 10.1.0.0/16 via 10.0.0.1; ip route add 10.96.0.99 via 10.0.0.1');
    pod.run('ip route add fd00:1::/64 via fd00::1; ip route add fd00:96::99 via fd00::1');
    for (const [name, addresses] of Object.entries(serverAddresses)) {
      for (const address of addresses) {
        shell(`ip addr add ${address} dev lo${address.includes(':') ? ' nodad' : ''}`);
        await world.serve(name, address, name === 'direct' ? 80 : serverPort);
      }
    }
    return world;
  }

  makeCgroup(name: string): string {
    const folder = `${cgroupMount()}/axoneme-test-${process.pid}-${name}`;
    mkdirSync(folder, { recursive: true });
    this.folders.push(folder);
    return folder;
  }

  removeCgroup(folder: string): void {
    this.folders.splice(this.folders.indexOf(folder), 1);
    rmdirSync(folder);
  }

  /** Answers every connection and every datagram with a name. */
  async serve(name: string, address: string, port: number): Promise<void> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.write(name));
      socket.write(name);
    });
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.on('message', (_, from) => socket.send(name, from.port, from.address));
    this.servers.push(server, socket);
    await Promise.all([
      new Promise<void>((resolve) => server.listen(port, address, resolve)),
      new Promise<void>((resolve) => socket.bind(port, address, resolve)),
    ]);
  }

  /** A client process; in the node's cgroup and network namespace unless said otherwise. */
  client({ cgroup = this.cgroup, netns }: { readonly cgroup?: string | undefined; readonly netns?: Netns } = {}): Ask {
    const enter = netns === undefined ? [] : ['nsenter', `--net=${netns.path}`];
    const program = fileURLToPath(new URL('client.mjs', import.meta.url));
    const join = cgroup === '' ? '' : `echo $$ > ${cgroup}/cgroup.procs; `;
    const words = ['-c', `${join}exec "$@"`, 'sh', ...enter, process.execPath, program];
    const child = spawn('sh', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.children.push(child);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    return async (act, request = {}) => {
      child.stdin.write(`${JSON.stringify({ act, ...request })}\n`);
      const { value } = await lines.next();
      return JSON.parse(value ?? '{"error":"gone"}');
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) server.close();
    const ended = this.children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of this.children) child.kill('SIGKILL');
    await Promise.all(ended);
    for (const folder of this.folders) {
      // Who has ended is in it for a moment more.
      for (let attempt = 0; attempt < 200 && !removed(folder); attempt += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.pod[Symbol.dispose]();
  }
}

function removed(folder: string): boolean {
  try {
    for (const pid of readFileSync(`${folder}/cgroup.procs`, 'utf8').split('\n')) if (pid !== '') process.kill(Number(pid), 'SIGKILL');
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/** Remote ends of the connections of a namespace, as its kernel has them: `10.1.0.1:8080`. */
export function peersInKernel(netns?: Netns): string[] {
  const text = (netns?.run ?? shell)('cat /proc/net/tcp');
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => line.trim().split(/\s+/)[2] ?? [])
    .map(hexPlace);
}

function hexPlace(text: string): string {
  const [address = '', port = ''] = text.split(':');
  const bytes = (address.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).reverse();
  return `${bytes.join('.')}:${Number.parseInt(port, 16)}`;
}
