// Place: the network namespaces of a client and a server, and the wires between them. All belong to this process and end with it.

import { type ChildProcess, spawn } from 'node:child_process';
import { makeNetns, type Netns, shell } from '../../../support/netns.ts';
import { backendsPerService, port } from './services.ts';

export interface Pods extends Disposable {
  readonly client: Netns;
  readonly server: Netns;
}

export const bareServer = '198.18.0.2';
/** For the cgroup, when everybody in it is to end. */
export const removalMs = 3_000;

/** Addresses that a server has on one of its interfaces, one for each backend. */
export const serversOf = (prefix: string) => Array.from({ length: backendsPerService }, (_, at) => `${prefix}.${at + 2}`);

/** With a bare pair of veth between them. */
export async function makePods(): Promise<Pods> {
  const [client, server] = [await makeNetns(), await makeNetns()];
  client.run('ip link set lo up');
  server.run('ip link set lo up');
  shell(`ip link add bare0 netns ${client.path} type veth peer name bare0 netns ${server.path}`);
  client.run('ip link set bare0 up; ip addr add 198.18.0.1/24 dev bare0');
  server.run(`ip link set bare0 up; ip addr add ${bareServer}/24 dev bare0`);
  return {
    client,
    server,
    [Symbol.dispose]() {
      client[Symbol.dispose]();
      server[Symbol.dispose]();
    },
  };
}

/** The traffic program, answering in the server's namespace; it ends with this process however that ends. */
export async function serve(traffic: string, { client, server }: Pods, cpu: number): Promise<ChildProcess> {
  const words = ['--pdeathsig', 'KILL', 'nsenter', `--net=${server.path}`, traffic, 'serve', `${cpu}`];
  const child = spawn('setpriv', words, { stdio: ['ignore', 'inherit', 'inherit'] });
  const listening = `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`;
  for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (server.run('cat /proc/net/tcp').includes(listening)) return child;
  }
  throw new Error(`bench: nobody listens in ${client.path}`);
}
