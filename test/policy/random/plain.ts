// Plain answers: the rules read without library, ipcache and local numbers. Every address has an identity of its own, which must give
// what the longest prefix gives; every pod has been told every name.

import {
  type Identity,
  localScope,
  type NamedPort,
  type ReservedName,
  reserved,
  reservedLabels,
} from '../../../orchestrator/model/identity.ts';
import { Labels } from '../../../orchestrator/model/labels.ts';
import { nameSet, namesInForce } from '../../../orchestrator/model/name-sets.ts';
import { podLabels } from '../../../orchestrator/model/pod-labels.ts';
import { bindPeers } from '../../../orchestrator/model/policy/bind.ts';
import { type Decision, evaluate } from '../../../orchestrator/model/policy/evaluate/evaluate.ts';
import type { Enforcement, Subject, View } from '../../../orchestrator/model/policy/evaluate/question.ts';
import { collectReferences } from '../../../orchestrator/model/policy/references.ts';
import type { Direction, Policy, PolicyVerdict } from '../../../orchestrator/model/policy/rule.ts';
import { readPolicy } from '../../../orchestrator/model/policy/translate/read-policy.ts';
import { parsePrefix } from '../../../orchestrator/net/prefix.ts';
import { protocolNumbers } from '../../../orchestrator/net/transport.ts';
import { externalName, podName } from './names.ts';
import type { Probe } from './probes.ts';
import type { Scenario } from './scenario.ts';

interface Party {
  readonly identity: Identity;
  readonly subject?: Subject;
  readonly names: readonly Identity[];
}

export interface PlainAnswer {
  readonly egress: PolicyVerdict;
  readonly ingress: PolicyVerdict;
  readonly verdict: PolicyVerdict;
  /** A rule decided on one of the sides. */
  readonly byRule: boolean;
}

/** In the order of the probes; undefined: a policy is refused, and what stands for it then is not this one's to say. */
export function plainAnswers(scenario: Scenario, enforcement: Enforcement): PlainAnswer[] | undefined {
  const references = collectReferences(scenario.objects, 'default');
  const read = scenario.policies.map((object) => readPolicy(object, { clusterName: 'default', localCluster: true, stored: true }).policy);
  if (read.includes(undefined)) return undefined;
  const policies = (read as Policy[]).map((policy) => bindPeers(policy, references));
  const parties = partiesOf(scenario, policies);
  const view: View = { policies, pods: [...parties.values()].flatMap(({ subject }) => subject ?? []), enforcement };
  return scenario.probes.map((probe) => {
    const sides = (['egress', 'ingress'] as const).map((direction) => side(view, parties, direction, probe));
    const [egress = 'allow', ingress = 'allow'] = sides.map((decision) => decision?.verdict);
    const verdict = (['deny', 'redirect'] as const).find((worse) => egress === worse || ingress === worse) ?? 'allow';
    return { egress, ingress, verdict, byRule: sides.some((decision) => decision?.ground === 'rule') };
  });
}

function side(
  view: View,
  parties: ReadonlyMap<string, Party>,
  direction: Direction,
  { from, to, protocol, port }: Probe,
): Decision | undefined {
  const isEgress = direction === 'egress';
  const self = parties.get(isEgress ? from : to);
  const peer = parties.get(isEgress ? to : from);
  if (self === undefined || peer === undefined) throw new Error(`plain: nobody of that name: ${from}, ${to}`);
  if (self.subject === undefined) return undefined;
  const peers = [peer.identity, ...(isEgress ? peer.names : [])];
  return evaluate(view, { direction, subject: self.subject, peers, protocol: protocolNumber(protocol), port });
}

function partiesOf({ endpoints, externals }: Scenario, policies: readonly Policy[]): Map<string, Party> {
  const selectors = namesInForce(policies);
  const parties = new Map<string, Party>();
  for (const endpoint of endpoints) {
    const { namespace, labels: own = {}, namespaceLabels = {}, serviceAccount, namedPorts = [] } = endpoint;
    const labels = podLabels({ namespace, labels: own, namespaceLabels, serviceAccount, cluster: 'default' });
    const ports = namedPorts.map(({ name, port, protocol }): NamedPort => ({ name, port, protocol: protocolNumber(protocol) }));
    parties.set(podName(endpoint), {
      identity: { number: 1000 + parties.size, labels },
      subject: { labels, namedPorts: ports },
      names: [],
    });
  }
  for (const external of externals) {
    const { ip, fqdns = [], reserved: kinds = [] } = external;
    const names = fqdns.flatMap((name): Identity[] => {
      const set = nameSet(selectors, name);
      return set === undefined ? [] : [{ number: localScope, labels: new Labels([]), names: set }];
    });
    parties.set(externalName(external), { identity: outside(ip, kinds, localScope + parties.size), names });
  }
  return parties;
}

/** In the cluster: a reserved number. Outside, as an API server may be: the address itself. */
function outside(ip: string, kinds: readonly string[], number: number): Identity {
  const [place] = kinds.filter((kind) => kind !== 'kube-apiserver');
  if (place === undefined)
    return { number, labels: reservedLabels(...kinds, ip.includes(':') ? 'world-ipv6' : 'world-ipv4'), prefix: parsePrefix(ip) };
  const name = kinds.includes('kube-apiserver') ? 'kube-apiserver' : (place as ReservedName);
  return { number: reserved[name], labels: reservedLabels(...kinds) };
}

function protocolNumber(name: string): number {
  return protocolNumbers[name.toLowerCase() as keyof typeof protocolNumbers];
}
