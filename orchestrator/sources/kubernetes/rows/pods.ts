// Pods: what a pod is to the network.

import type { NamedPort } from '../../../model/identity.ts';
import { type Pod, pod } from '../../../model/schema/cluster-objects.ts';
import { shapeOf } from '../json/shape.ts';
import type { KubeObject } from '../object.ts';
import { accepted, addressText, type ObjectRow, portNumber, protocolNumber, unreadMetadata } from './rejection.ts';

export interface PodRow extends ObjectRow {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Empty until it is scheduled. */
  readonly node: string;
  /** Shares the addresses of its node: it is no endpoint. */
  readonly isHostNetwork: boolean;
  /** Succeeded or failed: its addresses may already be another's. */
  readonly isOver: boolean;
  readonly isTerminating: boolean;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Canonical; none until it has a network. */
  readonly addresses: readonly string[];
  readonly ports: readonly NamedPort[];
  /** Ports of its node that lead to it; none when it shares the node's addresses. */
  readonly hostPorts: readonly HostPort[];
  readonly createdAt: string;
}

export interface HostPort {
  readonly protocol: number;
  /** Of the pod. */
  readonly port: number;
  readonly hostPort: number;
  /** Empty: every address of the node. */
  readonly hostAddress: string;
}

const unreadHere = unreadMetadata.filter((name) => name !== 'metadata.creationTimestamp');

/** What is kept of an object, for its row and the checks before it. */
export const podShape = shapeOf(pod, new Set([...unreadHere, 'spec.containers.name', 'spec.initContainers.name', 'status.hostIP']));

export function podRow(key: string, object: KubeObject): PodRow {
  const { namespace = '', name, uid = '' } = object.metadata;
  const place = { key, namespace, name, uid };
  const read = accepted(object, () => readPod(object as unknown as Pod));
  if ('value' in read) return { ...place, rejected: undefined, ...read.value };
  return { ...place, rejected: read.rejected, ...nothing };
}

const nothing = {
  node: '',
  isHostNetwork: false,
  isOver: false,
  isTerminating: false,
  serviceAccount: '',
  labels: {},
  addresses: [],
  ports: [],
  hostPorts: [],
  createdAt: '',
} as const;

function readPod({ metadata, spec, status }: Pod) {
  const listed = (status?.podIPs ?? []).map((entry) => entry?.ip).filter((ip) => typeof ip === 'string' && ip !== '');
  const texts = listed.length > 0 ? listed : status?.podIP ? [status.podIP] : [];
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return {
    node: spec?.nodeName ?? '',
    isHostNetwork: spec?.hostNetwork ?? false,
    isOver: status?.phase === 'Succeeded' || status?.phase === 'Failed',
    isTerminating: typeof metadata?.deletionTimestamp === 'string',
    serviceAccount: spec?.serviceAccountName ?? '',
    labels: (metadata?.labels ?? {}) as Record<string, string>,
    addresses: [...new Set(texts.map((text) => addressText(text as string, 'status.podIPs')))],
    ports: containers.flatMap((container) => namedPorts(container)),
    hostPorts: spec?.hostNetwork ? [] : containers.flatMap((container) => hostPorts(container)),
    createdAt: metadata?.creationTimestamp ?? '',
  };
}

type Container = NonNullable<NonNullable<NonNullable<Pod['spec']>['containers']>[number]>;

function hostPorts(container: Container): HostPort[] {
  return (container?.ports ?? []).flatMap((port) => {
    if (!port?.hostPort) return [];
    const isAny = !port.hostIP || port.hostIP === '0.0.0.0' || port.hostIP === '::';
    return [
      {
        protocol: protocolNumber(port.protocol, 'protocol'),
        port: portNumber(port.containerPort, 'containerPort'),
        hostPort: portNumber(port.hostPort, 'hostPort'),
        hostAddress: isAny ? '' : addressText(port.hostIP as string, 'hostIP'),
      },
    ];
  });
}

function namedPorts(container: Container): NamedPort[] {
  return (container?.ports ?? []).flatMap((port) => {
    if (!port?.name) return [];
    const number = portNumber(port.containerPort, 'containerPort');
    return [{ name: port.name.toLowerCase(), port: number, protocol: protocolNumber(port.protocol, 'protocol') }];
  });
}
