// Events of a watch: a line of it as a value.

import type { Projection } from './json/projection.ts';
import { NotJson } from './json/scanner.ts';
import { fieldsShape, type Shape } from './json/shape.ts';
import { type KubeObject, objectOf, usualShape } from './object.ts';
import type { Resource, Selection } from './resource.ts';

export type WatchEvent =
  | { readonly kind: 'put' | 'delete'; readonly object: KubeObject; readonly revision: string }
  | { readonly kind: 'bookmark'; readonly revision: string; readonly endsInitial: boolean }
  | { readonly kind: 'error'; readonly status: unknown }
  | { readonly kind: 'garbage' };

const initialEventsEnd = 'k8s.io/initial-events-end';
const garbage = { kind: 'garbage' } as const;

/** The shapes of events, by the shape of their objects. */
const eventShapes = new WeakMap<object, Shape>();

function eventShapeOf(shape: Shape): Shape {
  if (typeof shape === 'string') return fieldsShape({ type: 'whole', object: shape });
  const known = eventShapes.get(shape) ?? fieldsShape({ type: 'whole', object: shape });
  eventShapes.set(shape, known);
  return known;
}

export function readEvent(line: Buffer, projection: Projection, resource: Resource, selection: Selection): WatchEvent {
  const event = read(line, projection, eventShapeOf(selection.shape ?? usualShape));
  if (!isMap(event) || !isMap(event.object)) return garbage;
  // What is said by others than objects comes seldom, and not in their shape.
  if (event.type === 'ERROR') return { kind: 'error', status: (read(line, projection, 'whole') as Fields).object };
  if (event.type === 'BOOKMARK') return readBookmark((read(line, projection, 'whole') as Fields).object as Fields);
  const kind = event.type === 'ADDED' || event.type === 'MODIFIED' ? 'put' : event.type === 'DELETED' ? 'delete' : undefined;
  const itself = selection.metadataOnly ? { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' } : resource;
  const object = objectOf(event.object, itself);
  if (kind === undefined || object === undefined) return garbage;
  return { kind, object, revision: object.metadata.resourceVersion };
}

type Fields = Record<string, unknown>;

function readBookmark({ metadata }: Fields): WatchEvent {
  const { resourceVersion, annotations } = (metadata ?? {}) as { resourceVersion?: unknown; annotations?: Fields | null };
  if (typeof resourceVersion !== 'string' || resourceVersion === '') return garbage;
  return { kind: 'bookmark', revision: resourceVersion, endsInitial: annotations?.[initialEventsEnd] === 'true' };
}

function read(line: Buffer, projection: Projection, shape: Shape): unknown {
  try {
    return projection.readAll(line, shape);
  } catch (error) {
    if (error instanceof NotJson) return undefined;
    throw error;
  }
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
