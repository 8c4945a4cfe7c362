// Schemas of CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy (cilium.io/v2). They accept what the published CRDs accept.

import type { Problem } from '../policy/problem.ts';
import { denyPortRule, dnsName, groups, icmps, portRule } from './cilium-ports.ts';
import { type LabelSelector, labelSelector } from './label-selector.ts';
import { metadata } from './metadata.ts';
import { any, boolean, type Infer, integer, list, map, object, string } from './schema.ts';

const cidr = string({ format: 'cidr', class: 'cidr', description: 'An address and a prefix length.' });

/** Names of objects. Short, so that the expression has little to look at. */
const objectName = string({ maxLength: 253, pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/ });

const cidrRule = object(
  { cidr, cidrGroupRef: objectName, cidrGroupSelector: labelSelector, except: list(cidr) },
  { oneOf: ['cidr', 'cidrGroupRef', 'cidrGroupSelector'], class: 'cidrset-one-of' },
);

export const entities = [
  'all',
  'world',
  'cluster',
  'host',
  'init',
  'ingress',
  'unmanaged',
  'remote-node',
  'health',
  'none',
  'kube-apiserver',
] as const;
const entity = string({ enum: entities, class: 'entity' });

const service = object({
  k8sService: object({ serviceName: string(), namespace: string() }),
  k8sServiceSelector: object({ selector: labelSelector, namespace: string() }, { required: ['selector'] }),
});

/** A list that was taken out of the API and may only be empty now. */
const removed = list(string(), { maxItems: 0, class: 'removed-field' });
const authentication = object({ mode: string({ enum: ['disabled', 'required', 'test-always-fail'] }) }, { required: ['mode'] });

const from = {
  fromEndpoints: list(labelSelector),
  fromRequires: removed,
  fromCIDR: list(cidr),
  fromCIDRSet: list(cidrRule),
  fromEntities: list(entity),
  fromGroups: groups,
  fromNodes: list(labelSelector),
  icmps,
};
const to = {
  toEndpoints: list(labelSelector),
  toRequires: removed,
  toCIDR: list(cidr),
  toCIDRSet: list(cidrRule),
  toEntities: list(entity),
  toServices: list(service),
  toGroups: groups,
  toNodes: list(labelSelector),
  icmps,
};

const ingressRule = object({ ...from, toPorts: list(portRule), authentication }, { hints: { toFQDNs: 'only egress has names' } });
const ingressDenyRule = object({ ...from, toPorts: list(denyPortRule) }, { hints: { toFQDNs: 'only egress has names' } });
const egressRule = object({ ...to, toFQDNs: list(dnsName), toPorts: list(portRule), authentication });
const egressDenyRule = object({ ...to, toPorts: list(denyPortRule) }, { hints: { toFQDNs: 'a deny rule knows no names' } });

const label = object({ key: string(), value: string(), source: string() }, { required: ['key'] });

const ruleSet = object(
  {
    endpointSelector: labelSelector,
    nodeSelector: labelSelector,
    ingress: list(ingressRule),
    ingressDeny: list(ingressDenyRule),
    egress: list(egressRule),
    egressDeny: list(egressDenyRule),
    enableDefaultDeny: object({ ingress: boolean(), egress: boolean() }),
    labels: list(label),
    description: string(),
    log: object({ value: string({ maxLength: 32, pattern: /^\P{C}*$/u }) }),
  },
  { oneOf: ['endpointSelector', 'nodeSelector'], anyOf: ['ingress', 'ingressDeny', 'egress', 'egressDeny'] },
);

const condition = object(
  { type: string(), status: string(), reason: string(), message: string(), lastTransitionTime: string() },
  { required: ['type', 'status'] },
);
const status = object({
  conditions: list(condition, { merge: { keys: ['type'] } }),
  derivativePolicies: map(
    object({
      ok: boolean(),
      error: string(),
      lastUpdated: string(),
      localPolicyRevision: integer({ format: 'int64' }),
      enforcing: boolean(),
      annotations: map(string()),
    }),
  ),
  // Written by old agents; nobody reads it.
  nodes: any(),
});

const properties = { apiVersion: string(), kind: string(), metadata, spec: ruleSet, specs: list(ruleSet), status };
const options = { required: ['metadata'], hints: { description: 'it belongs below spec' } } as const;

export const ciliumNetworkPolicy = object(properties, {
  ...options,
  description: 'What pods of a namespace may send and receive.',
  check: checkSubjects,
});

export const ciliumClusterwideNetworkPolicy = object(properties, {
  ...options,
  description: 'What pods of all namespaces may send and receive.',
});

type Nullable<T> = { readonly [K in keyof T]: T[K] | null };
interface Subjects {
  readonly spec?: Nullable<Pick<RuleSet, 'endpointSelector'>> | null;
  readonly specs?: readonly Nullable<Pick<RuleSet, 'endpointSelector'>>[] | null;
}

/** Endpoints without an identity have no namespace: no namespaced policy can mean them. */
function checkSubjects({ spec, specs }: Subjects): Problem[] {
  const found: Problem[] = [];
  const look = (path: (string | number)[], rules: Nullable<Pick<RuleSet, 'endpointSelector'>>) => {
    const selector: Nullable<LabelSelector> = rules.endpointSelector ?? {};
    const keys = [...Object.keys(selector.matchLabels ?? {}), ...(selector.matchExpressions ?? []).map(({ key }) => key)];
    if (!keys.includes('reserved:init')) return;
    const message = 'reserved:init is no label of a namespace: use a CiliumClusterwideNetworkPolicy';
    found.push({ severity: 'error', class: 'init-subject', path: [...path, 'endpointSelector'], message });
  };
  if (spec) look(['spec'], spec);
  for (const [index, rules] of (specs ?? []).entries()) look(['specs', index], rules);
  return found;
}

export type RuleSet = Infer<typeof ruleSet>;
export type IngressRule = Infer<typeof ingressRule>;
export type IngressDenyRule = Infer<typeof ingressDenyRule>;
export type EgressRule = Infer<typeof egressRule>;
export type EgressDenyRule = Infer<typeof egressDenyRule>;
export type CidrRule = Infer<typeof cidrRule>;
export type CiliumService = Infer<typeof service>;
export type CiliumNetworkPolicy = Infer<typeof ciliumNetworkPolicy>;
export type CiliumClusterwideNetworkPolicy = Infer<typeof ciliumClusterwideNetworkPolicy>;
