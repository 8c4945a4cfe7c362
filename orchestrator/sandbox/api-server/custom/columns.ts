// Columns that a definition asks for, read from objects by simple JSON paths.
import type { Json, KubeObject } from '../object.ts';
import type { Column } from '../resource.ts';
import { age } from '../table/age.ts';
import { ageColumn, nameColumn } from '../table/table.ts';
import { readPath } from './json-path.ts';

export const usualColumns: readonly Column[] = [nameColumn, { ...ageColumn, type: 'date' }];

export function customColumn(column: Json): Column {
  const type = String(column.type) as Column['type'];
  const path = String(column.jsonPath);
  return {
    name: String(column.name),
    type,
    description:
      typeof column.description === 'string' ? column.description : `Custom resource definition column (in JSONPath format): ${path}`,
    ...(typeof column.format === 'string' ? { format: column.format } : {}),
    ...(typeof column.priority === 'number' ? { priority: column.priority } : {}),
    cell: (object, now) => cell(object, path, type, now),
  };
}

function cell(object: KubeObject, path: string, type: string, now: number): unknown {
  const found = readPath(object, path);
  const [value] = found;
  if (value === undefined) return type === 'date' ? '<unknown>' : null;
  if (type === 'date') return age(value, now);
  if (type === 'integer' || type === 'number' || type === 'boolean') return value;
  const texts = found.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  return texts.join(',');
}
