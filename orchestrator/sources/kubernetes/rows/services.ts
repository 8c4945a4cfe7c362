// Services: names under which clients reach others.

import { type Service, service } from '../../../model/schema/cluster-objects.ts';
import type { ServiceFacts } from '../../../model/service/rows.ts';
import { shapeOf } from '../json/shape.ts';
import type { KubeObject } from '../object.ts';
import { accepted, addressText, type ObjectRow, portNumber, prefixText, protocolNumber, unreadMetadata } from './rejection.ts';

export interface ServiceRow extends ObjectRow, ServiceFacts {
  readonly key: string;
  readonly rejected: string | undefined;
  readonly namespace: string;
  readonly name: string;
  /** Undefined: somebody else writes its endpoints. */
  readonly selector: Readonly<Record<string, string>> | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

const readMetadata = new Set(['metadata.annotations', 'metadata.creationTimestamp']);

/** What is kept of an object, for its row and the checks before it. */
export const serviceShape = shapeOf(service, new Set(unreadMetadata.filter((name) => !readMetadata.has(name))));

const nothing = {
  createdAt: '',
  type: '',
  isOthers: false,
  clusterAddresses: [],
  externalAddresses: [],
  balancerAddresses: [],
  isExternallyLocal: false,
  isInternallyLocal: false,
  affinitySeconds: 0,
  sourceRanges: [],
  healthCheckPort: 0,
  algorithm: '',
  forwarding: '',
  resetRemoved: '',
  ports: [],
  selector: undefined,
  labels: {},
} as const;

export function serviceRow(key: string, object: KubeObject): ServiceRow {
  const { namespace = '', name } = object.metadata;
  const read = accepted(object, () => readService(object as unknown as Service));
  if ('value' in read) return { key, namespace, name, rejected: undefined, ...read.value };
  return { key, namespace, name, rejected: read.rejected, ...nothing };
}

function readService({ metadata, spec, status }: Service) {
  const labels = (metadata?.labels ?? {}) as Record<string, string>;
  const annotations = (metadata?.annotations ?? {}) as Record<string, string>;
  return {
    createdAt: metadata?.creationTimestamp ?? '',
    type: spec?.type || 'ClusterIP',
    isOthers: labels['service.kubernetes.io/service-proxy-name'] !== undefined,
    ...readAddresses(spec, status),
    ...readPolicies(spec),
    algorithm: annotations['service.cilium.io/lb-algorithm'] ?? '',
    forwarding: annotations['service.cilium.io/forwarding-mode'] ?? '',
    resetRemoved: annotations['axoneme.io/reset-removed-backends'] ?? '',
    ports: (spec?.ports ?? []).map((port) => ({
      name: port?.name ?? '',
      port: portNumber(port?.port, 'spec.ports.port'),
      protocol: protocolNumber(port?.protocol, 'spec.ports.protocol'),
      nodePort: port?.nodePort ? portNumber(port.nodePort, 'spec.ports.nodePort') : undefined,
    })),
    selector: (spec?.selector ?? undefined) as Record<string, string> | undefined,
    labels,
  };
}

function readAddresses(spec: Service['spec'], status: Service['status']) {
  const listed = (spec?.clusterIPs ?? []) as (string | null)[];
  const ingress = spec?.type === 'LoadBalancer' ? (status?.loadBalancer?.ingress ?? []) : [];
  // To a proxy packets go with its own address; here nobody would know what to do with them.
  const balancers = ingress.filter((entry) => entry?.ipMode !== 'Proxy').map((entry) => entry?.ip);
  return {
    clusterAddresses: addresses(listed.length > 0 ? listed : [spec?.clusterIP], 'spec.clusterIPs'),
    externalAddresses: addresses((spec?.externalIPs ?? []) as (string | null)[], 'spec.externalIPs'),
    balancerAddresses: addresses(balancers, 'status.loadBalancer.ingress'),
  };
}

/** Canonical, each once. */
function addresses(texts: readonly (string | null | undefined)[], place: string): string[] {
  const named = texts.filter((text) => typeof text === 'string' && text !== '' && text !== 'None');
  return [...new Set(named.map((text) => addressText(text as string, place)))];
}

function readPolicies(spec: Service['spec']) {
  const ranges = spec?.type === 'LoadBalancer' ? ((spec.loadBalancerSourceRanges ?? []) as (string | null)[]) : [];
  const timeout = spec?.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? usualAffinitySeconds;
  return {
    isExternallyLocal: spec?.externalTrafficPolicy === 'Local',
    isInternallyLocal: spec?.internalTrafficPolicy === 'Local',
    affinitySeconds: spec?.sessionAffinity === 'ClientIP' ? Math.min(Math.max(timeout, 1), mostAffinitySeconds) : 0,
    sourceRanges: ranges.filter((text) => text).map((text) => prefixText((text as string).trim(), 'spec.loadBalancerSourceRanges')),
    healthCheckPort: spec?.healthCheckNodePort ?? 0,
  };
}

const usualAffinitySeconds = 10_800;
const mostAffinitySeconds = 86_400;
