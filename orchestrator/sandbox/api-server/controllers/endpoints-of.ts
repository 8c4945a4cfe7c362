// The endpoints of a service in the older form: one object, its addresses of one family grouped by the ports that they have in common.
import { isSame, type Json, type KubeObject, listAt, textAt } from '../object.ts';
import { addressesOf, hostnameOf, isHeadless, isReady, isTerminating, portsOf, publishesUnready } from './service-backends.ts';

/** Addresses of one object; more are left out, and that is said. */
const most = 1000;
export const overCapacity = 'endpoints.kubernetes.io/over-capacity';
const headless = 'service.kubernetes.io/headless';

interface Entry {
  readonly address: Json;
  readonly ready: boolean;
  readonly ports: readonly Json[];
}

/** Labels, annotations and subsets that it is to have. */
export function endpointsOf(service: KubeObject, pods: Iterable<KubeObject>): Pick<KubeObject, 'metadata' | 'subsets'> {
  const { name, namespace, labels } = service.metadata;
  const entries = [...pods]
    .flatMap((pod) => entryOf(service, pod))
    .sort((a, b) => compare(textAt(a.address, 'ip'), textAt(b.address, 'ip')));
  // Those that are ready are the last to be left out.
  const kept =
    entries.length <= most ? entries : [...entries.filter(({ ready }) => ready), ...entries.filter(({ ready }) => !ready)].slice(0, most);
  const own = { ...labels, ...(isHeadless(service) ? { [headless]: '' } : {}) };
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(Object.keys(own).length === 0 ? {} : { labels: own }),
    ...(kept.length === entries.length ? {} : { annotations: { [overCapacity]: 'truncated' } }),
  };
  return { metadata, subsets: subsetsOf(kept) };
}

function entryOf(service: KubeObject, pod: KubeObject): Entry[] {
  const unready = publishesUnready(service);
  if (isTerminating(pod) && !unready) return [];
  const [ip] = addressesOf(pod, String(listAt(service, 'spec', 'ipFamilies')[0] ?? 'IPv4'));
  if (ip === undefined) return [];
  const ports = portsOf(service, pod);
  // Only a service without ports, which has to be headless, has addresses without any.
  if (ports.length === 0 && (listAt(service, 'spec', 'ports').length > 0 || !isHeadless(service))) return [];
  const { name, namespace, uid } = pod.metadata;
  const hostname = hostnameOf(pod, service);
  const nodeName = textAt(pod, 'spec', 'nodeName');
  const address = {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === '' ? {} : { nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
  return [{ address, ready: unready || isReady(pod), ports: ports.map(withoutEmptyName) }];
}

function withoutEmptyName({ name, ...port }: Json): Json {
  return name === '' ? port : { name, ...port };
}

function subsetsOf(entries: readonly Entry[]): Json[] {
  const groups: { ports: readonly Json[]; addresses: Json[]; notReadyAddresses: Json[] }[] = [];
  for (const { address, ready, ports } of entries) {
    let group = groups.find((one) => isSame(one.ports, ports));
    if (group === undefined) {
      group = { ports, addresses: [], notReadyAddresses: [] };
      groups.push(group);
    }
    (ready ? group.addresses : group.notReadyAddresses).push(address);
  }
  return groups.map(({ ports, addresses, notReadyAddresses }) => ({
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
    ...(ports.length === 0 ? {} : { ports }),
  }));
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
