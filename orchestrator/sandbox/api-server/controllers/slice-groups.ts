// What the slices of a service are to say, before it is decided which slice says what: endpoints of one family with the same ports.
import type { Json, KubeObject } from '../object.ts';
import { listAt, textAt } from '../object.ts';
import { addressesOf, hostnameOf, isHeadless, isReady, isTerminating, portsOf, publishesUnready } from './service-backends.ts';

export interface SliceGroup {
  readonly addressType: string;
  readonly ports: readonly Json[];
  readonly endpoints: readonly Json[];
}

/** At least one for each family of the service: also of no pods it is said that there are none. `zone` is a node's. */
export function podGroups(service: KubeObject, pods: readonly KubeObject[], zone: (node: string) => string | undefined): SliceGroup[] {
  const families = listAt(service, 'spec', 'ipFamilies').map(String);
  return families.flatMap((family) => {
    const byPorts = new Map<string, { addressType: string; ports: Json[]; endpoints: Json[] }>();
    for (const pod of pods) {
      const addresses = addressesOf(pod, family);
      if (addresses.length === 0) continue;
      // Named target ports may be other numbers in other pods: such pods get slices of their own.
      const ports = portsOf(service, pod);
      const key = JSON.stringify(ports);
      const group = byPorts.get(key) ?? { addressType: family, ports, endpoints: [] };
      group.endpoints.push(endpointOf(service, pod, addresses, zone));
      byPorts.set(key, group);
    }
    return byPorts.size === 0 ? [{ addressType: family, ports: [], endpoints: [] }] : [...byPorts.values()];
  });
}

function endpointOf(service: KubeObject, pod: KubeObject, addresses: string[], zoneOf: (node: string) => string | undefined): Json {
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const nodeName = textAt(pod, 'spec', 'nodeName');
  const hostname = hostnameOf(pod, service);
  const zone = nodeName === '' ? undefined : zoneOf(nodeName);
  const { name, namespace, uid } = pod.metadata;
  const hints = hintsOf(textAt(service, 'spec', 'trafficDistribution'), nodeName, zone);
  return {
    addresses,
    conditions: { ready: publishesUnready(service) || (serving && !terminating), serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === '' ? {} : { nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(zone === undefined ? {} : { zone }),
    ...(hints === undefined ? {} : { hints }),
  };
}

/** Clients of its own zone, or of its own node, are to use an endpoint; where it is nowhere nothing is said. */
function hintsOf(distribution: string, node: string, zone: string | undefined): Json | undefined {
  if (distribution === '' || node === '') return undefined;
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] };
  if (distribution === 'PreferSameNode') return { ...forZones, forNodes: [{ name: node }] };
  return zone === undefined ? undefined : forZones;
}

export const headlessLabel = (service: KubeObject): Record<string, string> =>
  isHeadless(service) ? { 'service.kubernetes.io/headless': '' } : {};

/** What somebody wrote by hand for a service that selects nothing. */
export function handMadeGroups(endpoints: KubeObject): SliceGroup[] {
  return listAt(endpoints, 'subsets').flatMap((subset) => {
    const ports = (listAt(subset, 'ports') as Json[]).map(({ name = '', protocol = 'TCP', ...port }) => ({ name, protocol, ...port }));
    return ['IPv4', 'IPv6'].flatMap((addressType) => {
      const of = (list: string, ready: boolean) =>
        (listAt(subset, list) as Json[])
          .filter(({ ip }) => String(ip).includes(':') === (addressType === 'IPv6'))
          .map(({ ip, ...rest }) => ({ addresses: [ip], conditions: { ready }, ...rest }));
      const found = [...of('addresses', true), ...of('notReadyAddresses', false)];
      return found.length === 0 ? [] : [{ addressType, ports, endpoints: found.slice(0, 1000) }];
    });
  });
}
