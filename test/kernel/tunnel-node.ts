// Tunnel node: a node of its own in the namespaces of this process, with an underlay device that somebody else has put there, a tunnel,
// and the datapath on both. Run as a program it is the node of the backends: it says when it is there, waits for its wire, then serves.

import { execFileSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { KernelDatapath } from '../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { caseSizes, Stage } from '../datapath/packets/stage.ts';
import { macOf, type ServiceState, type State } from '../datapath/packets/state.ts';
import { openTestKernel } from '../support/kernel.ts';
import { openPods, Pod } from '../support/pods.ts';
import { type Family, families, type HostName, hostAddress } from '../support/world.ts';
import { macText, serve } from './sockets.ts';

/** Indexes of devices, the same on both nodes. */
const ports = { client: 111, server: 112, other: 113, overlay: 120, network: 130, host: 140 } as const;
export const underlay = 'underlay';

/** Numbers of services, backends and nodes of a family: both families are on the nodes at once. */
const from = (family: Family): number => (family === 'ipv4' ? 2 : 9);

/** What everybody has in common: a node port with masquerade, one whose backend's port is closed, and an address with direct return. */
function services(family: Family): ServiceState[] {
  const number = from(family);
  const [open, closed] = ['remote:8080', 'remote:5354'];
  return [
    { number, scope: 'external', frontend: 'node1:30080', backends: [{ id: number, at: open }] },
    { number: number + 1, scope: 'external', frontend: 'node1:30053', protocol: 'udp', backends: [{ id: number + 1, at: 'remote:5353' }] },
    { number: number + 2, scope: 'external', frontend: 'node1:30054', protocol: 'udp', backends: [{ id: number + 2, at: closed }] },
    { number: number + 3, scope: 'external', frontend: 'vip:80', dsr: true, backends: [{ id: number + 3, at: open }] },
    {
      number: number + 4,
      scope: 'external',
      frontend: 'vip:53',
      protocol: 'udp',
      dsr: true,
      backends: [{ id: number + 4, at: 'remote:5353' }],
    },
    {
      number: number + 5,
      scope: 'external',
      frontend: 'vip:81',
      dsr: true,
      sourceRanges: ['node2'],
      backends: [{ id: number + 5, at: open }],
    },
  ];
}

/** The node that clients know. */
export const entryState = (family: Family): State => ({
  config: {},
  endpoints: { host: { identity: 1, host: true } },
  ipcache: { remotePods: { identity: 400, node: from(family) } },
  nodes: { [from(family)]: { at: 'node2' } },
  services: services(family),
});

/** The node of the pod, whose policy takes the world on one port. */
const backendState = (family: Family): State => ({
  config: { noRouter: true },
  endpoints: { remote: { identity: 400, port: 'server', policySet: 2, enforced: 'ingress' } },
  policies: { 2: ['#1 ingress allow 2 tcp 8080', '#2 ingress allow 2 udp 5353', '#3 ingress allow 2 udp 5354'] },
  ipcache: { host: { identity: 6, node: from(family) } },
  nodes: { [from(family)]: { at: 'node1' } },
  services: services(family),
});

function ip(line: string): void {
  execFileSync('ip', line.split(' '), { stdio: ['ignore', 'ignore', 'inherit'] });
}

function set(setting: string, value: string): void {
  execFileSync('sh', ['-ec', `echo ${value} > /proc/sys/net/${setting}`]);
}

/** Addresses, routes and devices as the agent makes them, the datapath's hooks, and its maps. */
export async function wireNode(datapath: KernelDatapath, name: HostName, stateOf: (family: Family) => State): Promise<void> {
  ip(`link set ${underlay} up`);
  ip(`link add overlay index ${ports.overlay} type vxlan external dstport 8472 udp6zerocsumtx udp6zerocsumrx`);
  ip('link set overlay up');
  for (const family of ['ipv4', 'ipv6'] as const) set(`${family}/conf/all/forwarding`, '1');
  for (const device of ['all', underlay, 'overlay']) set(`ipv4/conf/${device}/rp_filter`, '0');
  set('ipv4/conf/overlay/accept_local', '1');
  ip(`addr add ${hostAddress(name, 'ipv4')}/24 dev ${underlay}`);
  ip(`addr add ${hostAddress(name, 'ipv6')}/64 dev ${underlay} nodad`);
  ip(`route add ${hostAddress('world', 'ipv4')} dev ${underlay}`);
  ip(`route add ${hostAddress('world', 'ipv6')} dev ${underlay}`);
  await datapath.attach({ number: ports.network, kind: 'network' });
  await datapath.attach({ number: ports.overlay, kind: 'overlay' });
  for (const family of families) await new Stage({ datapath, ports, takesTime: false }, family).write(stateOf(family));
}

export async function openNode(): Promise<KernelDatapath> {
  const datapath = await openTestKernel({ sizes: { ...caseSizes, events: 65536 } });
  await openPods();
  return datapath;
}

/** Index of the underlay device, which whoever makes it gives it. */
export const underlayPort = ports.network;

if (import.meta.main) {
  const datapath = await openNode();
  const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
  console.log('here');
  await lines.next();
  await wireNode(datapath, 'node2', backendState);
  const mac = (side: 'pod' | 'gateway') => macText(macOf('remote', side));
  using pod = new Pod({ name: 'remote', port: ports.server, mac: mac('pod'), gatewayMac: mac('gateway') });
  await datapath.attach({ number: ports.server, kind: 'pod' });
  console.log(await pod.start(serve));
  // Until whoever started it goes.
  await lines.next();
  await datapath.close();
}
