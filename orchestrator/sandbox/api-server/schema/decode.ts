// Decoding: an object as its kind's schema has it. What the schema does not know is left out and said; what is of another type is refused.
import { isRecord, type Json } from '../object.ts';
import type { Resource } from '../resource.ts';
import { apiVersionOf } from '../resource.ts';
import { badRequest } from '../status-error.ts';
import { definition } from './definitions.ts';
import type { Schema } from './schema.ts';

export interface Decoded {
  readonly object: Json;
  readonly warnings: string[];
}

export function decode(value: Json, resource: Resource, strictness: 'Ignore' | 'Warn' | 'Strict'): Decoded {
  if (resource.schema === undefined) return { object: value, warnings: [] };
  const walk = new Walk(resource);
  const object = walk.object(value);
  const sentences = walk.unknown.map((path) => `unknown field ${JSON.stringify(path)}`);
  if (strictness === 'Strict' && sentences.length > 0) {
    const kind = `${resource.kind} in version ${JSON.stringify(apiVersionOf(resource).split('/').at(-1))} cannot be handled as a ${resource.kind}`;
    throw badRequest(`${kind}: strict decoding error: ${sentences.join(', ')}`);
  }
  return { object, warnings: strictness === 'Warn' ? sentences : [] };
}

class Walk {
  readonly unknown: string[] = [];
  private readonly resource: Resource;

  constructor(resource: Resource) {
    this.resource = resource;
  }

  object(value: Json): Json {
    const { schema = {}, custom } = this.resource;
    const { apiVersion, kind, metadata, ...rest } = value;
    const decoded = this.visit(rest, schema, '', !custom) as Json;
    const meta = definition('ObjectMeta');
    const known =
      metadata === undefined || metadata === null ? {} : meta === undefined ? metadata : this.visit(metadata, meta, 'metadata', true);
    return { apiVersion, kind, metadata: known, ...decoded };
  }

  /** `typed`: the value becomes a struct of the server, so that wrong types end the request. Custom objects are validated later. */
  private visit(value: unknown, schema: Schema, path: string, typed: boolean): unknown {
    const resolved = schema.$ref === undefined ? schema : (definition(schema.$ref) ?? {});
    if (resolved['x-kubernetes-preserve-unknown-fields'] && resolved.properties === undefined) return value;
    if (isRecord(value)) {
      if (typed && resolved.type !== undefined && resolved.type !== 'object') this.mistyped(value, resolved, path);
      return this.record(value, resolved, path, typed);
    }
    if (Array.isArray(value)) {
      if (typed && resolved.type !== undefined && resolved.type !== 'array') this.mistyped(value, resolved, path);
      const { items } = resolved;
      return items === undefined ? value : value.map((item, index) => this.visit(item, items, `${path}[${index}]`, typed));
    }
    if (typed && !fits(value, resolved)) this.mistyped(value, resolved, path);
    if (typed && typeof value === 'number' && resolved.format === 'quantity') return String(value);
    const problem = typed && typeof value === 'string' ? textProblem(value, resolved.format) : undefined;
    if (problem !== undefined) this.refuse(problem);
    return value;
  }

  private record(value: Json, schema: Schema, path: string, typed: boolean): Json {
    const { properties, additionalProperties } = schema;
    const open =
      additionalProperties === true ||
      schema['x-kubernetes-preserve-unknown-fields'] === true ||
      (properties === undefined && additionalProperties === undefined);
    const decoded: Json = {};
    for (const [name, member] of Object.entries(value)) {
      // A struct takes null for a field that is not there.
      if (typed && member === null) continue;
      const at = path === '' ? name : `${path}.${name}`;
      const known = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (known !== undefined) set(decoded, name, this.visit(member, known, at, typed));
      else if (isRecord(additionalProperties)) set(decoded, name, this.visit(member, additionalProperties as Schema, at, typed));
      else if (open || this.isEmbedded(schema, name)) set(decoded, name, member);
      else this.unknown.push(at);
    }
    return decoded;
  }

  private isEmbedded(schema: Schema, name: string): boolean {
    return schema['x-kubernetes-embedded-resource'] === true && ['apiVersion', 'kind', 'metadata'].includes(name);
  }

  private mistyped(value: unknown, schema: Schema, path: string): never {
    const found = Array.isArray(value) ? 'array' : isRecord(value) ? 'object' : typeof value === 'boolean' ? 'bool' : typeof value;
    const shown = found === 'number' ? `number ${value}` : found;
    this.refuse(`json: cannot unmarshal ${shown} into Go struct field ${this.resource.kind}.${path} of type ${goType(schema)}`);
  }

  private refuse(why: string): never {
    const { kind } = this.resource;
    const version = apiVersionOf(this.resource).split('/').at(-1);
    throw badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`);
  }
}

/** A name like __proto__ is a name like any other. */
function set(object: Json, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  else object[name] = value;
}

function fits(value: unknown, schema: Schema): boolean {
  if (schema['x-kubernetes-int-or-string']) return typeof value === 'string' || Number.isInteger(value);
  if (schema.format === 'quantity') return typeof value === 'string' || typeof value === 'number';
  switch (schema.type) {
    case 'object':
    case 'array':
      return false;
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    default:
      return true;
  }
}

const quantity = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/;

/** What is wrong with a text of a special form. */
function textProblem(text: string, format: string | undefined): string | undefined {
  if (format === 'quantity' && !quantity.test(text)) {
    return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  }
  if (format === 'byte' && !/^[A-Za-z0-9+/\r\n]*={0,2}$/.test(text)) {
    return `illegal base64 data at input byte ${text.search(/[^A-Za-z0-9+/]/)}`;
  }
  if (format !== 'date-time' || (/^\d{4}-\d{2}-\d{2}T/.test(text) && !Number.isNaN(Date.parse(text)))) return undefined;
  return `parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(text)} as "2006"`;
}

function goType({ type, format, additionalProperties }: Schema): string {
  if (type === 'integer') return format ?? 'int32';
  if (type === 'boolean') return 'bool';
  if (type === 'array') return '[]interface {}';
  if (type === 'object') return additionalProperties === undefined ? 'struct' : 'map[string]string';
  return type ?? 'interface {}';
}
