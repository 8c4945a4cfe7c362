// Random services with and without pods behind them, and groups of prefixes, as manifests.

import type { Outside, Pod } from './cluster.ts';
import type { Dice } from './dice.ts';
import { externalName, podName } from './names.ts';

export const serviceNames = ['api', 'legacy', 'headless', 'alias', 'old'];
export const groupNames = ['partners', 'others'];

/** A service and its slices as manifests, and somebody behind it: a pod, or an address outside by its name. */
export interface RandomService {
  readonly namespace: string;
  readonly name: string;
  readonly behind: string | undefined;
  readonly objects: readonly object[];
}

export function randomServices(dice: Dice, endpoints: readonly Pod[], externals: readonly Outside[]): RandomService[] {
  const namespaces = [...new Set(endpoints.map(({ namespace }) => namespace))];
  return namespaces.flatMap((namespace) =>
    dice.some(serviceNames, 0, 3).map((name) => randomService(dice, namespace, name, endpoints, externals)),
  );
}

export function randomGroups(dice: Dice): object[] {
  return dice.some(groupNames, 0, 2).map((name) => ({
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumCIDRGroup',
    metadata: { name, labels: { kind: dice.pick(['partner', 'other']) } },
    spec: { externalCIDRs: dice.some(['10.1.0.0/16', '203.0.113.0/28', '10.2.0.0/16', '2001:db8::/48', '192.168.5.5/32'], 0, 3) },
  }));
}

function randomService(
  dice: Dice,
  namespace: string,
  name: string,
  endpoints: readonly Pod[],
  externals: readonly Outside[],
): RandomService {
  const metadata = { name, namespace, labels: { svc: name, ...(dice.percent(50) && { tier: 'back' }) } };
  const service = (spec: object): object => ({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }], ...spec } });
  const own = endpoints.filter((pod) => pod.namespace === namespace);
  const pod = dice.pick(own);
  const selector = dice.percent(85) ? { app: pod.labels.app } : { app: 'nobody' };
  const behind = selector.app === 'nobody' ? undefined : podName(pod);
  const outside = dice.some(
    externals.filter(({ reserved }) => reserved === undefined),
    1,
    2,
  );
  const ips = outside.map(({ ip }) => ip);
  const [first] = outside;
  switch (name) {
    case 'api':
      return { namespace, name, behind, objects: [service({ selector })] };
    case 'headless':
      return { namespace, name, behind, objects: [service({ clusterIP: 'None', selector })] };
    case 'alias':
      return { namespace, name, behind: undefined, objects: [service({ type: 'ExternalName', externalName: 'www.example.com' })] };
    case 'old':
      return { namespace, name, behind: first && externalName(first), objects: [service({}), endpointsOf(namespace, ips)] };
    default:
      return { namespace, name, behind: first && externalName(first), objects: [service({}), ...slices(dice, namespace, name, ips)] };
  }
}

function endpointsOf(namespace: string, ips: readonly string[]): object {
  const subsets = [{ addresses: ips.map((ip) => ({ ip })), notReadyAddresses: [{ ip: '10.2.0.5' }], ports: [{ port: 80 }] }];
  return { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'old', namespace }, subsets };
}

/** One of each family that is there; some of their addresses take no connections. */
function slices(dice: Dice, namespace: string, service: string, ips: readonly string[]): object[] {
  return ['IPv4', 'IPv6'].flatMap((addressType) => {
    const addresses = ips.filter((ip) => ip.includes(':') === (addressType === 'IPv6'));
    if (addresses.length === 0) return [];
    const metadata = { name: `${service}-${addressType.toLowerCase()}`, namespace, labels: { 'kubernetes.io/service-name': service } };
    const endpoints = addresses.map((address) => ({
      addresses: [address, ...(dice.percent(15) ? ['10.244.1.10'] : [])],
      ...(dice.percent(30) && {
        conditions: dice.pick([{ ready: true }, { ready: false }, { ready: false, serving: true, terminating: true }]),
      }),
    }));
    return [{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, addressType, endpoints, ports: [{ port: 80 }] }];
  });
}
