// Names of definitions in OpenAPI documents.
import type { Resource } from '../resource.ts';
import { packageOf } from '../schema/definitions.ts';

const packages: Readonly<Record<string, string>> = {
  'meta/v1': 'io.k8s.apimachinery.pkg.apis.meta.v1',
  'apiextensions/v1': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
};

/** Slices have their own kind of port, which has the name of another. */
export function definitionName(name: string): string {
  const home = packageOf(name);
  const prefix = packages[home] ?? `io.k8s.api.${home.replace('/', '.')}`;
  return `${prefix}.${name === 'SlicePort' ? 'EndpointPort' : name}`;
}

export function resourceName({ group, version, kind, custom }: Resource): string {
  return custom ? `${group.split('.').reverse().join('.')}.${version}.${kind}` : definitionName(kind);
}
