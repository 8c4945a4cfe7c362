// Rows, told: as aligned columns for people, and as JSON or YAML for programs, the same rows in each.

import type { Terminal } from '../policy/terminal.ts';

export const outputForms = ['table', 'wide', 'json', 'yaml'] as const;

export type Row = Readonly<Record<string, unknown>>;

export interface RowsShown {
  /** Columns of the plain form, in order; every column when undefined. Columns that no row has are left out. */
  readonly columns?: readonly string[];
  /** Columns that are shown only when some row has something in them. */
  readonly ifAny?: readonly string[];
  /** Instead of a table without rows. */
  readonly none: string;
}

export async function tellRows(terminal: Terminal, rows: readonly Row[], form: string | undefined, shown: RowsShown): Promise<void> {
  if (form === 'json' || form === 'yaml') {
    terminal.write(await structured(rows, form));
    return;
  }
  if (rows.length === 0) {
    terminal.complain(`${shown.none}\n`);
    return;
  }
  const all = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const isUsed = (column: string) => rows.some((row) => cellText(row[column]) !== '-');
  const plain = [...(shown.columns ?? all), ...(shown.ifAny ?? []).filter(isUsed)].filter((column) => all.includes(column));
  const wide = [...plain, ...all.filter((column) => !plain.includes(column))];
  terminal.write(columnsText(rows, form === 'wide' ? wide : plain, terminal));
}

export async function structured(value: unknown, form: 'json' | 'yaml'): Promise<string> {
  if (form === 'json') return `${JSON.stringify(value, undefined, 2)}\n`;
  const { stringify } = await import('yaml');
  return stringify(value, { lineWidth: 0 });
}

function columnsText(rows: readonly Row[], columns: readonly string[], { paint }: Terminal): string {
  const lines = rows.map((row) => columns.map((column) => cellText(row[column])));
  const headers = columns.map((column) => column.replace(/[A-Z]/g, ' $&').toUpperCase());
  const widths = headers.map((header, at) => lines.reduce((most, line) => Math.max(most, (line[at] as string).length), header.length));
  const text = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] as number))
      .join('  ')
      .trimEnd();
  return `${[paint.strong(text(headers)), ...lines.map(text)].join('\n')}\n`;
}

/** Lists with commas; nothing as a dash, so that columns can be cut by programs too. */
export function cellText(value: unknown): string {
  if (value === undefined || value === null || value === '') return '-';
  if (Array.isArray(value))
    return value.length === 0 ? '-' : value.map((one) => (isObject(one) ? JSON.stringify(one) : String(one))).join(',');
  return isObject(value) ? pairsText(value) : String(value);
}

/** `address=10.0.0.1 port=80`, of a key or a value of a map. */
export function pairsText(value: unknown): string {
  if (!isObject(value)) return cellText(value);
  const pairs = Object.entries(value).map(
    ([name, of]) => `${name}=${isObject(of) && !Array.isArray(of) ? JSON.stringify(of) : cellText(of)}`,
  );
  return pairs.length === 0 ? '-' : pairs.join(' ');
}

/** One thing in lines: `name: value`, lists below their name. */
export async function tellOne(terminal: Terminal, one: Row, form: string | undefined): Promise<void> {
  if (form === 'json' || form === 'yaml') {
    terminal.write(await structured(one, form));
    return;
  }
  const width = Math.max(...Object.keys(one).map((name) => name.length)) + 2;
  const lines = Object.entries(one).flatMap(([name, value]) => {
    const label = `${name}:`.padEnd(width);
    if (!Array.isArray(value) || value.length === 0) return [`${label}${cellText(value)}`];
    return value.map((item, at) => `${at === 0 ? label : ' '.repeat(width)}${isObject(item) ? pairsText(item) : cellText(item)}`);
  });
  terminal.write(`${lines.join('\n')}\n`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
