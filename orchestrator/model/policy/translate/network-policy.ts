// Network policies: NetworkPolicy of Kubernetes as one section, by what Kubernetes says where the agent says otherwise.

import { makeSelector, type Requirement, type Selector } from '../../selector.ts';
import { pathText } from '../problem.ts';
import type { Direction, Peer, Rule, Section, Traffic } from '../rule.ts';
import type { Field } from './field.ts';
import { Findings, quote } from './findings.ts';
import { thisCluster } from './peer-selectors.ts';
import { parsePortText } from './port-text.ts';
import { everyPort, hasPorts, protocolNumbers, rangeOf, readProtocol } from './ports.ts';
import { readExcept, readPrefix } from './prefixes.ts';
import { prefixPeer } from './references.ts';
import { namespaceLabels, podCluster, podNamespace, type Scope } from './scope.ts';
import { readRequirements } from './selectors.ts';

const directions: readonly Direction[] = ['ingress', 'egress'];
const peersField = { ingress: 'from', egress: 'to' } as const;
const everything: Traffic[] = [{ protocol: undefined, ports: everyPort }];

export function readNetworkPolicy(root: Field, scope: Scope): Section[] {
  const { findings } = scope;
  const spec = findings.object(root.get('spec'));
  const subject = readPodSubject(spec, scope);
  const types = readTypes(spec, findings);
  const enforces: { ingress?: { defaultDeny: boolean }; egress?: { defaultDeny: boolean } } = {};
  const rules: Rule[] = [];
  for (const direction of directions) {
    // Read also what is not meant, for what is wrong with it.
    const read = findings.list(spec.get(direction)).map((element) => readRule(element, direction, scope));
    if (types.includes(direction)) {
      enforces[direction] = { defaultDeny: true };
      rules.push(...read);
    } else if (read.length > 0) {
      const type = direction === 'ingress' ? 'Ingress' : 'Egress';
      findings.warning(
        spec.get(direction),
        'policy-types',
        `policyTypes does not name ${type}, so these rules do nothing: add ${type} to it`,
      );
    }
  }
  return [{ path: pathText(spec.path), subject, enforces, rules }];
}

/** Undefined: it can select nobody, or not be read. */
export function readPodSubject(spec: Field, scope: Scope): Selector | undefined {
  const requirements = readSelector(spec.get('podSelector'), scope);
  if (requirements === undefined) return undefined;
  return makeSelector([...withoutNamespace(requirements), ownNamespace(scope)]);
}

function ownNamespace({ ref }: Scope): Requirement {
  return { source: 'k8s', key: podNamespace, operator: 'In', values: [ref.namespace ?? ''] };
}

/** Without policyTypes: ingress, and egress if there is such a section. */
export function readTypes(spec: Field, findings: Findings): Direction[] {
  const types = findings.list(spec.get('policyTypes')).map((type) => findings.text(type));
  if (types.length > 0) return directions.filter((direction) => types.includes(direction === 'ingress' ? 'Ingress' : 'Egress'));
  return spec.get('egress').count > 0 ? ['ingress', 'egress'] : ['ingress'];
}

function readRule(element: Field, direction: Direction, scope: Scope): Rule {
  const { findings, ref } = scope;
  findings.object(element);
  const from = element.get(peersField[direction]);
  const ports = element.get('ports');
  const peers = findings.list(from).flatMap((peer) => readPeer(peer, scope));
  const traffic = findings.list(ports).flatMap((port) => readPort(port, findings));
  return {
    policy: ref,
    path: pathText(element.path),
    direction,
    action: 'allow',
    // Absent and empty mean everybody and everything: the opposite of what they mean to Cilium's own policies.
    peers: from.count > 0 ? peers : [{ kind: 'any' }],
    traffic: ports.count > 0 ? traffic : everything,
  };
}

