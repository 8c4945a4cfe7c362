// Frontends of one service: what its addresses and ports mean, with the backends behind each.

import { type Candidate, candidatesOf, count, whyNobody } from './backends.ts';
import { chosenAnywhere, chosenInCluster, chosenOnNode } from './choice.ts';
import {
  type BackendRow,
  type FrontendKind,
  type FrontendRow,
  familyOf,
  type NodeFacts,
  type Scope,
  type ServiceFacts,
  type SliceFacts,
  socketKey,
} from './rows.ts';

export interface ServiceRows {
  readonly frontends: readonly FrontendRow[];
  /** Each key once or more. */
  readonly backends: readonly BackendRow[];
}

const nothing: ServiceRows = { frontends: [], backends: [] };

/** Who takes new connections, and why nobody does. */
interface Choice {
  readonly backends: readonly string[];
  readonly weights: readonly number[];
  readonly why: string;
}

/** Of one port in one family. */
interface Choices {
  readonly candidates: readonly Candidate[];
  readonly cluster: Choice;
  readonly local: Choice;
  /** As every node has it. */
  readonly everywhere: Choice;
}

/**
 * Every cluster address has a frontend for each port, with backends of its own family, and is closed besides: what nobody serves must not
 * reach the network. Node ports and addresses from outside have one for pods, which always reach the whole cluster there, and one for
 * clients of the network. A headless service, one that was rejected and one that somebody else balances has none; nor has a family in which it
 * has no cluster address.
 */
export function serviceRows(service: ServiceFacts, slices: readonly SliceFacts[], node: NodeFacts): ServiceRows {
  if (service.rejected !== undefined || service.type === 'ExternalName' || service.isOthers) return nothing;
  const frontends: FrontendRow[] = [];
  const backends: BackendRow[] = [];
  for (const port of service.ports) {
    const families = new Map<4 | 6, Choices>();
    const choices = (address: string): Choices => {
      const family = familyOf(address);
      const known = families.get(family) ?? choose(slices, port, family, node);
      families.set(family, known);
      return known;
    };
    frontends.push(...portFrontends(service, port, choices, node));
    for (const { candidates } of families.values()) backends.push(...candidates.map(({ row }) => row));
  }
  for (const address of service.clusterAddresses) frontends.push(closed(service, address));
  return { frontends, backends };
}

type Port = ServiceFacts['ports'][number];

function portFrontends(service: ServiceFacts, port: Port, choices: (address: string) => Choices, node: NodeFacts): FrontendRow[] {
  const { isInternallyLocal, isExternallyLocal, balancerAddresses, externalAddresses, sourceRanges } = service;
  const rows: FrontendRow[] = [];
  const add = (type: FrontendKind, scope: Scope, address: string, number: number, isLocal: boolean) => {
    const { cluster, local, everywhere } = choices(address);
    const ranges = type === 'LoadBalancer' && scope === 'outside' ? sourceRanges : [];
    const isDirect = scope === 'outside' && type !== 'NodePort' && canBeDirect(service);
    const choice = isLocal ? local : isDirect ? everywhere : cluster;
    rows.push(frontend(service, { type, scope, address, number, port, choice, ranges, isDirect }));
  };
  const addExternal = (type: FrontendKind, address: string, number: number) => {
    add(type, 'inside', address, number, false);
    add(type, 'outside', address, number, isExternallyLocal);
  };
  for (const address of service.clusterAddresses) add('ClusterIP', 'inside', address, port.port, isInternallyLocal);
  const families = new Set(service.clusterAddresses.map(familyOf));
  const served = (addresses: readonly string[]) => addresses.filter((address) => families.has(familyOf(address)));
  for (const address of served(balancerAddresses)) addExternal('LoadBalancer', address, port.port);
  for (const address of served(externalAddresses)) addExternal('ExternalIP', address, port.port);
  if (port.nodePort !== undefined) for (const address of served(node.addresses)) addExternal('NodePort', address, port.nodePort);
  return rows;
}

interface Place {
  readonly type: FrontendKind;
  readonly scope: Scope;
  readonly address: string;
  readonly number: number;
  readonly port: Port;
  readonly choice: Choice;
  readonly ranges: readonly string[];
  readonly isDirect: boolean;
}

/**
 * A backend's node finds it by the same table: that is given where all nodes have the address, and choose from the same backends by the
 * same rule. What one node remembers of a client the other does not know.
 */
function canBeDirect({ forwarding, isExternallyLocal, affinitySeconds }: ServiceFacts): boolean {
  return forwarding === 'dsr' && !isExternallyLocal && affinitySeconds === 0;
}

function frontend(service: ServiceFacts, { type, scope, address, number, port, choice, ranges, isDirect }: Place): FrontendRow {
  return {
    key: frontendKey(address, port.protocol, number, scope),
    address,
    protocol: port.protocol,
    port: number,
    scope,
    service: service.key,
    portName: port.name,
    type,
    ...choice,
    affinitySeconds: service.affinitySeconds,
    sourceRanges: ranges,
    algorithm: service.algorithm === 'random' && !isDirect ? 'random' : 'maglev',
    isDirect,
  };
}

export function frontendKey(address: string, protocol: number, port: number, scope: Scope): string {
  const key = socketKey(address, protocol, port);
  return scope === 'inside' ? key : `${key} outside`;
}

function closed({ key: service }: ServiceFacts, address: string): FrontendRow {
  const common = {
    backends: [],
    weights: [],
    affinitySeconds: 0,
    sourceRanges: [],
    algorithm: 'maglev',
    isDirect: false,
    why: '',
  } as const;
  const key = frontendKey(address, 0, 0, 'inside');
  return { key, address, protocol: 0, port: 0, scope: 'inside', service, portName: '', type: 'closed', ...common };
}

function choose(slices: readonly SliceFacts[], port: Port, family: 4 | 6, node: NodeFacts): Choices {
  const candidates = candidatesOf(slices, port, family);
  const nobody = candidates.length === 0 ? whyNobody(slices, port, family) : '';
  const cluster = choiceOf(chosenInCluster(candidates, node), nobody);
  const elsewhere =
    nobody === '' ? `${count(candidates.length)}, and none of them on this node, which the service's policy demands` : nobody;
  const everywhere = choiceOf(chosenAnywhere(candidates), nobody);
  return { candidates, cluster, local: choiceOf(chosenOnNode(candidates, node), elsewhere), everywhere };
}

/** A weight of 0 gets nothing new. */
function choiceOf(chosen: readonly Candidate[], nobody: string): Choice {
  const weighed = chosen.filter(({ weight }) => weight > 0);
  if (chosen.length === 0) return { backends: [], weights: [], why: nobody };
  if (weighed.length === 0) return { backends: [], weights: [], why: `${count(chosen.length)} of weight 0` };
  const isEven = weighed.every(({ weight }) => weight === weighed[0]?.weight);
  return { backends: weighed.map(({ row }) => row.key), weights: isEven ? [] : weighed.map(({ weight }) => weight), why: '' };
}
