// Structural schemas: the OpenAPI v3 form of a schema that a CustomResourceDefinition takes.

import type { ListSchema, ObjectSchema, Schema } from './schema.ts';

export interface StructuralSchema {
  readonly type?: 'string' | 'integer' | 'boolean' | 'array' | 'object';
  readonly description?: string;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema;
  readonly items?: StructuralSchema;
  readonly required?: readonly string[];
  readonly oneOf?: readonly StructuralSchema[];
  readonly anyOf?: readonly StructuralSchema[];
  readonly [keyword: string]: unknown;
}

/** What a schema checks by itself, beyond lengths, patterns and presence, does not fit in and is left to the agent. */
export function structuralSchema(schema: Schema): StructuralSchema {
  const { description } = schema;
  return defined({ description, ...body(schema) });
}

function body(schema: Schema): StructuralSchema {
  switch (schema.kind) {
    case 'string': {
      const { enum: values, pattern, format, minLength, maxLength, default: standard } = schema;
      return { type: 'string', enum: values, pattern: pattern?.source, format, minLength, maxLength, default: standard };
    }
    case 'integer': {
      const { minimum, maximum, format } = schema;
      return { type: 'integer', minimum, maximum, format };
    }
    case 'boolean':
      return { type: 'boolean' };
    case 'integerOrString':
      return { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }], pattern: schema.pattern?.source };
    case 'any':
      return { 'x-kubernetes-preserve-unknown-fields': true };
    case 'list':
      return listBody(schema);
    case 'map':
      return { type: 'object', additionalProperties: structuralSchema(schema.values) };
    case 'object':
      return objectBody(schema);
  }
}

function listBody({ items, minItems, maxItems, merge }: ListSchema): StructuralSchema {
  return {
    type: 'array',
    items: structuralSchema(items),
    minItems,
    maxItems,
    'x-kubernetes-list-type': typeof merge === 'object' ? 'map' : merge,
    'x-kubernetes-list-map-keys': typeof merge === 'object' ? merge.keys : undefined,
  };
}

function objectBody({ properties, required, oneOf, anyOf, unknown, atomic }: ObjectSchema): StructuralSchema {
  const entries = Object.entries(properties).map(([name, schema]) => [name, structuralSchema(schema)] as const);
  return {
    type: 'object',
    properties: Object.fromEntries(entries),
    required: required.length > 0 ? required : undefined,
    oneOf: oneOf?.map((name) => ({ required: [name] })),
    anyOf: anyOf?.map((name) => ({ required: [name] })),
    'x-kubernetes-preserve-unknown-fields': unknown === 'allowed' ? true : undefined,
    'x-kubernetes-map-type': atomic ? 'atomic' : undefined,
  };
}

function defined(schema: StructuralSchema): StructuralSchema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}
