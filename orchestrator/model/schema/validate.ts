// Validation: every way in which a value is not what its schema says, each with its place.

import type { FieldPath, Problem } from '../policy/problem.ts';
import { isCidr } from './cidr-format.ts';
import type { IntegerOrStringSchema, IntegerSchema, ListSchema, MapSchema, ObjectSchema, Schema, StringSchema } from './schema.ts';
import { nearest } from './suggestion.ts';

/** Problems of one value that are told; what follows is counted by nobody. */
export const mostProblems = 100;

export interface ValidateOptions {
  /**
   * The object comes out of a cluster, whose API server has already checked it, maybe against an older or newer schema: what has the right
   * type is told as a warning at most, and null is as good as nothing, as agents decode it.
   */
  readonly stored?: boolean;
}

/** All problems, at most `mostProblems` and one that says so. Linear in the value; what the schema does not speak of is not visited. */
export function validate(value: unknown, schema: Schema, options: ValidateOptions = {}): Problem[] {
  const validation = new Validation(options.stored ?? false);
  validation.visit(value, schema);
  return validation.problems;
}

/** As users see values: JSON, cut. */
export function show(value: unknown): string {
  if (typeof value !== 'string') return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value));
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

class Validation {
  readonly problems: Problem[] = [];
  private readonly path: (string | number)[] = [];
  private readonly stored: boolean;

  constructor(stored: boolean) {
    this.stored = stored;
  }

  private get full(): boolean {
    return this.problems.length > mostProblems;
  }

  visit(value: unknown, schema: Schema): void {
    switch (schema.kind) {
      case 'string':
        if (this.isOf(value, 'string', typeof value === 'string')) this.visitString(value as string, schema);
        break;
      case 'integer':
        if (this.isOf(value, 'whole number', Number.isInteger(value))) this.visitInteger(value as number, schema);
        break;
      case 'boolean':
        this.isOf(value, 'boolean', typeof value === 'boolean');
        break;
      case 'integerOrString':
        this.visitIntegerOrString(value, schema);
        break;
      case 'list':
        if (this.isOf(value, 'list', Array.isArray(value))) this.visitList(value as unknown[], schema);
        break;
      case 'map':
        if (this.isOf(value, 'map', isMap(value))) this.visitMap(value as Record<string, unknown>, schema);
        break;
      case 'object':
        if (this.isOf(value, 'map', isMap(value))) this.visitObject(value as Record<string, unknown>, schema);
        break;
      case 'any':
    }
  }

  private visitString(text: string, { enum: values, pattern, format, minLength = 0, maxLength, class: name }: StringSchema): void {
    if (text.length < minLength) this.report(name ?? 'length', 'is empty');
    else if (maxLength !== undefined && isLonger(text, maxLength)) {
      this.report(name ?? 'length', `is longer than ${maxLength} characters: ${show(text)}`);
    } else if (values !== undefined && !values.includes(text)) {
      const meant = nearest(text, values);
      const choice = meant === undefined ? `known are ${values.join(', ')}` : `did you mean ${show(meant)}?`;
      this.report(name ?? 'enum', `unknown value ${show(text)}: ${choice}`);
    } else if (pattern !== undefined && !pattern.test(text)) {
      this.report(name ?? 'pattern', `${show(text)} does not match ${pattern.source.length > 100 ? 'what is known here' : pattern.source}`);
    } else if (format === 'cidr' && !isCidr(text)) {
      this.report(name ?? 'cidr', `not an address with a prefix length: ${show(text)}`);
    }
  }

  private visitInteger(value: number, { minimum, maximum, format, zero, class: name }: IntegerSchema): void {
    const [least, most] = format === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
    if (value < (minimum ?? least)) this.report(name ?? 'range', `${value} is less than ${minimum ?? least}`);
    else if (value > (maximum ?? most)) this.report(name ?? 'range', `${value} is more than ${maximum ?? most}`);
    else if (value === 0 && zero === 'refused') this.report(name ?? 'range', '0 says nothing: leave the field out');
  }

  private visitIntegerOrString(value: unknown, { pattern, class: name }: IntegerOrStringSchema): void {
    if (typeof value === 'string') this.visitString(value, { kind: 'string', pattern, class: name });
    else if (this.isOf(value, 'whole number or a string', Number.isInteger(value))) {
      this.visitInteger(value as number, { kind: 'integer', format: 'int32', class: name });
    }
  }

  private visitList(values: readonly unknown[], { items, minItems = 0, maxItems, merge, class: name }: ListSchema): void {
    if (values.length < minItems) this.report(name ?? 'too-few', `has ${values.length} elements, at least ${minItems} are wanted`);
    if (maxItems !== undefined && values.length > maxItems) {
      const message =
        maxItems === 0 ? 'is no longer part of this API: leave it out' : `has ${values.length} elements, ${maxItems} are allowed`;
      this.report(name ?? 'too-many', message);
      return;
    }
    for (let index = 0; index < values.length && !this.full; index++) this.below(index, values[index], items);
    if (merge === 'set' && new Set(values).size < values.length) this.report('duplicate-element', 'an element is there twice', 'warning');
  }

