// Definitions of the API's own kinds, by their names.
import type { Schema } from './schema.ts';

const definitions: Readonly<Record<string, Schema>> = {};

export function definition(name: string): Schema | undefined {
  return definitions[name];
}
