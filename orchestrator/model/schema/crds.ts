// CRDs: what makes an API server know our policies and groups, and check them as they are checked here.

import { ciliumCidrGroup } from './cidr-group.ts';
import { ciliumClusterwideNetworkPolicy, ciliumNetworkPolicy } from './cilium-policy.ts';
import type { ObjectSchema } from './schema.ts';
import { type StructuralSchema, structuralSchema } from './structural.ts';

const group = 'cilium.io';

interface Names {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
}

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: Names & { readonly listKind: string; readonly singular: string };
    readonly scope: 'Namespaced' | 'Cluster';
    readonly versions: readonly Version[];
  };
}

interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated?: true;
  readonly schema: { readonly openAPIV3Schema: StructuralSchema };
  readonly subresources?: { readonly status: Record<string, never> };
  readonly additionalPrinterColumns?: readonly { readonly name: string; readonly type: string; readonly jsonPath: string }[];
}

/** The definitions of the kinds of the group cilium.io that are read here. */
export function crds(): CustomResourceDefinition[] {
  const categories = ['cilium', 'ciliumpolicy'];
  const policies = [
    define('Namespaced', [policyVersion(ciliumNetworkPolicy)], {
      kind: 'CiliumNetworkPolicy',
      plural: 'ciliumnetworkpolicies',
      shortNames: ['cnp', 'ciliumnp'],
      categories,
    }),
    define('Cluster', [policyVersion(ciliumClusterwideNetworkPolicy)], {
      kind: 'CiliumClusterwideNetworkPolicy',
      plural: 'ciliumclusterwidenetworkpolicies',
      shortNames: ['ccnp'],
      categories,
    }),
  ];
  const schema = { openAPIV3Schema: whole(ciliumCidrGroup) };
  const versions: Version[] = [
    { name: 'v2', served: true, storage: true, schema },
    { name: 'v2alpha1', served: true, storage: false, deprecated: true, schema },
  ];
  const groups = define('Cluster', versions, {
    kind: 'CiliumCIDRGroup',
    plural: 'ciliumcidrgroups',
    shortNames: ['ccg'],
    categories: ['cilium'],
  });
  return [...policies, groups];
}

function define(scope: 'Namespaced' | 'Cluster', versions: readonly Version[], names: Names): CustomResourceDefinition {
  const { kind } = names;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${group}` },
    spec: { group, names: { ...names, listKind: `${kind}List`, singular: kind.toLowerCase() }, scope, versions },
  };
}

function policyVersion(schema: ObjectSchema): Version {
  return {
    name: 'v2',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: whole(schema) },
    subresources: { status: {} },
    additionalPrinterColumns: [
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      { name: 'Valid', type: 'string', jsonPath: ".status.conditions[?(@.type=='Valid')].status" },
    ],
  };
}

/** Metadata belongs to the API server: a definition may not describe it. */
function whole(schema: ObjectSchema): StructuralSchema {
  const structural = structuralSchema(schema);
  return { ...structural, properties: { ...structural.properties, metadata: { type: 'object' } } };
}
