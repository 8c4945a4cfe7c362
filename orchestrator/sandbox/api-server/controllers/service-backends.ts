// The pods behind a service: which it selects, whether they may be sent traffic, and at which ports.
import { isIPv6 } from 'node:net';
import { type Json, type KubeObject, listAt, recordAt, textAt } from '../object.ts';

export function selects(selector: Json, { metadata }: KubeObject): boolean {
  return Object.entries(selector).every(([key, value]) => metadata.labels?.[key] === value);
}

export const isHeadless = (service: KubeObject) => textAt(service, 'spec', 'clusterIP') === 'None';

export const publishesUnready = (service: KubeObject) => recordAt(service, 'spec').publishNotReadyAddresses === true;

export const isTerminating = ({ metadata }: KubeObject) => metadata.deletionTimestamp !== undefined;

export const isReady = (pod: KubeObject) =>
  listAt(pod, 'status', 'conditions').some((condition) => textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True');

/** Its addresses of one family; none for a pod that has ended. */
export function addressesOf(pod: KubeObject, family: string): string[] {
  const phase = textAt(pod, 'status', 'phase');
  if (phase === 'Succeeded' || phase === 'Failed') return [];
  const all = listAt(pod, 'status', 'podIPs').map((entry) => textAt(entry, 'ip'));
  const single = textAt(pod, 'status', 'podIP');
  if (all.length === 0 && single !== '') all.push(single);
  return all.filter((address) => address !== '' && isIPv6(address) === (family === 'IPv6'));
}

/** The name that DNS has for it below the service's; none unless the pod asks for it by naming the service. */
export function hostnameOf(pod: KubeObject, service: KubeObject): string | undefined {
  const hostname = textAt(pod, 'spec', 'hostname');
  return hostname !== '' && textAt(pod, 'spec', 'subdomain') === service.metadata.name ? hostname : undefined;
}

/** The service's ports as they are in this pod; a named target port that it does not have is left out. */
export function portsOf(service: KubeObject, pod: KubeObject): Json[] {
  return (listAt(service, 'spec', 'ports') as Json[]).flatMap(({ name = '', protocol, port, targetPort, appProtocol }) => {
    const number = typeof targetPort === 'string' ? namedPort(pod, targetPort, protocol) : Number(targetPort ?? port);
    return number === undefined ? [] : [{ name, protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

/** Containers that stay beside the others count, whichever list they are in. */
function namedPort(pod: KubeObject, name: string, protocol: unknown): number | undefined {
  const beside = listAt(pod, 'spec', 'initContainers').filter((container) => textAt(container, 'restartPolicy') === 'Always');
  for (const container of [...listAt(pod, 'spec', 'containers'), ...beside]) {
    for (const port of listAt(container, 'ports') as Json[])
      if (port.name === name && port.protocol === protocol) return port.containerPort as number;
  }
  return undefined;
}
