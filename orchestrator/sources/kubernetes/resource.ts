// Resources: what is listed and watched, and where the API server has it.

import type { Shape } from './json/shape.ts';

export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
}

/** Which objects of a resource, and how much of them. */
export interface Selection {
  /** As in `spec.nodeName=node-1`. */
  readonly fields?: string;
  readonly labels?: string;
  readonly namespace?: string;
  /** Only `metadata` is sent: kind PartialObjectMetadata. */
  readonly metadataOnly?: boolean;
  /** What is kept of each; rows say what they need. Without it all but what only the server needs. */
  readonly shape?: Shape;
}

export const resources = {
  pods: { apiVersion: 'v1', kind: 'Pod', plural: 'pods' },
  namespaces: { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces' },
  nodes: { apiVersion: 'v1', kind: 'Node', plural: 'nodes' },
  services: { apiVersion: 'v1', kind: 'Service', plural: 'services' },
  endpointSlices: { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', plural: 'endpointslices' },
  networkPolicies: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', plural: 'networkpolicies' },
  ciliumPolicies: { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', plural: 'ciliumnetworkpolicies' },
  clusterwidePolicies: { apiVersion: 'cilium.io/v2', kind: 'CiliumClusterwideNetworkPolicy', plural: 'ciliumclusterwidenetworkpolicies' },
  cidrGroups: { apiVersion: 'cilium.io/v2', kind: 'CiliumCIDRGroup', plural: 'ciliumcidrgroups' },
  leases: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' },
  definitions: { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions' },
} as const satisfies Record<string, Resource>;

/** Path of all objects, or of one of them, or of a part of it. */
export function pathOf({ apiVersion, plural }: Resource, place: { namespace?: string; name?: string; part?: string } = {}): string {
  const steps = [apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`];
  if (place.namespace !== undefined) steps.push('namespaces', encodeURIComponent(place.namespace));
  steps.push(plural);
  if (place.name !== undefined) steps.push(encodeURIComponent(place.name));
  if (place.part !== undefined) steps.push(place.part);
  return steps.join('/');
}

/** Accepted form of answers; `List` for lists. */
export function acceptOf({ metadataOnly }: Selection, suffix: 'List' | ''): string {
  return metadataOnly ? `application/json;as=PartialObjectMetadata${suffix};g=meta.k8s.io;v=v1` : 'application/json';
}

export function queryOf({ fields, labels }: Selection): Record<string, string | undefined> {
  return { fieldSelector: fields, labelSelector: labels };
}
