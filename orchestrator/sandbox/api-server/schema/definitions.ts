// Definitions of the API's own kinds by their names, read when they are first asked for.
import { texts } from './generated/definitions.ts';
import type { Schema } from './schema.ts';

const read = new Map<string, Schema>();

export function definition(name: string): Schema | undefined {
  const known = read.get(name);
  if (known !== undefined || !Object.hasOwn(texts, name)) return known;
  const schema = parse(texts[name]);
  read.set(name, schema);
  return schema;
}

export const definitionNames = (): string[] => Object.keys(texts);

/** Where Kubernetes keeps it: `core/v1`. */
export const packageOf = (name: string): string => texts[name].split('\n', 1)[0];

function parse(text: string): Schema {
  const [, ...lines] = text.split('\n');
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  for (const line of lines) {
    const [field, type, merge] = line.split(' ');
    const name = field.replace(/!$/, '');
    if (field.endsWith('!')) required.push(name);
    properties[name] = { ...schemaOf(type), ...(merge === undefined ? {} : merging(merge)) };
  }
  // Definitions that are only a text or anything at all have no fields.
  if (lines.length === 0) return {};
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) };
}

/** `merge=name,retainKeys` */
function merging(text: string): Schema {
  const [merge, ...more] = text.split(',');
  const [strategy, key] = merge.split('=');
  return {
    'x-kubernetes-patch-strategy': [strategy, ...more].join(','),
    ...(key === undefined ? {} : { 'x-kubernetes-patch-merge-key': key }),
  };
}

const simple: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  byte: { type: 'string', format: 'byte' },
  'date-time': { type: 'string', format: 'date-time' },
  'micro-time': { type: 'string', format: 'date-time' },
  boolean: { type: 'boolean' },
  number: { type: 'number' },
  double: { type: 'number', format: 'double' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  quantity: { type: 'string', format: 'quantity' },
  IntOrString: { type: 'string', format: 'int-or-string', 'x-kubernetes-int-or-string': true },
  any: { 'x-kubernetes-preserve-unknown-fields': true },
  object: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
};

function schemaOf(type: string): Schema {
  if (type.startsWith('[]')) return { type: 'array', items: schemaOf(type.slice(2)) };
  if (type.startsWith('{}')) return { type: 'object', additionalProperties: schemaOf(type.slice(2)) };
  return Object.hasOwn(simple, type) ? simple[type] : { $ref: type };
}