function readPeer(peer: Field, scope: Scope): Peer[] {
  const { findings } = scope;
  findings.object(peer);
  const block = findings.object(peer.get('ipBlock'));
  const namespaces = peer.get('namespaceSelector');
  const pods = peer.get('podSelector');
  const peers = [
    ...(block.present ? readBlock(block, scope) : []),
    ...(namespaces.present || pods.present ? readPods(namespaces, pods, scope) : []),
  ];
  if (!block.present || !(namespaces.present || pods.present)) return peers;
  findings.warning(block, 'combine-peers', 'ipBlock cannot stand beside selectors, so the peer is nobody: make two peers of it');
  return [];
}

function readBlock(block: Field, { findings }: Scope): Peer[] {
  const prefix = readPrefix(block.get('cidr'), findings, 'either');
  const except = readExcept(findings.list(block.get('except')), findings, prefix, 'either');
  return prefix === undefined ? [] : prefixPeer(block.get('cidr'), prefix, except, findings);
}

/** Pods by their labels and those of their namespaces; without the latter, of the policy's own. */
function readPods(namespaces: Field, pods: Field, scope: Scope): Peer[] {
  const ofPods = readSelector(pods, scope);
  const ofNamespaces = readSelector(namespaces, scope);
  if (ofPods === undefined || ofNamespaces === undefined) return [];
  const requirements: Requirement[] = namespaces.present
    ? [...ofPods, ...ofNamespaces.map((requirement) => ({ ...requirement, key: `${namespaceLabels}${requirement.key}` }))]
    : withoutNamespace(ofPods);
  if (!namespaces.present) requirements.push(ownNamespace(scope));
  else if (ofNamespaces.length === 0) requirements.push({ source: 'k8s', key: podNamespace, operator: 'Exists', values: [] });
  if (scope.localCluster && !requirements.some(({ key }) => key === podCluster)) requirements.push(thisCluster(scope));
  return [{ kind: 'labels', selector: makeSelector(requirements) }];
}

/** The agent's own label is not a user's to say: `In` of one value is how matchLabels read. */
function withoutNamespace(requirements: readonly Requirement[]): Requirement[] {
  return requirements.filter(({ key, operator, values }) => !(key === podNamespace && operator === 'In' && values.length === 1));
}

/**
 * Selectors of Kubernetes' own objects have passed the API server, so the agent takes whatever comes: a wrong one selects nobody.
 * Undefined: nobody.
 */
function readSelector(field: Field, { findings }: Scope): Requirement[] | undefined {
  const own = new Findings();
  const requirements = readRequirements(field, own, 'k8s');
  for (const { severity, class: kind, path, message } of own.problems) {
    if (kind === 'label-selector') findings.add({ severity: 'warning', class: kind, path, message: `${message}; it selects nobody` });
    else findings.add({ severity, class: kind, path, message });
  }
  return requirements;
}

/** TCP unless the protocol says otherwise; every port unless one is named. */
function readPort(field: Field, findings: Findings): Traffic[] {
  findings.object(field);
  const protocol = readProtocol(field.get('protocol'), findings, field.get('protocol').present ? 'ANY' : 'TCP');
  const endPort = findings.integer(field.get('endPort')) ?? 0;
  const port = field.get('port');
  if (protocol === undefined) return [];
  const traffic = (ports: Traffic['ports']): Traffic[] => protocolNumbers(protocol).map((number) => ({ protocol: number, ports }));
  if (!port.present || !hasPorts(protocol)) return traffic(everyPort);
  if (typeof port.value !== 'number' && typeof port.value !== 'string') {
    findings.type(port, 'a number or a name');
    return [];
  }
  const parsed = typeof port.value === 'number' ? numberOf(findings.integer(port)) : parsePortText(port.value);
  if (parsed !== undefined) return traffic(rangeOf(parsed, endPort));
  findings.warning(port, 'port', `${quote(port.value)} is no port, so it means no packet: write a number from 1 to 65535 or a name`);
  return [];
}

function numberOf(value: number | undefined): { readonly number: number } | undefined {
  return value === undefined || value < 1 || value > 0xffff ? undefined : { number: value };
}
