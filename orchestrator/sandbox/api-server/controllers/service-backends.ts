// The pods behind a service: which it selects, whether they may be sent traffic, and at which ports.
import { type Json, type KubeObject, listAt, textAt } from '../object.ts';

export interface Backend {
  readonly pod: KubeObject;
  readonly address: string;
  readonly endpoint: Json;
}

export function selects(selector: Json, { metadata }: KubeObject): boolean {
  return Object.entries(selector).every(([key, value]) => metadata.labels?.[key] === value);
}

/** One for each of the pod's addresses; none for a pod that has none or has ended. */
export function backendOf(pod: KubeObject, spec: Json): Backend[] {
  const phase = textAt(pod, 'status', 'phase');
  if (phase === 'Succeeded' || phase === 'Failed') return [];
  const addresses = listAt(pod, 'status', 'podIPs').map((entry) => textAt(entry, 'ip'));
  const single = textAt(pod, 'status', 'podIP');
  if (addresses.length === 0 && single !== '') addresses.push(single);
  const serving = listAt(pod, 'status', 'conditions').some(
    (condition) => textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True',
  );
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = spec.publishNotReadyAddresses === true || (serving && !terminating);
  const nodeName = textAt(pod, 'spec', 'nodeName');
  const hostname = textAt(pod, 'spec', 'hostname');
  const { name, namespace, uid } = pod.metadata;
  return addresses.map((address) => ({
    pod,
    address,
    endpoint: {
      addresses: [address],
      conditions: { ready, serving, terminating },
      ...(hostname !== '' && textAt(pod, 'spec', 'subdomain') !== '' ? { hostname } : {}),
      ...(nodeName === '' ? {} : { nodeName }),
      targetRef: { kind: 'Pod', namespace, name, uid },
    },
  }));
}

/** The service's ports as they are in this pod; a named target port that it does not have is left out. */
export function portsOf(service: KubeObject, pod: KubeObject): Json[] {
  return (listAt(service, 'spec', 'ports') as Json[]).flatMap(({ name = '', protocol, port, targetPort, appProtocol }) => {
    const number =
      typeof targetPort === 'string' && !/^\d+$/.test(targetPort) ? namedPort(pod, targetPort, protocol) : Number(targetPort ?? port);
    return number === undefined ? [] : [{ name, protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

function namedPort(pod: KubeObject, name: string, protocol: unknown): number | undefined {
  for (const container of listAt(pod, 'spec', 'containers')) {
    for (const port of listAt(container, 'ports') as Json[])
      if (port.name === name && port.protocol === protocol) return port.containerPort as number;
  }
  return undefined;
}
