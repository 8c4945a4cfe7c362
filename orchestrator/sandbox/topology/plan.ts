// The plan of a sandbox: every address and prefix that a topology and the number of the fabric lead to. Pure.

import { formatAddress } from '../../net/address.ts';
import { makePrefix, type Prefix, parsePrefix } from '../../net/prefix.ts';
import { usualPrefixes } from './rules.ts';
import type { ClusterDatapaths, DatapathChoice, Topology, TopologyCluster, TopologyNode } from './schema.ts';

export interface Plan {
  /** 0 to 255; two sandboxes of one host differ in it. */
  readonly fabric: number;
  readonly underlay: { readonly prefixes: readonly string[]; readonly router: readonly string[]; readonly host: readonly string[] };
  readonly clusters: readonly ClusterPlan[];
}

export interface ClusterPlan {
  readonly name: string;
  readonly id: number;
  /** Where its API and etcd listen. */
  readonly address: string;
  readonly podCIDRs: readonly string[];
  readonly serviceCIDRs: readonly string[];
  /** Load balancers get addresses of these; none when there are none. */
  readonly loadBalancerCIDRs: readonly string[];
  /** The first address of the services is the API's, the tenth of each family the DNS server's. */
  readonly apiService: string;
  readonly dnsService: readonly string[];
  readonly nodes: readonly NodePlan[];
  readonly manifests: readonly string[];
}

export interface NodePlan {
  readonly cluster: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly podCIDRs: readonly string[];
  readonly datapath: DatapathChoice;
  readonly agentFlags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Of the underlay: 1 the router, 2 to 9 the clusters' control planes, from 10 the nodes, 254 the host. */
const first = { cluster: 2, node: 10, host: 254 } as const;

export const etcdPort = 2379;
export const etcdPeerPort = 2380;
export const apiPort = 6443;
export const world = {
  prefixes: ['192.0.2.0/24', '198.51.100.0/24', '2001:db8::/32'],
  addresses: ['192.0.2.1', '192.0.2.10', '198.51.100.1', '198.51.100.10', '2001:db8::1', '2001:db8::10', '2001:db8:1::1', '2001:db8:1::10'],
  http: [80, 443, 8080],
  /** Whom to ask for names below these. */
  names: { servers: ['192.0.2.10', '2001:db8::10'], domains: ['domain.com', 'example.com'] },
  echo: 7,
  tell: 9,
} as const;

/** Throws a RangeError when there are more nodes than the underlay has addresses, or a node's share is beyond its cluster's prefix. */
export function makePlan({ clusters }: Topology, fabric: number): Plan {
  let nodes = 0;
  const planned = clusters.map((cluster, index): ClusterPlan => {
    const id = cluster.id ?? freeId(clusters, index);
    const podCIDRs = cluster.podCIDRs ?? usualPrefixes.podCIDRs(index);
    const serviceCIDRs = cluster.serviceCIDRs ?? usualPrefixes.serviceCIDRs(index);
    const services = serviceCIDRs.map(parsePrefix);
    return {
      ...{ name: cluster.name, id, podCIDRs, serviceCIDRs, manifests: cluster.manifests ?? [] },
      loadBalancerCIDRs: cluster.loadBalancerCIDRs ?? [],
      address: underlayAddresses(fabric, first.cluster + index)[0],
      apiService: addressOf(services[0], 1),
      dnsService: services.map((prefix) => addressOf(prefix, 10)),
      nodes: cluster.nodes.map((node, at) => planNode({ cluster, node, podCIDRs }, at, underlayAddresses(fabric, first.node + nodes++))),
    };
  });
  if (first.node + nodes > first.host) throw new RangeError(`${nodes} nodes: at most ${first.host - first.node} in a sandbox`);
  return {
    fabric,
    underlay: {
      prefixes: [`172.31.${fabric}.0/24`, `fd31:${fabric}::/64`],
      router: underlayAddresses(fabric, 1),
      host: underlayAddresses(fabric, first.host),
    },
    clusters: planned,
  };
}

function planNode(
  { cluster, node, podCIDRs }: { cluster: TopologyCluster; node: TopologyNode; podCIDRs: readonly string[] },
  index: number,
  addresses: readonly string[],
): NodePlan {
  return {
    ...{ cluster: cluster.name, name: node.name, addresses },
    podCIDRs: podCIDRs.map((text) => share(parsePrefix(text), index)),
    datapath: node.datapath ?? usualDatapath(cluster.datapath ?? 'auto', index),
    agentFlags: [...(cluster.agentFlags ?? []), ...(node.agentFlags ?? [])],
    labels: node.labels ?? {},
  };
}

function usualDatapath(choice: ClusterDatapaths, index: number): DatapathChoice {
  if (choice !== 'mixed') return choice;
  return index % 2 === 0 ? 'wasm' : 'kernel';
}

/** Prefix number `index` among those of a node's size. */
function share(prefix: Prefix, index: number): string {
  const [width, length] = prefix.family === 4 ? [32, 24] : [128, 64];
  if (index >= 2 ** (length - prefix.length)) throw new RangeError(`${prefix.text}: no /${length} left for node number ${index + 1}`);
  return makePrefix(prefix.family, prefix.value + (BigInt(index) << BigInt(width - length)), length).text;
}

export function addressOf(prefix: Prefix, index: number): string {
  const longest = makePrefix(prefix.family, prefix.value + BigInt(index), prefix.family === 4 ? 32 : 128);
  return longest.text.split('/')[0];
}

function underlayAddresses(fabric: number, host: number): string[] {
  return [formatAddress(Uint8Array.of(172, 31, fabric, host)), `fd31:${fabric}::${host}`];
}

function freeId(clusters: readonly TopologyCluster[], index: number): number {
  const taken = new Set(clusters.map(({ id }) => id));
  const free = Array.from({ length: 255 }, (_, at) => at + 1).filter((id) => !taken.has(id));
  return free[clusters.slice(0, index).filter(({ id }) => id === undefined).length];
}
