// Services that connections are made to: as many as wanted with five backends each. Measured is the last, and beside it the middle one.

import type { KubeObject } from '../../../../orchestrator/sources/kubernetes/object.ts';
import { type EndpointSliceRow, endpointSliceRow } from '../../../../orchestrator/sources/kubernetes/rows/endpoint-slices.ts';
import { type ServiceRow, serviceRow } from '../../../../orchestrator/sources/kubernetes/rows/services.ts';

export const backendsPerService = 5;
/** Of the services, and of their backends: the traffic program's. */
export const port = 7002;
const namespace = 'bench';

export interface BenchService {
  readonly name: string;
  readonly address: string;
  readonly backends: readonly string[];
}

export interface ServiceSet {
  readonly services: readonly BenchService[];
  /** The last: a list of rules is gone through to its end. */
  readonly measured: BenchService;
  readonly middle: BenchService;
}

const address = (first: number, at: number) => `${first}.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;

/** Addresses of services are `10.SECOND.0.0` and on; nobody is at the backends of those that are not measured. */
export function serviceSet(count: number, second: number, servers: readonly string[]): ServiceSet {
  const [middle, last] = [count >> 1, count - 1];
  const services = Array.from({ length: count }, (_, at) => ({
    name: `service-${at}`,
    address: address(10, (second << 16) + at),
    backends:
      at === middle || at === last
        ? servers
        : Array.from({ length: backendsPerService }, (_, index) => address(100, at * backendsPerService + index)),
  }));
  return { services, measured: services[last] as BenchService, middle: services[middle] as BenchService };
}

/** As the product reads it. */
export function readService({ name, address }: BenchService): ServiceRow {
  const object = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      type: 'ClusterIP',
      clusterIP: address,
      clusterIPs: [address],
      selector: { app: name },
      ports: [{ name: 'http', port, protocol: 'TCP', targetPort: port }],
    },
  };
  return serviceRow(`${namespace}/${name}`, object as unknown as KubeObject);
}

export function readSlice({ name, backends }: BenchService): EndpointSliceRow {
  const object = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-x`, namespace, resourceVersion: '1', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: backends.map((address, index) => ({
      addresses: [address],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: 'node-1',
      targetRef: { kind: 'Pod', name: `${name}-${index}`, namespace, uid: `${name}-${index}` },
    })),
    ports: [{ name: 'http', port, protocol: 'TCP' }],
  };
  return endpointSliceRow(`${namespace}/${name}-x`, object as unknown as KubeObject);
}
