// What of its object a row carries beside the cells.
import type { Json } from '../object.ts';
import type { Resource } from '../resource.ts';
import type { Stored } from '../storage/stored.ts';

export function partial(item: Stored, resource: Resource, include: string): Json {
  if (include === 'None') return {};
  if (include === 'Object') return { object: item.copyFor(resource) };
  return { object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: item.object.metadata } };
}
