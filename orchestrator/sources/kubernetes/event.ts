// Events of a watch: a line of it as a value.

import { type KubeObject, objectOf } from './object.ts';
import type { Resource, Selection } from './resource.ts';

export type WatchEvent =
  | { readonly kind: 'put' | 'delete'; readonly object: KubeObject; readonly revision: string }
  | { readonly kind: 'bookmark'; readonly revision: string; readonly endsInitial: boolean }
  | { readonly kind: 'error'; readonly status: unknown }
  | { readonly kind: 'garbage' };

const initialEventsEnd = 'k8s.io/initial-events-end';
const garbage = { kind: 'garbage' } as const;

export function readEvent(line: string, resource: Resource, selection: Selection): WatchEvent {
  let event: { type?: unknown; object?: { metadata?: { resourceVersion?: unknown; annotations?: Record<string, unknown> } } };
  try {
    event = JSON.parse(line);
  } catch {
    return garbage;
  }
  if (typeof event !== 'object' || event === null || typeof event.object !== 'object' || event.object === null) return garbage;
  if (event.type === 'ERROR') return { kind: 'error', status: event.object };
  if (event.type === 'BOOKMARK') {
    const { resourceVersion, annotations } = event.object.metadata ?? {};
    if (typeof resourceVersion !== 'string' || resourceVersion === '') return garbage;
    return { kind: 'bookmark', revision: resourceVersion, endsInitial: annotations?.[initialEventsEnd] === 'true' };
  }
  const kind = event.type === 'ADDED' || event.type === 'MODIFIED' ? 'put' : event.type === 'DELETED' ? 'delete' : undefined;
  const itself = selection.metadataOnly ? { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' } : resource;
  const object = objectOf(event.object, itself);
  if (kind === undefined || object === undefined) return garbage;
  return { kind, object, revision: object.metadata.resourceVersion };
}
