// Metadata alone, for clients that want nothing else of an object.
import type { Json } from '../object.ts';
import type { Stored } from '../storage/stored.ts';

export function partial({ object }: Stored): Json {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
