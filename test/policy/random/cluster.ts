// A random cluster: namespaces, pods, addresses outside, services and groups of prefixes. Small, so that policies meet.

import type { Dice } from './dice.ts';
import { type RandomService, randomGroups, randomServices } from './references.ts';

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly namespaceLabels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly ip: string;
  readonly namedPorts?: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
}

/** An address that is no pod of ours; a reserved word says what else it is. */
export interface Outside {
  readonly ip: string;
  readonly name?: string;
  readonly fqdns?: readonly string[];
  readonly reserved?: readonly string[];
}

export interface RandomCluster {
  readonly namespaces: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[];
  readonly endpoints: readonly Pod[];
  readonly externals: readonly Outside[];
  readonly services: readonly RandomService[];
  /** Services, slices, groups. */
  readonly objects: readonly object[];
}

export const apps = ['web', 'api', 'db', 'cache', 'auth', 'worker'];
export const tiers = ['front', 'back', 'data'];
export const versions = ['v1', 'v2', 'v3'];
export const teams = ['blue', 'green'];
export const environments = ['prod', 'dev'];

const namedPorts = [
  { name: 'http', port: 80, protocol: 'TCP' },
  { name: 'http', port: 8080, protocol: 'TCP' },
  { name: 'https', port: 443, protocol: 'TCP' },
  { name: 'metrics', port: 9100, protocol: 'TCP' },
  { name: 'grpc', port: 9091, protocol: 'TCP' },
  { name: 'dns', port: 53, protocol: 'UDP' },
  { name: 'dns', port: 53, protocol: 'TCP' },
  { name: 'sig', port: 3868, protocol: 'SCTP' },
];

const outside: readonly Outside[] = [
  { ip: '1.1.1.1', fqdns: ['one.one.one.one'] },
  { ip: '8.8.8.8', fqdns: ['dns.google'] },
  { ip: '10.1.2.3' },
  { ip: '10.1.9.9', fqdns: ['cdn.example.net', 'www.example.com'] },
  { ip: '10.2.0.5' },
  { ip: '192.168.5.5' },
  { ip: '203.0.113.10', fqdns: ['www.example.com', 'example.com'] },
  { ip: '203.0.113.20', fqdns: ['api.example.com'] },
  { ip: '203.0.113.30', fqdns: ['a.b.example.com', 'x-1.svc_2.test'] },
  { ip: '2001:db8::1', fqdns: ['api.example.com'] },
  { ip: '2001:db8:1::9' },
  { ip: 'fd00:10::5', fqdns: ['www.example.com'] },
];
const inside: readonly Outside[] = [
  { name: 'host', ip: '172.16.0.1', reserved: ['host'] },
  { name: 'node2', ip: '172.16.0.2', reserved: ['remote-node'] },
  { name: 'node6', ip: 'fd00:16::2', reserved: ['remote-node'] },
  { name: 'apiserver-node', ip: '172.16.0.3', reserved: ['remote-node', 'kube-apiserver'] },
  { name: 'apiserver-ext', ip: '172.31.0.1', reserved: ['kube-apiserver'] },
  { name: 'apiserver-ext6', ip: 'fd00:31::1', reserved: ['kube-apiserver'] },
  { name: 'health', ip: '10.244.0.4', reserved: ['health'] },
  { name: 'ingress', ip: '10.244.0.5', reserved: ['ingress'] },
  { name: 'unmanaged', ip: '10.244.99.9', reserved: ['unmanaged'] },
];

export function randomCluster(dice: Dice): RandomCluster {
  const namespaces = dice.some(['alpha', 'beta', 'gamma', 'kube-system'], 2, 4).map((name) => ({
    name,
    labels: {
      'kubernetes.io/metadata.name': name,
      ...(dice.percent(70) && { team: dice.pick(teams) }),
      ...(dice.percent(60) && { env: dice.pick(environments) }),
    },
  }));
  const endpoints = Array.from({ length: dice.between(6, 11) }, (_, index) => randomPod(dice, dice.pick(namespaces), index));
  const externals = [...dice.some(outside, 4, 7), ...dice.some(inside, 3, 6)];
  const services = randomServices(dice, endpoints, externals);
  return { namespaces, endpoints, externals, services, objects: [...services.flatMap(({ objects }) => objects), ...randomGroups(dice)] };
}

function randomPod(dice: Dice, { name: namespace, labels: namespaceLabels }: RandomCluster['namespaces'][number], index: number): Pod {
  const app = dice.pick(apps);
  return {
    namespace,
    name: `p${index}`,
    labels: {
      app,
      ...(dice.percent(75) && { tier: dice.pick(tiers) }),
      ...(dice.percent(50) && { version: dice.pick(versions) }),
      ...(dice.percent(15) && { 'app.kubernetes.io/name': app }),
      ...(dice.percent(15) && { 'pod-template-hash': dice.pick(['abc', 'def']) }),
    },
    namespaceLabels,
    serviceAccount: dice.percent(40) ? app : 'default',
    ip: dice.percent(25) ? `fd00:244::${index + 16}` : `10.244.1.${index + 10}`,
    ...(dice.percent(70) && { namedPorts: distinctPorts(dice) }),
  };
}

/** A pod has one port of a name and protocol. */
function distinctPorts(dice: Dice): NonNullable<Pod['namedPorts']> {
  const found = new Map(dice.some(namedPorts, 1, 4).map((port) => [`${port.name} ${port.protocol}`, port]));
  return [...found.values()];
}
