// Shapes: how much of a JSON value is kept. What nobody reads is passed over as bytes and never becomes a value.

import type { Schema } from '../../../model/schema/schema.ts';

/**
 * `fields`: of a map the named fields, and of others what `others` says. `items`: of a list each element. `unless`: nothing, if it is of
 * the type that it should be; else all of it, for whoever complains. Of a map where a list should be, or the reverse, only its kind is
 * kept; what is neither is kept as it is.
 */
export type Shape = 'whole' | 'nothing' | UnlessShape | FieldsShape | ItemsShape;

export interface UnlessShape {
  readonly unless: 'string' | 'list' | 'strings';
}

export interface ItemsShape {
  readonly items: Shape;
}

export interface FieldsShape {
  readonly fields: ReadonlyMap<string, Shape>;
  readonly others: Shape;
  /** The same names as bytes. */
  readonly names: readonly { readonly name: string; readonly bytes: Uint8Array; readonly shape: Shape }[];
}

export function fieldsShape(fields: Readonly<Record<string, Shape>>, others: Shape = 'nothing'): FieldsShape {
  const entries = Object.entries(fields);
  const names = entries.map(([name, shape]) => ({ name, shape, bytes: new Uint8Array(Buffer.from(name)) }));
  return { fields: new Map(entries), others, names };
}

/**
 * What a check of the schema looks at is kept, and what it does not look at is not. `unread` names fields, as `metadata.annotations`, which
 * are there only to be checked; lists are no step of a name.
 */
export function shapeOf(schema: Schema, unread: ReadonlySet<string> = new Set(), path = ''): Shape {
  if (unread.has(path)) return unreadShape(schema, path);
  if (schema.kind === 'list') return { items: shapeOf(schema.items, unread, path) };
  if (schema.kind === 'map') return fieldsShape({}, shapeOf(schema.values, unread, path));
  if (schema.kind !== 'object') return 'whole';
  const below = (name: string) => (path === '' ? name : `${path}.${name}`);
  const fields = Object.entries(schema.properties).map(([name, field]) => [name, shapeOf(field, unread, below(name))]);
  return fieldsShape(Object.fromEntries(fields), schema.unknown === 'allowed' ? 'nothing' : 'whole');
}

function unreadShape(schema: Schema, path: string): Shape {
  if (schema.kind === 'string') return { unless: 'string' };
  if (schema.kind === 'list' && schema.items.kind === 'any') return { unless: 'list' };
  if (schema.kind === 'map' && schema.values.kind === 'string') return { unless: 'strings' };
  throw new TypeError(`shape: ${path}: a ${schema.kind} cannot be left out`);
}