  private visitMap(values: Record<string, unknown>, { values: schema }: MapSchema): void {
    for (const key in values) {
      if (this.full) return;
      if (values[key] !== undefined) this.below(key, values[key], schema);
    }
  }

  private visitObject(value: Record<string, unknown>, schema: ObjectSchema): void {
    const before = this.problems.length;
    const given = new Set<string>();
    for (const key of Object.keys(value)) {
      if (this.full) return;
      const field = value[key];
      if (field === undefined) continue;
      if (!Object.hasOwn(schema.properties, key)) {
        if (schema.unknown !== 'allowed') this.reportUnknown(key, field, schema);
      } else if (field !== null || !(schema.nulls || this.stored)) {
        given.add(key);
        this.below(key, field, schema.properties[key]);
      }
    }
    this.visitPresence(given, schema);
    if (schema.check !== undefined && this.problems.length === before) {
      for (const problem of schema.check(value as never)) this.add({ ...problem, path: [...this.path, ...problem.path] });
    }
  }

  private visitPresence(given: ReadonlySet<string>, { required, oneOf, anyOf, class: name }: ObjectSchema): void {
    for (const field of required) if (!given.has(field)) this.report(name ?? 'required', `the field ${field} is missing`);
    if (oneOf !== undefined) {
      const found = oneOf.filter((field) => given.has(field));
      if (found.length === 0) this.report(name ?? 'one-of', `one of ${oneOf.join(', ')} is missing`);
      if (found.length > 1) this.report(name ?? 'one-of', `only one of ${found.join(', ')} may be there`);
    }
    if (anyOf !== undefined && !anyOf.some((field) => given.has(field))) {
      this.report('any-of', `at least one of ${anyOf.join(', ')} must be there`);
    }
  }

  /** A field that nobody knows and that holds no value says nothing, and API servers drop it: that is only worth a warning. */
  private reportUnknown(key: string, value: unknown, { properties, hints }: ObjectSchema): void {
    const known = Object.keys(properties);
    const meant = nearest(key, known);
    const hint = hints !== undefined && Object.hasOwn(hints, key) ? hints[key] : undefined;
    const more = hint ?? (meant !== undefined ? `did you mean ${meant}?` : `known are ${known.join(', ')}`);
    this.path.push(key);
    this.report('unknown-field', `unknown field ${show(key)}: ${more}`, holdsValue(value) ? 'error' : 'warning');
    this.path.pop();
  }

  private below(step: string | number, value: unknown, schema: Schema): void {
    this.path.push(step);
    this.visit(value, schema);
    this.path.pop();
  }

  private isOf(value: unknown, wanted: string, is: boolean): boolean {
    if (is) return true;
    const quotable = wanted === 'string' && (typeof value === 'number' || typeof value === 'boolean');
    const advice = quotable ? `: write "${value}"` : unquoted(wanted, value);
    this.report('type', `must be a ${wanted}, not ${kindOf(value)}${advice}`);
    return false;
  }

  private report(name: string, message: string, severity: Problem['severity'] = 'error'): void {
    this.add({ severity, class: name, path: [...this.path], message });
  }

  private add(problem: Problem): void {
    if (this.problems.length < mostProblems) {
      this.problems.push(this.stored && problem.class !== 'type' ? { ...problem, severity: 'warning' } : problem);
    } else if (!this.full) this.problems.push(cut(problem.path));
  }
}

function cut(path: FieldPath): Problem {
  const message = `there are more than ${mostProblems} problems: what follows was not looked at`;
  return { severity: 'error', class: 'too-many-problems', path, message };
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLonger(text: string, most: number): boolean {
  if (text.length <= most) return false;
  if (text.length > 2 * most) return true;
  return [...text].length > most;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'number' ? `the number ${value}` : `the ${typeof value} ${show(value)}`;
}

function unquoted(wanted: string, value: unknown): string {
  if (typeof value !== 'string') return '';
  if (wanted.startsWith('whole') && /^-?\d{1,15}$/.test(value)) return `: write ${Number(value)} without quotes`;
  return wanted === 'boolean' && /^(true|false)$/.test(value) ? `: write ${value} without quotes` : '';
}

/** Whether there is anything but empty maps and lists in it. What is too large to look through surely holds something. */
function holdsValue(value: unknown): boolean {
  let budget = 1000;
  const waiting = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null || budget-- === 0) return true;
    const children = Object.values(next);
    if (children.length > budget) return true;
    waiting.push(...children);
  }
  return false;
}
