// Small clusters: pods in a word each, policies in YAML.

import { parseAllDocuments } from 'yaml';
import { type Mode, ModelCluster } from './answers.ts';
import { modes, sidesOf } from './compare.ts';
import type { Case, Sides } from './facts.ts';

export const outside = {
  world: { ip: '203.0.113.10' },
  host: { ip: '172.18.0.2', reserved: ['host'] },
  'remote-node': { ip: '172.18.0.3', reserved: ['remote-node'] },
} as const;

export interface SmallCluster {
  /** `namespace/name: key=value key=value`; a namespace's label `team` is its own name. */
  readonly pods: Readonly<Record<string, string>>;
  readonly others?: readonly (keyof typeof outside)[];
  /** Manifests, of policies and of what they refer to. */
  readonly manifests: string;
  readonly ports?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export class Small {
  private readonly cluster: ModelCluster;

  constructor(given: SmallCluster, mode: Mode = modes['this cluster']) {
    this.cluster = new ModelCluster(caseOf(given), mode);
  }

  /** `flow('shop/web', 'shop/db', 'TCP 80')`. */
  flow(from: string, to: string, packet: string): Sides {
    const [protocol = '', port = ''] = packet.split(' ');
    const question = { protocol, port: Number(port) };
    return sidesOf({ egress: this.cluster.side('egress', from, to, question), ingress: this.cluster.side('ingress', to, from, question) });
  }
}

function caseOf({ pods, others = [], manifests, ports = {} }: SmallCluster): Case {
  const endpoints = Object.entries(pods).map(([full, text], index) => {
    const [namespace = '', name = ''] = full.split('/');
    const labels = Object.fromEntries(text.split(' ').map((pair) => pair.split('=')));
    const namedPorts = Object.entries(ports[full] ?? {}).map(([port, number]) => ({ name: port, port: number, protocol: 'TCP' }));
    return {
      namespace,
      name,
      labels,
      namespaceLabels: { team: namespace },
      ip: `10.244.0.${10 + index}`,
      namedPorts,
      enforced: {} as never,
    };
  });
  const documents = parseAllDocuments(manifests.replaceAll(indentOf(manifests), '\n'));
  const objects = documents.flatMap((document) => (document.toJS() as object | null) ?? []);
  const isPolicy = (object: object) => 'kind' in object && String(object.kind).endsWith('Policy');
  return {
    id: 'small',
    title: 'small',
    policies: objects.filter(isPolicy),
    objects: objects.filter((object) => !isPolicy(object)),
    endpoints,
    externals: others.map((name) => ({ name, ...outside[name] })),
    probes: [],
  };
}

function indentOf(text: string): string {
  return /\n *(?=\S)/.exec(text)?.[0] ?? '\n';
}
