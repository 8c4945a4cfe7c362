// Tunnel node: a node of its own in the namespaces of this process, with an underlay device that somebody else has put there, the datapath,
// and a tunnel or native routes to the other node. Run as a program it is the node of the backends (argument: the way): it says when it is
// there, waits for its wire, then serves.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { KernelDatapath } from '../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { openHost } from '../../orchestrator/host/host.ts';
import { caseSizes, Stage } from '../datapath/packets/stage.ts';
import { macOf, type ServiceState, type State } from '../datapath/packets/state.ts';
import { openTestKernel } from '../support/kernel.ts';
import { openPods, Pod } from '../support/pods.ts';
import { type Family, families, hostAddress } from '../support/world.ts';
import { macText, serve } from './sockets.ts';

/** Indexes of devices, the same on both nodes. */
const ports = { client: 111, server: 112, other: 113, overlay: 120, network: 130, host: 140 } as const;
export const underlay = 'underlay';

/** Numbers of services, backends and nodes of a family: both families are on the nodes at once. */
const from = (family: Family): number => (family === 'ipv4' ? 2 : 32);
/** Entries for slots of as many services. */
const sizes = { ...caseSizes, maglev: 4096, events: 65536 } as const;

/** How packets get from node to node. */
export type Way = 'overlay' | 'native';

/** External services in order, each with one backend of a number of its own. */
function numbered(family: Family, list: readonly (Partial<ServiceState> & { frontend: string; at: string })[]): ServiceState[] {
  return list.map(({ at, ...service }, index) => {
    const number = from(family) + index;
    return { number, scope: 'external', ...service, backends: [{ id: number, at }] };
  });
}

/**
 * What everybody has in common: node ports of a pod elsewhere, one whose backend's port is closed, addresses with direct return, and the same
 * of the two nodes themselves. Of the last one each node thinks that the pod is on the other.
 */
function services(family: Family, isEntry: boolean): ServiceState[] {
  const udp = { protocol: 'udp' } as const;
  return numbered(family, [
    { frontend: 'node1:30080', at: 'remote:8080' },
    { frontend: 'node1:30053', ...udp, at: 'remote:5353' },
    { frontend: 'node1:30054', ...udp, at: 'remote:5354' },
    { frontend: 'vip:80', dsr: true, at: 'remote:8080' },
    { frontend: 'vip:53', ...udp, dsr: true, at: 'remote:5353' },
    { frontend: 'vip:81', dsr: true, sourceRanges: ['node2'], at: 'remote:8080' },
    { frontend: 'node1:30090', at: 'node1:9090' },
    { frontend: 'vip:9091', at: 'node1:9090' },
    { frontend: 'vip:5391', ...udp, at: 'node1:5353' },
    { frontend: 'vip:5392', ...udp, at: 'node1:5354' },
    { frontend: 'node1:30091', at: 'node2:9090' },
    { frontend: 'vip:82', dsr: true, at: isEntry ? 'remote:8080' : 'server:8080' },
    { frontend: 'vip:54', ...udp, dsr: true, at: isEntry ? 'remote:5353' : 'server:5353' },
  ]);
}
/** The node that clients know, with a pod of its own. */
export const entryState = (family: Family, way: Way): State => ({
  config: {},
  endpoints: { host: { identity: 1, host: true }, node1: { identity: 1, host: true }, server: { identity: 300 } },
  ipcache: { remotePods: { identity: 400, node: from(family) }, node2: { identity: 6 } },
  nodes: { [from(family)]: { at: 'node2', mode: way } },
  services: services(family, true),
});

/** The node of the pod, whose policy takes the world on these ports: the tunnel says that it is the world, natively it is the node it came by. */
const accepted = ['tcp 8080', 'udp 5353', 'udp 5354'];
const backendState = (family: Family, way: Way): State => ({
  config: { router: 'remote2' },
  endpoints: {
    remote: { identity: 400, port: 'server', policySet: 2, enforced: 'ingress' },
    remote2: { identity: 1, host: true },
    node2: { identity: 1, host: true },
  },
  policies: { 2: accepted.map((port, index) => `#${index + 1} ingress allow ${way === 'overlay' ? 2 : 6} ${port}`) },
  ipcache: { host: { identity: 6, node: from(family) }, server: { identity: 300, node: from(family) }, node1: { identity: 6 } },
  nodes: { [from(family)]: { at: 'node1', mode: way } },
  services: services(family, false),
});

function ip(line: string): void {
  execFileSync('ip', line.split(' '), { stdio: ['ignore', 'ignore', 'inherit'] });
}

function set(setting: string, value: string): void {
  execFileSync('sh', ['-ec', `echo ${value} > /proc/sys/net/${setting}`]);
}

