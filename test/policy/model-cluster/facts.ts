// Facts of a case, built without the library.

import {
  type Identity,
  localScope,
  type NamedPort,
  type ReservedName,
  reserved,
  reservedLabel,
} from '../../../orchestrator/model/identity.ts';
import { Labels } from '../../../orchestrator/model/labels.ts';
import { podLabels } from '../../../orchestrator/model/pod-labels.ts';
import type { Subject } from '../../../orchestrator/model/policy/evaluate/question.ts';
import { parsePrefix } from '../../../orchestrator/net/prefix.ts';
import { protocolNumbers } from '../../../orchestrator/net/transport.ts';

export interface Sides {
  readonly egress: string;
  readonly ingress: string;
  readonly verdict: string;
}

export interface Probe extends Sides {
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly port: number;
  readonly always?: Sides;
  readonly localCluster?: Sides;
}

export interface Enforced {
  readonly ingress: boolean;
  readonly egress: boolean;
  readonly defaultDenyIngress: boolean;
  readonly defaultDenyEgress: boolean;
}

export interface Case {
  readonly id: string;
  readonly title: string;
  readonly disputed?: string;
  readonly policies: readonly object[];
  readonly objects?: readonly object[];
  readonly endpoints: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly namespaceLabels?: Readonly<Record<string, string>>;
    readonly serviceAccount?: string;
    readonly ip: string;
    readonly namedPorts?: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
    readonly enforced: Enforced;
  }[];
  readonly externals?: readonly {
    readonly ip: string;
    readonly name?: string;
    readonly fqdns?: readonly string[];
    readonly reserved?: readonly string[];
  }[];
  readonly probes: readonly Probe[];
}

export interface Party {
  readonly address: string;
  readonly identity: Identity;
  /** Of pods: they are enforced. */
  readonly subject?: Subject;
  readonly names: readonly string[];
}

export function protocolNumber(name: string): number {
  return protocolNumbers[name.toLowerCase() as keyof typeof protocolNumbers];
}

export function parties(given: Case): Map<string, Party> {
  const found = new Map<string, Party>();
  let next = 1000;
  for (const endpoint of given.endpoints) {
    const { namespace, labels: own = {}, namespaceLabels = {}, serviceAccount } = endpoint;
    const labels = podLabels({ namespace, labels: own, namespaceLabels, serviceAccount, cluster: 'default' });
    const namedPorts: NamedPort[] = (endpoint.namedPorts ?? []).map(({ name, port, protocol }) => ({
      name,
      port,
      protocol: protocolNumber(protocol),
    }));
    found.set(`${endpoint.namespace}/${endpoint.name}`, {
      address: endpoint.ip,
      identity: { number: next++, labels },
      subject: { labels, namedPorts },
      names: [],
    });
  }
  let local = localScope;
  for (const { ip, name, fqdns, reserved: kinds } of given.externals ?? []) {
    found.set(name ?? ip, { address: ip, identity: external(ip, kinds, ++local), names: fqdns ?? [] });
  }
  return found;
}

function external(ip: string, kinds: readonly string[] = [], number: number): Identity {
  const world = ip.includes(':') ? 'world-ipv6' : 'world-ipv4';
  const isApiServer = kinds.includes('kube-apiserver');
  if (kinds.length === 0 || (isApiServer && kinds.length === 1)) {
    const labels = new Labels([...kinds, world].map(reservedLabel));
    return { number, labels, prefix: parsePrefix(ip) };
  }
  const known = isApiServer ? 'kube-apiserver' : (kinds[0] as ReservedName);
  return { number: reserved[known], labels: new Labels(kinds.map(reservedLabel)) };
}
