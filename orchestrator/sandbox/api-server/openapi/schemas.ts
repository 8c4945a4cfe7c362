// Schemas as OpenAPI documents have them: references by path, and which kinds they are.
import type { Json } from '../object.ts';
import type { Resource } from '../resource.ts';
import { definition, definitionNames } from '../schema/definitions.ts';
import type { Schema } from '../schema/schema.ts';
import { definitionName, resourceName } from './names.ts';

/** Version 3 says references beside other words in a list of one; version 2 knows neither nullable nor any of the combinations. */
export interface Dialect {
  readonly version: 2 | 3;
  readonly prefix: string;
}

export const kindsOf = ({ group, version, kind }: Resource) => [{ group, kind, version }];

const isKind = (name: string, resources: readonly Resource[]) => resources.find((resource) => !resource.custom && resource.kind === name);

/** Definitions of the API's own kinds, and of custom ones, by their names. */
export function schemas(resources: readonly Resource[], dialect: Dialect): Json {
  const all: Json = {};
  for (const name of definitionNames()) {
    const resource = isKind(name, resources);
    const schema = convert(definition(name) ?? {}, dialect);
    all[definitionName(name)] = resource === undefined ? schema : withKind(schema, resource, dialect);
  }
  for (const resource of resources) if (resource.custom) all[resourceName(resource)] = custom(resource, dialect);
  for (const resource of resources) all[`${resourceName(resource)}List`] = listOf(resource, dialect);
  return all;
}

function withKind(schema: Json, resource: Resource, _dialect: Dialect): Json {
  return { ...schema, 'x-kubernetes-group-version-kind': kindsOf(resource) };
}

function custom(resource: Resource, dialect: Dialect): Json {
  const { metadata: _metadata, ...properties } = resource.schema?.properties ?? {};
  const typed = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { $ref: 'ObjectMeta' }, ...properties };
  const schema: Schema = { ...resource.schema, type: 'object', properties: typed };
  return withKind(convert(schema, dialect), resource, dialect);
}

function listOf(resource: Resource, dialect: Dialect): Json {
  const { group, version, kind } = resource;
  const item = { $ref: `${dialect.prefix}${resourceName(resource)}` };
  const meta = { $ref: `${dialect.prefix}${definitionName('ListMeta')}` };
  const text = { type: 'string' };
  return {
    type: 'object',
    description: `${kind}List is a list of ${kind}`,
    required: ['items'],
    properties: { apiVersion: text, items: { type: 'array', items: item }, kind: text, metadata: meta },
    'x-kubernetes-group-version-kind': [{ group, kind: `${kind}List`, version }],
  };
}

const dropped = new Set(['$ref', 'properties', 'items', 'additionalProperties', 'allOf', 'anyOf', 'oneOf', 'not', 'nullable']);

function convert(schema: Schema, dialect: Dialect): Json {
  const plain: Json = {};
  for (const [name, value] of Object.entries(schema)) if (!dropped.has(name)) plain[name] = value;
  if (plain.format === 'quantity') delete plain.format;
  if (schema['x-kubernetes-int-or-string'] && schema.type === undefined) Object.assign(plain, { type: 'string', format: 'int-or-string' });
  if (schema.$ref !== undefined) {
    const $ref = `${dialect.prefix}${definitionName(schema.$ref)}`;
    return dialect.version === 2 ? { ...plain, $ref } : { ...plain, allOf: [{ $ref }] };
  }
  // A tool that reads version 2 takes what it does not know for anything at all.
  if (schema['x-kubernetes-preserve-unknown-fields'] && schema.properties === undefined) delete plain.type;
  if (schema.properties !== undefined) {
    plain.properties = Object.fromEntries(Object.entries(schema.properties).map(([name, member]) => [name, convert(member, dialect)]));
  }
  if (schema.items !== undefined) plain.items = convert(schema.items, dialect);
  const rest = schema.additionalProperties;
  if (rest !== undefined) plain.additionalProperties = typeof rest === 'boolean' ? rest : convert(rest, dialect);
  if (dialect.version === 2) return plain;
  if (schema.nullable) plain.nullable = true;
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const)
    if (schema[name] !== undefined) plain[name] = schema[name].map((branch) => convert(branch, dialect));
  if (schema.not !== undefined) plain.not = convert(schema.not, dialect);
  return plain;
}
