// Small clusters: pods in a word each, policies in YAML; decided by the rules and by the datapath, which must agree.

import { parseProtocol } from '../../orchestrator/cli/policy/peer.ts';
import { type Cluster, type ClusterOptions, openCluster } from '../../orchestrator/testing/cluster.ts';

export const outside = {
  world: { address: '203.0.113.10' },
  host: { address: '172.18.0.2', reserved: ['host'] },
  'remote-node': { address: '172.18.0.3', reserved: ['remote-node'] },
} as const;

export interface SmallCluster {
  /** `namespace/name: key=value key=value`; a namespace's label `team` is its own name. */
  readonly pods: Readonly<Record<string, string>>;
  readonly others?: readonly (keyof typeof outside)[];
  /** Policies, and what they refer to. */
  readonly manifests: string;
  /** TCP ports by name. */
  readonly ports?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** As if its manifests came out of a cluster. A manifest that is refused is an error. */
export async function openSmall(given: SmallCluster, options: ClusterOptions = {}): Promise<Small> {
  const cluster = await openCluster({ engine: 'model', crossCheck: 'wasm', stored: true, strict: true, ...options });
  const { pods, others = [], manifests, ports = {} } = given;
  for (const [name, text] of Object.entries(pods)) {
    const [namespace = ''] = name.split('/');
    cluster.namespace(namespace, { labels: { team: namespace } });
    const named = Object.entries(ports[name] ?? {}).map(([port, number]) => ({ name: port, port: number, protocol: 'tcp' as const }));
    cluster.pod(name, { labels: Object.fromEntries(text.split(' ').map((pair) => pair.split('='))), ports: named });
  }
  for (const name of others) {
    const { address, ...facts } = outside[name];
    cluster.outside(address, facts);
  }
  cluster.apply(manifests.replaceAll(indentOf(manifests), '\n'));
  return new Small(cluster);
}

export class Small implements AsyncDisposable {
  private readonly cluster: Cluster;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** `flow('shop/web', 'world', 'TCP 80')`. */
  flow(from: string, to: string, packet: string) {
    const [protocol = '', port = ''] = packet.split(' ');
    const address = (name: string) => (name in outside ? outside[name as keyof typeof outside].address : name);
    const flow = this.cluster.flow({ from: address(from), to: address(to), protocol: parseProtocol(protocol), port: Number(port) });
    return { egress: flow.egress.verdict, ingress: flow.ingress.verdict, verdict: flow.verdict };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster.close();
  }
}

function indentOf(text: string): string {
  return /\n *(?=\S)/.exec(text)?.[0] ?? '\n';
}
