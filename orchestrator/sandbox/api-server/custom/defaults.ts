// Defaults of a schema, filled in where a value is not there; a null that may not be one counts as not there.
import { isRecord, type Json, type KubeObject } from '../object.ts';
import type { Schema } from '../schema/schema.ts';

export function applyDefaults(object: KubeObject, schema: Schema): void {
  fill(object, schema, true);
}

function fill(value: unknown, schema: Schema, root = false): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) fill(item, schema.items);
    return;
  }
  if (!isRecord(value)) return;
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    if (root && ['apiVersion', 'kind', 'metadata'].includes(name)) continue;
    if (value[name] === null && member.nullable !== true && member.default !== undefined) delete value[name];
    if (value[name] === undefined && member.default !== undefined) value[name] = structuredClone(member.default);
    if (value[name] !== undefined) fill(value[name], member);
  }
  const rest = schema.additionalProperties;
  if (!isRecord(rest)) return;
  for (const [name, member] of Object.entries(value as Json))
    if (!Object.hasOwn(schema.properties ?? {}, name)) fill(member, rest as Schema);
}
