// Yardstick: a namespace that routes between client and server, with the rules of a kube-proxy in it.

import { spawnSync } from 'node:child_process';
import { makeNetns, type Netns } from '../../../support/netns.ts';
import { iptablesRules } from './iptables-rules.ts';
import { nftablesRules } from './nftables-rules.ts';
import { type Pods, serversOf } from './place.ts';
import { serviceSet } from './services.ts';

const worthTelling = 10;

export type Rules = 'nftables' | 'iptables';

/** Second numbers of addresses: of the wires and, from there on, of services. */
const numbers = { nftables: { wires: 1, services: 112 }, iptables: { wires: 2, services: 128 } } as const;

export interface Yardstick extends Disposable {
  /** Of the measured service, the last one. */
  readonly address: string;
  readonly middle: string;
}

/** Thousands of services take the kernel a while; between parts of them the signal is looked at. */
export async function openYardstick(kind: Rules, count: number, pods: Pods, signal: AbortSignal): Promise<Yardstick> {
  const { wires, services: second } = numbers[kind];
  const prefix = `10.${wires}`;
  const { services, measured, middle } = serviceSet(count, second, serversOf(`${prefix}.2`));
  const router = await makeNetns();
  const [client, server] = [`${kind.slice(0, 3)}-client`, `${kind.slice(0, 3)}-server`];
  router.run('ip link set lo up; echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter');
  wire(router, client, `${prefix}.1`, pods.client, [`${prefix}.1.1`]);
  wire(router, server, `${prefix}.2`, pods.server, serversOf(`${prefix}.2`));
  pods.client.run(`ip route add 10.${second}.0.0/12 via ${prefix}.1.254`);
  pods.server.run(`ip route add ${prefix}.1.0/24 via ${prefix}.2.254`);
  const begun = performance.now();
  if (kind === 'iptables') load(router, 'iptables-restore', [], iptablesRules(services, `${prefix}.0.0/16`));
  else {
    for (const text of nftablesRules(services, `${prefix}.0.0/16`)) {
      load(router, 'nft', ['-f', '-'], text);
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
  }
  const seconds = (performance.now() - begun) / 1000;
  if (seconds > worthTelling) console.error(`services: the kernel took ${seconds.toFixed(0)} s for ${count} services as ${kind}`);
  checkEntries(router, pods.client);
  return { address: measured.address, middle: middle.address, [Symbol.dispose]: () => router[Symbol.dispose]() };
}

function wire(router: Netns, name: string, prefix: string, pod: Netns, addresses: readonly string[]): void {
  router.run(`ip link add ${name} type veth peer name ${name} netns ${pod.path}`);
  router.run(`ip link set ${name} up; ip addr add ${prefix}.254/24 dev ${name}`);
  pod.run(`ip link set ${name} up; ${addresses.map((address) => `ip addr add ${address}/24 dev ${name}`).join('; ')}`);
}

function load(router: Netns, program: string, words: readonly string[], input: string): void {
  const { status, stderr, error } = spawnSync('nsenter', [`--net=${router.path}`, program, ...words], { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`bench: ${program}: ${error?.message ?? stderr.slice(0, 500)}`);
}

/** Each namespace has a table of its own under the machine's limit, which is left as it is. */
function checkEntries(router: Netns, client: Netns): void {
  const most = Number(router.run('cat /proc/sys/net/netfilter/nf_conntrack_max'));
  const [first = 0, last = 0] = client.run('cat /proc/sys/net/ipv4/ip_local_port_range').split(/\s+/).map(Number);
  if (most <= last - first) throw new Error(`bench: nf_conntrack_max is ${most}: connections would be refused`);
}
