// Custom objects against the schema of their definition.
import { duplicate, type FieldError, invalid, required, unsupported, wrongType } from '../field-error.ts';
import { isRecord, isSame, type KubeObject } from '../object.ts';
import type { Schema } from '../schema/schema.ts';

export function validateAgainst(object: KubeObject, schema: Schema): FieldError[] {
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...rest } = object;
  const { metadata: _, apiVersion: __, kind: ___, ...properties } = schema.properties ?? {};
  const known = (schema.required ?? []).filter((name) => !['apiVersion', 'kind', 'metadata'].includes(name));
  return check(rest, { ...schema, properties, required: known }, '');
}

function check(value: unknown, schema: Schema, at: string): FieldError[] {
  if (value === null && schema.nullable === true) return [];
  const wrong = typeError(value, schema, at);
  if (wrong !== undefined) return [wrong];
  const errors = [...valueErrors(value, schema, at), ...combinedErrors(value, schema, at)];
  if (Array.isArray(value)) errors.push(...listErrors(value, schema, at));
  else if (isRecord(value)) errors.push(...recordErrors(value, schema, at));
  return errors;
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'object' ? 'object' : typeof value;
}

function typeError(value: unknown, schema: Schema, at: string): FieldError | undefined {
  const found = nameOf(value);
  if (schema['x-kubernetes-int-or-string']) {
    return found === 'integer' || found === 'string'
      ? undefined
      : wrongType(at, found, `${at} in body must be of type integer,string: ${JSON.stringify(found)}`);
  }
  const { type } = schema;
  if (type === undefined || type === found || (type === 'number' && found === 'integer')) return undefined;
  return wrongType(at, found, `${at} in body must be of type ${type}: ${JSON.stringify(found)}`);
}

function valueErrors(value: unknown, schema: Schema, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (detail: string) => errors.push(invalid(at, value, `${at} in body ${detail}`));
  if (schema.enum !== undefined && !schema.enum.some((one) => isSame(one, value)))
    errors.push(unsupported(at, value, schema.enum.map(String)));
  if (typeof value === 'number') {
    const { minimum, maximum } = schema;
    if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum))
      refuse(`should be greater than${schema.exclusiveMinimum ? '' : ' or equal to'} ${minimum}`);
    if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum))
      refuse(`should be less than${schema.exclusiveMaximum ? '' : ' or equal to'} ${maximum}`);
    if (schema.multipleOf !== undefined && value % schema.multipleOf !== 0) refuse(`should be a multiple of ${schema.multipleOf}`);
  }
  if (typeof value === 'string') {
    const { length } = [...value];
    if (schema.maxLength !== undefined && length > schema.maxLength)
      errors.push({ reason: 'FieldValueTooLong', message: `Too long: may not be more than ${schema.maxLength} bytes`, field: at });
    if (schema.minLength !== undefined && length < schema.minLength) refuse(`should be at least ${schema.minLength} chars long`);
    if (schema.pattern !== undefined && !pattern(schema.pattern).test(value)) refuse(`should match '${schema.pattern}'`);
    if (schema.format === 'date-time' && Number.isNaN(Date.parse(value))) refuse(`must be of type date-time: ${JSON.stringify(value)}`);
  }
  return errors;
}

const patterns = new Map<string, RegExp>();

/** Definitions bring patterns in Go's dialect, which is nearly ours; one that can't be read lets everything pass. */
function pattern(text: string): RegExp {
  let found = patterns.get(text);
  if (found === undefined) {
    try {
      found = new RegExp(text, 'u');
    } catch {
      found = /(?:)/;
    }
    patterns.set(text, found);
  }
  return found;
}

function listErrors(list: readonly unknown[], schema: Schema, at: string): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.maxItems !== undefined && list.length > schema.maxItems) {
    errors.push({
      reason: 'FieldValueTooMany',
      message: `Too many: ${list.length}: must have at most ${schema.maxItems} items`,
      field: at,
    });
  }
  if (schema.minItems !== undefined && list.length < schema.minItems)
    errors.push(invalid(at, list, `${at} in body should have at least ${schema.minItems} items`));
  const keys = schema['x-kubernetes-list-map-keys'];
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const here = `${at}[${index}]`;
    if (schema.items !== undefined) errors.push(...check(item, schema.items, here));
    if (schema.uniqueItems || schema['x-kubernetes-list-type'] === 'set' || schema['x-kubernetes-list-type'] === 'map') {
      const id = JSON.stringify(keys === undefined || !isRecord(item) ? item : keys.map((key) => item[key]));
      if (seen.has(id)) errors.push(duplicate(here, item));
      seen.add(id);
    }
  }
  return errors;
}

function recordErrors(record: Record<string, unknown>, schema: Schema, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const below = (name: string) => (at === '' ? name : `${at}.${name}`);
  const names = Object.keys(record);
  for (const name of schema.required ?? []) if (!Object.hasOwn(record, name)) errors.push(required(below(name)));
  if (schema.maxProperties !== undefined && names.length > schema.maxProperties) {
    errors.push({
      reason: 'FieldValueTooMany',
      message: `Too many: ${names.length}: must have at most ${schema.maxProperties} items`,
      field: at,
    });
  }
  if (schema.minProperties !== undefined && names.length < schema.minProperties)
    errors.push(invalid(at, names.length, `${at} in body should have at least ${schema.minProperties} properties`));
  for (const name of names) {
    const member = Object.hasOwn(schema.properties ?? {}, name) ? schema.properties?.[name] : schema.additionalProperties;
    if (isRecord(member)) errors.push(...check(record[name], member as Schema, below(name)));
  }
  return errors;
}

/** anyOf and its kin: branches say no types of their own, so values are checked against them as they are. */
function combinedErrors(value: unknown, schema: Schema, at: string): FieldError[] {
  const holds = (branch: Schema) => check(value, branch, at).length === 0;
  const errors = (schema.allOf ?? []).flatMap((branch) => check(value, branch, at));
  if (schema.anyOf !== undefined && !schema.anyOf.some(holds))
    errors.push(invalid(at, value, `${at} in body must validate at least one schema (anyOf)`));
  if (schema.oneOf !== undefined && schema.oneOf.filter(holds).length !== 1) {
    errors.push(
      invalid(
        at,
        value,
        `${at} in body must validate one and only one schema (oneOf). Found ${schema.oneOf.some(holds) ? 'more than one' : 'none'} valid`,
      ),
    );
  }
  if (schema.not !== undefined && holds(schema.not)) errors.push(invalid(at, value, `${at} in body must not validate the schema (not)`));
  return errors;
}
