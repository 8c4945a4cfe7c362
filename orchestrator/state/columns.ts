// Rows print themselves: a table says once what its columns are, and text and JSON of any table follow.

import type { Table } from './table.ts';

/** Header → what a row shows under it. */
export type Columns<Row> = { readonly [header: string]: (row: Row) => unknown };

export interface PrintOptions<Row> {
  /** More columns to the right, of what is known beside the rows. */
  readonly beside?: Columns<Row>;
}

/** A header and one line a row, by primary key; columns are padded with spaces. */
export function tableText<Row>(table: Table<Row, string>, { beside = {} }: PrintOptions<Row> = {}): string {
  const columns = { ...table.spec.columns, ...beside };
  const lines = [Object.keys(columns).map((header) => header.toUpperCase())];
  for (const row of sortedRows(table)) lines.push(Object.values(columns).map((show) => cell(show(row))));
  const widths = (lines[0] ?? []).map((_, column) => lines.reduce((most, line) => Math.max(most, (line[column] ?? '').length), 0));
  return lines
    .map(
      (line) =>
        `${line
          .map((text, column) => text.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** One object a row, by primary key, with the columns as its fields; only what JSON knows is in them. */
export function tableJson<Row>(table: Table<Row, string>, options: PrintOptions<Row> = {}): { [header: string]: unknown }[] {
  return [...eachJson(table, options)];
}

/** As `tableJson`, of the rows that there are at the first step, each made when it is asked for. */
export function* eachJson<Row>(
  table: Table<Row, string>,
  { beside = {} }: PrintOptions<Row> = {},
): Generator<{ [header: string]: unknown }> {
  const columns = Object.entries({ ...table.spec.columns, ...beside });
  for (const row of sortedRows(table)) yield Object.fromEntries(columns.map(([header, show]) => [header, plain(show(row))]));
}

function sortedRows<Row>(table: Table<Row, string>): Row[] {
  const keyed = Array.from(table.rows(), (row) => ({ key: table.spec.key(row), row }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ row }) => row);
}

/** What others named must not move the cursor or break the line. */
function cell(value: unknown): string {
  const shown = plain(value);
  const text = asText(Array.isArray(shown) && shown.every((part) => typeof part !== 'object') ? shown.join(',') : shown);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function asText(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (value instanceof Error) return value.message;
  if (Array.isArray(value) || value instanceof Set) return Array.from(value, plain);
  if (value instanceof Map) return Object.fromEntries(Array.from(value, ([key, of]) => [String(key), plain(of)]));
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, plain(of)]));
  return typeof value === 'function' || typeof value === 'symbol' ? String(value) : value;
}
