// Namespaces: their labels are labels of their pods.

import { namespace } from '../../../model/schema/cluster-objects.ts';
import { shapeOf } from '../json/shape.ts';
import type { KubeObject } from '../object.ts';
import { accepted, type ObjectRow, unreadMetadata } from './rejection.ts';

export interface NamespaceRow extends ObjectRow {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What is kept of an object, for its row and the checks before it. */
export const namespaceShape = shapeOf(namespace, new Set([...unreadMetadata]));

/** Metadata is all that is needed: the object may be a PartialObjectMetadata. */
export function namespaceRow(key: string, object: KubeObject): NamespaceRow {
  const { name } = object.metadata;
  const whole: KubeObject = { ...object, apiVersion: 'v1', kind: 'Namespace' };
  const read = accepted(whole, () => (object.metadata.labels ?? {}) as Record<string, string>);
  return 'value' in read ? { key, name, rejected: undefined, labels: read.value } : { key, name, rejected: read.rejected, labels: {} };
}