/** Addresses, routes and devices as the agent makes them, the datapath's hooks, and its maps. */
export async function wireNode(datapath: KernelDatapath, name: 'node1' | 'node2', way: Way): Promise<void> {
  const [other, router, others] = name === 'node1' ? (['node2', 'host', 'remote2'] as const) : (['node1', 'remote2', 'host'] as const);
  const pods = name === 'node1' ? (['remote'] as const) : (['server'] as const);
  ip(`link set ${underlay} up`);
  if (way === 'overlay') {
    ip(`link add overlay index ${ports.overlay} type vxlan external dstport 8472 udp6zerocsumtx udp6zerocsumrx`);
    ip('link set overlay arp off up');
    for (const [setting, value] of [
      ['rp_filter', '0'],
      ['accept_local', '1'],
    ] as const)
      set(`ipv4/conf/overlay/${setting}`, value);
  }
  for (const family of families) {
    const address = hostAddress(name, family);
    // Without nodad Linux takes its time to let an IPv6 address be a source, even on lo.
    const atOnce = family === 'ipv4' ? '' : ' nodad';
    ip(`addr add ${hostAddress(router, family)} dev lo${atOnce}`);
    ip(`addr add ${address}/${family === 'ipv4' ? 24 : 64} dev ${underlay}${atOnce}`);
    ip(`route add ${hostAddress('world', family)} dev ${underlay} src ${address}`);
    const encap = family === 'ipv4' ? 'ip' : 'ip6';
    const at = hostAddress(other, family);
    for (const there of [others, ...pods]) {
      const how = way === 'overlay' ? `encap ${encap} dst ${at} dev overlay` : `via ${at} dev ${underlay}`;
      ip(`route add ${hostAddress(there, family)} ${how} src ${hostAddress(router, family)}`);
    }
  }
  for (const kind of ['network', 'exit'] as const) await datapath.attach({ number: ports.network, kind });
  if (way === 'overlay') await datapath.attach({ number: ports.overlay, kind: 'overlay' });
  const stateOf = name === 'node1' ? entryState : backendState;
  for (const family of families) await new Stage({ datapath, ports, takesTime: false }, family).write(stateOf(family, way));
}

/** A pod that serves, behind the device that is the server's on both nodes, with the node's route to it; whoever has it disposes of it. */
export async function startPod(datapath: KernelDatapath, name: 'remote' | 'server'): Promise<Pod> {
  const mac = (side: 'pod' | 'gateway') => macText(macOf(name, side));
  const pod = new Pod({ name, port: ports.server, mac: mac('pod'), gatewayMac: mac('gateway') });
  for (const family of families) ip(`route add ${hostAddress(name, family)} dev ${name}`);
  // As the agent makes it, whatever is the default for devices.
  for (const [setting, value] of [
    ['rp_filter', '0'],
    ['accept_local', '1'],
  ] as const)
    set(`ipv4/conf/${name}/${setting}`, value);
  await datapath.attach({ number: ports.server, kind: 'pod' });
  const said = await pod.start(serve);
  if (said !== 'ready') throw new Error(`pod ${name}: ${said}`);
  return pod;
}

/** What serves on the node itself, until it is ended. */
export async function serveOnNode(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', serve], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface(child.stdout as Readable)) if (line === 'ready') break;
  return child;
}

/** The kernel's settings as the agent's checks leave them where a host filters strictly. */
export async function allowWay(name: 'node1' | 'node2', way: Way): Promise<void> {
  for (const device of ['all', 'default', underlay]) set(`ipv4/conf/${device}/rp_filter`, '1');
  const router = families.map((family) => hostAddress(name === 'node1' ? 'host' : 'remote2', family));
  using host = await openHost();
  host.underlay(hostAddress(name, 'ipv4'));
  const checks = host.checks({ router, pods: [], peers: [], isExposed: true });
  // Here it has another name than that by which the agent knows its own.
  if (way === 'overlay') set('ipv4/conf/overlay/rp_filter', '0');
  for (const { ok, message } of checks) if (!ok) throw new Error(`${name} ${way}: ${message}`);
}

export async function openNode(): Promise<KernelDatapath> {
  const datapath = await openTestKernel({ sizes });
  await openPods();
  return datapath;
}

/** Index of the underlay device, which whoever makes it gives it. */
export const underlayPort = ports.network;

if (import.meta.main) {
  const way = process.argv[2] as Way;
  const datapath = await openNode();
  const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
  console.log('here');
  await lines.next();
  await wireNode(datapath, 'node2', way);
  await allowWay('node2', way);
  const onNode = await serveOnNode();
  const pod = await startPod(datapath, 'remote');
  console.log('ready');
  // Until whoever started it goes.
  await lines.next();
  onNode.kill();
  pod[Symbol.dispose]();
  process.exit();
}
