// Namespaces: their labels are labels of their pods.

import type { KubeObject } from '../object.ts';
import { accepted, type ObjectRow } from './rejection.ts';

export interface NamespaceRow extends ObjectRow {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Metadata is all that is needed: the object may be a PartialObjectMetadata. */
export function namespaceRow(key: string, object: KubeObject): NamespaceRow {
  const { name } = object.metadata;
  const whole: KubeObject = { ...object, apiVersion: 'v1', kind: 'Namespace' };
  const read = accepted(whole, () => (object.metadata.labels ?? {}) as Record<string, string>);
  return 'value' in read ? { key, name, rejected: undefined, labels: read.value } : { key, name, rejected: read.rejected, labels: {} };
}
