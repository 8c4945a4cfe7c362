// A cluster for benchmarks of policy: namespaces of teams, apps in several versions, and the policies that such clusters have. The same
// seed gives the same world.

import type { Identity, NamedPort } from '../../orchestrator/model/identity.ts';
import { localScope, reserved, reservedLabels } from '../../orchestrator/model/identity.ts';
import { Labels } from '../../orchestrator/model/labels.ts';
import type { Policy } from '../../orchestrator/model/policy/rule.ts';
import { parsePrefix } from '../../orchestrator/net/prefix.ts';
import { appNames, appPolicy, clusterPolicy, namespacePolicy, nameTexts, type Place, prefixTexts } from './policy-world-rules.ts';
import { sequence } from './sequence.ts';

export interface PolicyWorldSize {
  readonly policies: number;
  readonly identities: number;
  readonly endpoints: number;
}

export interface WorldEndpoint {
  readonly name: string;
  /** Number of its identity. */
  readonly identity: number;
  readonly ports: readonly NamedPort[];
}

export interface PolicyWorld {
  readonly policies: readonly Policy[];
  readonly identities: readonly Identity[];
  readonly endpoints: readonly WorldEndpoint[];
  /** An identity that is not there yet: another version of some app. Each call gives another. */
  newIdentity(): Identity;
  /** The policy at `index` as its author might change it: same name, other peers and ports. Each call gives another. */
  changedPolicy(index: number): Policy;
}

export const fullSize: PolicyWorldSize = { policies: 5_000, identities: 10_000, endpoints: 110 };

const teams = 20;
const tcp = 6;
/** Numbers of pods' identities start here, as everywhere in the cluster. */
const firstNumber = 256;

export function makePolicyWorld(size: PolicyWorldSize = fullSize, seed = 1): PolicyWorld {
  const next = sequence(seed);
  const places = makePlaces(Math.max(1, Math.round(size.policies / 50)));
  const outside = outsideIdentities();
  const pods: Identity[] = [];
  const placeOf: Place[] = [];
  const addPod = (version: number): Identity => {
    const place = places[pods.length % places.length] as Place;
    const app = appNames[Math.floor(pods.length / places.length) % appNames.length] as string;
    const identity = { number: firstNumber + pods.length, labels: podLabels(place, app, version) };
    pods.push(identity);
    placeOf.push(place);
    return identity;
  };
  const versionOfPod = (index: number): number => Math.floor(index / (places.length * appNames.length));
  while (pods.length < size.identities - outside.length) addPod(versionOfPod(pods.length));
  const policies = makePolicies(places, size.policies, next);
  // A node runs a few pods of most apps' identities, so some endpoints share one.
  const endpoints = Array.from({ length: size.endpoints }, (_, index): WorldEndpoint => {
    const at = next() % Math.max(1, index > 0 && index % 8 === 0 ? Math.min(16, pods.length) : pods.length);
    const { number } = pods[at] as Identity;
    return { name: `${(placeOf[at] as Place).namespace}/pod-${index}`, identity: number, ports: podPorts(number) };
  });
  return {
    policies,
    identities: [...outside, ...pods],
    endpoints,
    newIdentity: () => addPod(versionOfPod(pods.length)),
    changedPolicy: (index) => makePolicy(places, index, size.policies, next),
  };
}

function makePlaces(count: number): Place[] {
  return Array.from({ length: count }, (_, index) => ({
    namespace: `team${index % teams}-${['web', 'data', 'jobs', 'edge', 'core', 'lab'][Math.floor(index / teams) % 6]}${Math.floor(index / teams / 6) || ''}`,
    team: `team${index % teams}`,
    environment: ['prod', 'prod', 'staging', 'dev'][index % 4] as string,
  }));
}

function makePolicies(places: readonly Place[], count: number, next: () => number): Policy[] {
  return Array.from({ length: count }, (_, index) => makePolicy(places, index, count, next));
}

/** One in a hundred is clusterwide; each namespace has three for all its pods, the others speak of one app. */
function makePolicy(places: readonly Place[], index: number, count: number, next: () => number): Policy {
  const place = places[index % places.length] as Place;
  const round = Math.floor(index / places.length);
  if (index >= count - Math.floor(count / 100)) return clusterPolicy(index, next);
  if (round < 3) return namespacePolicy(place, round, next);
  return appPolicy(place, appNames[(round - 3) % appNames.length] as string, index, next);
}

function podLabels({ namespace, team, environment }: Place, app: string, version: number, more: Record<string, string> = {}): Labels {
  const labels: [string, string][] = [
    ['app', app],
    ['tier', ['front', 'back', 'data'][app.length % 3] as string],
    ['version', `v${version}`],
    ['io.kubernetes.pod.namespace', namespace],
    ['io.cilium.k8s.policy.cluster', 'default'],
    ['io.cilium.k8s.policy.serviceaccount', app],
    ['io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name', namespace],
    ['io.cilium.k8s.namespace.labels.team', team],
    ['io.cilium.k8s.namespace.labels.env', environment],
    ...Object.entries(more),
  ];
  return new Labels(labels.map(([key, value]) => ({ source: 'k8s', key, value })));
}

/** Every third app calls its ports otherwise; names decide less often than numbers. */
function podPorts(number: number): NamedPort[] {
  return [
    { name: 'http', port: number % 3 === 0 ? 8000 : 8080, protocol: tcp },
    { name: 'metrics', port: 9090, protocol: tcp },
  ];
}

/** Identities that are no pods: reserved ones, every prefix that a policy names, one per name selector and some that two selectors match. */
function outsideIdentities(): Identity[] {
  let number: number = localScope;
  const known: Identity[] = Object.entries(reserved)
    .filter(([name]) => name !== 'init')
    .map(([name, value]) => ({
      number: value,
      labels: name === 'kube-apiserver' ? reservedLabels('kube-apiserver', 'remote-node') : reservedLabels(name),
      ...(value === reserved['world-ipv4'] && { prefix: parsePrefix('0.0.0.0/0') }),
      ...(value === reserved['world-ipv6'] && { prefix: parsePrefix('::/0') }),
    }));
  const prefixes = prefixTexts.map((text): Identity => {
    const prefix = parsePrefix(text);
    number += 1;
    return { number, labels: reservedLabels(prefix.family === 4 ? 'world-ipv4' : 'world-ipv6'), prefix };
  });
  const sets = [
    ...nameTexts.map((text) => [text]),
    ...nameTexts.slice(1, 31).map((text, index) => [nameTexts[index] as string, text].sort()),
  ];
  const names = sets.map((texts): Identity => {
    number += 1;
    return { number, labels: new Labels([]), names: texts };
  });
  const dns = {
    number: firstNumber - 1,
    labels: podLabels({ namespace: 'kube-system', team: 'platform', environment: 'prod' }, 'dns', 0, { 'k8s-app': 'kube-dns' }),
  };
  return [...known, dns, ...prefixes, ...names];
}
