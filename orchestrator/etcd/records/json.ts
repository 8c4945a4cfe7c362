// JSON that others have written: checked field by field, and rejected with the field's name.
import { isIP } from 'node:net';

/** A bad record is a fact about its writer, not a failure of the reader. */
export type Read<Record> = { readonly record: Record } | { readonly rejected: string };

type Kind = 'string' | 'number' | 'array' | 'object' | 'address';
type Json = Readonly<Record<string, unknown>>;

export function read<Record>(value: Uint8Array, check: (json: Json) => Record): Read<Record> {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value));
    return { record: check(record(json, 'value')) };
  } catch (error) {
    return { rejected: (error as Error).message };
  }
}

export function encodeRecord(record: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}

export function record(json: unknown, where: string): Json {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error(`${where}: not an object`);
  return json as Json;
}

export function requireFields(json: Json, fields: Readonly<Record<string, Kind>>): void {
  for (const [name, kind] of Object.entries(fields)) {
    if (!is(json[name], kind)) throw new Error(`${name}: not ${article(kind)}: ${JSON.stringify(json[name])}`);
  }
}

/** Absent and null are the same. */
export function optional(json: Json, fields: Readonly<Record<string, Kind>>): void {
  const given = Object.entries(fields).filter(([name]) => json[name] !== undefined && json[name] !== null);
  requireFields(json, Object.fromEntries(given));
}

function is(value: unknown, kind: Kind): boolean {
  if (kind === 'number') return Number.isInteger(value) && (value as number) >= 0;
  if (kind === 'array') return Array.isArray(value);
  if (kind === 'address') return typeof value === 'string' && isIP(value) !== 0;
  return typeof value === kind && value !== null && !Array.isArray(value);
}

const article = (kind: Kind): string =>
  ({ string: 'a text', number: 'a whole number', array: 'a list', object: 'an object', address: 'an address' })[kind];
