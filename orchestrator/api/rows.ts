// Rows of the agent's tables as the API tells them: the columns of each, as JSON.

import { type Columns, eachJson } from '../state/columns.ts';
import type { Key } from '../state/table.ts';
import type { AnyTable } from '../state/table-registry.ts';
import { Problem } from './problem.ts';
import type { AgentView } from './view.ts';

export type ShownRow = Readonly<Record<string, unknown>>;

/** Those of a table; none when the agent has no such table. */
export function shownRows(view: AgentView, name: string): Iterable<ShownRow> {
  const table = view.tables.get(name);
  return table === undefined ? [] : eachJson(table);
}

/** The row under a key; numbers are looked for as such. */
export function shownRow(view: AgentView, name: string, key: string): ShownRow | undefined {
  const table = view.tables.get(name);
  if (table === undefined) return undefined;
  const keys: Key[] = /^\d{1,15}$/.test(key) ? [Number(key), key] : [key];
  for (const candidate of keys) {
    const row = table.get(candidate);
    if (row !== undefined) return columnsOf(table, row);
  }
  return undefined;
}

function columnsOf(table: AnyTable, row: never): ShownRow {
  const columns = Object.entries(table.spec.columns as Columns<never>);
  return Object.fromEntries(columns.map(([header, show]) => [header, show(row)]));
}

export function tableState(table: AnyTable) {
  const missingSources = table.missingSources();
  return {
    name: table.name,
    rows: table.size,
    revision: table.revision,
    isComplete: missingSources.length === 0,
    missingSources,
  };
}

export function noSuch(what: string, name: string, known: readonly string[], kind: string): Problem {
  const hint = known.length === 0 ? `there is no ${kind}` : `there is ${known.join(', ')}`;
  return new Problem(404, `${what}: no such ${kind}: ${JSON.stringify(name)}`, { hint });
}
