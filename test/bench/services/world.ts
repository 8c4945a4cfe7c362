// Services by the thousand as the API server tells them: objects as text, and the rows that the product reads of them.

import type { KubeObject } from '../../../orchestrator/sources/kubernetes/object.ts';
import { type EndpointSliceRow, endpointSliceRow } from '../../../orchestrator/sources/kubernetes/rows/endpoint-slices.ts';
import { type ServiceRow, serviceRow } from '../../../orchestrator/sources/kubernetes/rows/services.ts';

export const backendsPerService = 10;
const nodes = 200;

const name = (at: number) => `service-${at}`;
const address = (prefix: number, at: number) => `${prefix}.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;

export function serviceAddress(at: number): string {
  return address(10, 0x600000 + at);
}

export function readService(at: number): ServiceRow {
  const object = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: name(at), namespace: 'bench', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      type: 'ClusterIP',
      clusterIP: serviceAddress(at),
      clusterIPs: [serviceAddress(at)],
      selector: { app: name(at) },
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
    },
  };
  return serviceRow(`bench/${name(at)}`, parsed(object));
}

/** `versions`: how often each backend has been replaced by another pod. */
export function readSlice(at: number, versions: readonly number[] = []): EndpointSliceRow {
  const endpoints = Array.from({ length: backendsPerService }, (_, index) => {
    const pod = at * backendsPerService + index;
    return {
      addresses: [address(100 + (versions[index] ?? 0), pod)],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `node-${pod % nodes}`,
      zone: `zone-${pod % 3}`,
      targetRef: { kind: 'Pod', name: `${name(at)}-${index}`, namespace: 'bench', uid: `${pod}` },
    };
  });
  const object = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name(at)}-x`,
      namespace: 'bench',
      resourceVersion: '1',
      labels: { 'kubernetes.io/service-name': name(at) },
    },
    addressType: 'IPv4',
    endpoints,
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
  return endpointSliceRow(`bench/${name(at)}-x`, parsed(object));
}

/** As it comes: every text is one of its own. */
function parsed(object: object): KubeObject {
  return JSON.parse(JSON.stringify(object)) as KubeObject;
}
