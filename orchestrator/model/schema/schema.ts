// The schema language. From one schema come the type of a manifest, the checks of it and the CRD that an API server checks it with.

import type { Problem } from '../policy/problem.ts';

/** A regular expression, or something that says the same in linear time where JavaScript's engine would not. `source` is RE2's. */
export interface Pattern {
  readonly source: string;
  test(text: string): boolean;
}

interface Common {
  /** For readers of the CRD. */
  readonly description?: string;
  /** Class of the problems that this schema's own limits make; types and lengths have theirs. */
  readonly class?: string;
}

export interface StringSchema<V extends string = string> extends Common {
  readonly kind: 'string';
  readonly enum?: readonly V[];
  /** Looked at only within maxLength. */
  readonly pattern?: Pattern;
  readonly format?: 'cidr';
  readonly minLength?: number;
  /** In characters. */
  readonly maxLength?: number;
  readonly default?: V;
}

export interface IntegerSchema extends Common {
  readonly kind: 'integer';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: 'int32' | 'int64';
  /** 0 says the same as no value: refused, because it reads as if it said something. */
  readonly zero?: 'refused';
}

export interface BooleanSchema extends Common {
  readonly kind: 'boolean';
}

/** The one union that an API server knows: a whole number or a string. */
export interface IntegerOrStringSchema extends Common {
  readonly kind: 'integerOrString';
  /** Of the string; numbers are not asked. */
  readonly pattern?: Pattern;
}

/** Whatever it is, it is kept and not looked at. */
export interface AnySchema extends Common {
  readonly kind: 'any';
}

export interface ListSchema<I extends Schema = Schema> extends Common {
  readonly kind: 'list';
  readonly items: I;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** How an API server merges two writers' lists. `set`: no element twice. */
  readonly merge?: 'atomic' | 'set' | { readonly keys: readonly string[] };
}

export interface MapSchema<V extends Schema = Schema> extends Common {
  readonly kind: 'map';
  readonly values: V;
}

export type Properties = { readonly [name: string]: Schema };

export interface ObjectSchema<P extends Properties = Properties, R extends string = string, N extends boolean = boolean> extends Common {
  readonly kind: 'object';
  readonly properties: P;
  readonly required: readonly R[];
  /** Exactly one of these is there. */
  readonly oneOf?: readonly string[];
  /** At least one of these is there. */
  readonly anyOf?: readonly string[];
  /** Names that are not in `properties`: errors, or somebody else's. */
  readonly unknown?: 'allowed';
  /** null in a field is as if it was not there: so decode the types that an API server has built in. Else it is of the wrong type. */
  readonly nulls: N;
  readonly atomic?: true;
  /** Names that users try, and what to tell them. */
  readonly hints?: Readonly<Record<string, string>>;
  /**
   * What no other word here says; paths are relative. Asked only when the object's own fields have no problem; of an object out of a
   * cluster, any field may still be null.
   */
  readonly check?: (value: never) => readonly Problem[];
}

export type Schema =
  | StringSchema
  | IntegerSchema
  | BooleanSchema
  | IntegerOrStringSchema
  | AnySchema
  | ListSchema
  | MapSchema
  | ObjectSchema;

/** The type of what a schema accepts. */
export type Infer<S extends Schema> =
  S extends StringSchema<infer V>
    ? V
    : S extends IntegerSchema
      ? number
      : S extends BooleanSchema
        ? boolean
        : S extends IntegerOrStringSchema
          ? number | string
          : S extends ListSchema<infer I>
            ? readonly Infer<I>[]
            : S extends MapSchema<infer V>
              ? { readonly [key: string]: Infer<V> }
              : S extends ObjectSchema<infer P, infer R, infer N>
                ? Fields<P, R, N>
                : unknown;

type Fields<P extends Properties, R extends string, N extends boolean> = {
  readonly [K in keyof P & R]: Infer<P[K]>;
} & { readonly [K in Exclude<keyof P, R>]?: Infer<P[K]> | (N extends true ? null : never) };

type Options<S> = Omit<S, 'kind'>;

export function string<const V extends string = string>(options: Options<StringSchema<V>> = {}): StringSchema<V> {
  return { kind: 'string', ...options };
}

export function integer(options: Options<IntegerSchema> = {}): IntegerSchema {
  return { kind: 'integer', ...options };
}

export function boolean(options: Options<BooleanSchema> = {}): BooleanSchema {
  return { kind: 'boolean', ...options };
}

export function integerOrString(options: Options<IntegerOrStringSchema> = {}): IntegerOrStringSchema {
  return { kind: 'integerOrString', ...options };
}

export function any(options: Options<AnySchema> = {}): AnySchema {
  return { kind: 'any', ...options };
}

export function list<I extends Schema>(items: I, options: Omit<Options<ListSchema<I>>, 'items'> = {}): ListSchema<I> {
  return { kind: 'list', items, ...options };
}

export function map<V extends Schema>(values: V, options: Omit<Options<MapSchema<V>>, 'values'> = {}): MapSchema<V> {
  return { kind: 'map', values, ...options };
}

type ObjectOptions<R extends string> = Partial<Omit<ObjectSchema<Properties, R>, 'kind' | 'properties' | 'nulls'>>;

/** An object of a CRD: a field is there or not, null is of the wrong type. */
export function object<P extends Properties, const R extends keyof P & string = never>(
  properties: P,
  options: ObjectOptions<R> = {},
): ObjectSchema<P, R, false> {
  return { kind: 'object', required: [], ...options, properties, nulls: false };
}

/** An object of a type that API servers have built in: null is as good as nothing. */
export function builtIn<P extends Properties, const R extends keyof P & string = never>(
  properties: P,
  options: ObjectOptions<R> = {},
): ObjectSchema<P, R, true> {
  return { kind: 'object', required: [], ...options, properties, nulls: true };
}
