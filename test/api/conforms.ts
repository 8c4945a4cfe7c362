// Whether a value is of a schema: sentences about what is not.
import type { Schema } from '../../orchestrator/api/schema.ts';

export function objections(value: unknown, schema: Schema, at = '$'): string[] {
  if (schema.enum && !schema.enum.includes(value as never))
    return [`${at}: not one of ${schema.enum.join(', ')}: ${JSON.stringify(value)}`];
  const isWhole = Number.isInteger(value);
  switch (schema.type) {
    case undefined:
      return [];
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? inObject(value as Record<string, unknown>, schema, at)
        : [`${at}: no object`];
    case 'array':
      return Array.isArray(value)
        ? value.flatMap((item, index) => objections(item, schema.items ?? {}, `${at}[${index}]`))
        : [`${at}: no list`];
    case 'integer':
      return isWhole ? [] : [`${at}: not whole: ${JSON.stringify(value)}`];
    default:
      return typeof value === schema.type ? [] : [`${at}: not a ${schema.type}: ${JSON.stringify(value)}`];
  }
}

function inObject(value: Record<string, unknown>, { required = [], properties = {} }: Schema, at: string): string[] {
  const missing = required.filter((name) => !(name in value)).map((name) => `${at}.${name}: is missing`);
  const wrong = Object.entries(properties).flatMap(([name, schema]) =>
    name in value ? objections(value[name], schema, `${at}.${name}`) : [],
  );
  return [...missing, ...wrong];
}
