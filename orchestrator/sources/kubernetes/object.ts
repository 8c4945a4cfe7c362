// Objects as the API server sends them, and what of them is kept: nothing that only the server needs.

import { fieldsShape } from './json/shape.ts';

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeMetadata;
  readonly [field: string]: unknown;
}

export interface KubeMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion: string;
  readonly [field: string]: unknown;
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** All but what only the server and kubectl need. */
export const usualShape = fieldsShape(
  {
    metadata: fieldsShape({ managedFields: { unless: 'list' }, annotations: fieldsShape({ [lastApplied]: 'nothing' }, 'whole') }, 'whole'),
  },
  'whole',
);

/** The value as an object of this kind, completed in place; undefined if it has no name or no revision. */
export function objectOf(value: unknown, { apiVersion, kind }: { apiVersion: string; kind: string }): KubeObject | undefined {
  const object = value as { apiVersion?: unknown; kind?: unknown; metadata?: Record<string, unknown> } | null;
  if (typeof object !== 'object' || object === null || typeof object.metadata !== 'object' || object.metadata === null) return undefined;
  const { metadata } = object;
  if (typeof metadata.name !== 'string' || metadata.name === '') return undefined;
  if (typeof metadata.resourceVersion !== 'string' || metadata.resourceVersion === '') return undefined;
  if (metadata.namespace !== undefined && typeof metadata.namespace !== 'string') return undefined;
  // Items of lists do not say what they are.
  object.apiVersion ??= apiVersion;
  object.kind ??= kind;
  return object as unknown as KubeObject;
}

/** `namespace/name`, or `name` of what is in no namespace. */
export function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return namespace ? `${namespace}/${name}` : name;
}
