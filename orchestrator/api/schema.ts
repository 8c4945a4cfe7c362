// Schemas of answers, the part of JSON Schema that the OpenAPI document uses here.

export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly (string | number)[];
  readonly additionalProperties?: boolean | Schema;
}

export const text = (description?: string): Schema => ({ type: 'string', ...(description && { description }) });
export const whole = (description?: string): Schema => ({ type: 'integer', ...(description && { description }) });
export const truth = (description?: string): Schema => ({ type: 'boolean', ...(description && { description }) });
export const list = (items: Schema): Schema => ({ type: 'array', items });

/** An object with these fields; those whose name ends in `?` may be missing, and others may be there. */
export function fields(properties: Readonly<Record<string, Schema>>): Schema {
  const named = Object.entries(properties);
  return {
    type: 'object',
    properties: Object.fromEntries(named.map(([name, schema]) => [name.replace(/\?$/, ''), schema])),
    required: named.map(([name]) => name).filter((name) => !name.endsWith('?')),
  };
}
