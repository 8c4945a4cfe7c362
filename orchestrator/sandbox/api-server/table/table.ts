// Tables: objects as rows of cells, which is how kubectl prints them.
import type { Call } from '../http/call.ts';
import type { Json, KubeObject } from '../object.ts';
import type { Column } from '../resource.ts';
import type { Stored } from '../storage/stored.ts';
import { age } from './age.ts';
import { partial } from './partial-row.ts';

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  cell: ({ metadata }) => metadata.name,
};

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: 'CreationTimestamp is a timestamp representing the server time when this object was created.',
  cell: ({ metadata }, now) => age(metadata.creationTimestamp, now),
};

const createdColumn: Column = { ...ageColumn, name: 'Created At', type: 'date', cell: ({ metadata }) => metadata.creationTimestamp ?? '' };

export function tableOf({ resource, query }: Call, items: readonly Stored[], now: number, metadata?: Json): Json {
  const columns = resource.columns.length > 0 ? resource.columns : [nameColumn, createdColumn];
  const [only] = items;
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: metadata ?? (only === undefined ? {} : { resourceVersion: String(only.revision) }),
    columnDefinitions: columns.map(({ name, type, format, description, priority }) => ({
      name,
      type,
      format: format ?? '',
      description,
      priority: priority ?? 0,
    })),
    rows: items.map((item) => ({
      cells: columns.map(({ cell }) => cell(item.object as KubeObject, now)),
      ...partial(item, resource, query.get('includeObject') ?? 'Metadata'),
    })),
  };
}
