// Tables: any table of the agent, by name, with the columns that its rows show.

import { jsonPieces } from '../json-pieces.ts';
import type { Route } from '../route.ts';
import { noSuch, shownRows, tableState } from '../rows.ts';
import { fields, list, text, truth, whole } from '../schema.ts';

const state = {
  name: text(),
  rows: whole('Rows in it.'),
  revision: whole('Goes up by one with every change.'),
  isComplete: truth('Whether every source has delivered its first full list.'),
  missingSources: list(text('A source whose first full list is awaited.')),
};

export const tableRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/tables',
    sentence: 'Every table of the agent.',
    answer: { type: 'application/json', schema: fields({ items: list(fields(state)) }) },
    run: ({ view }) => ({
      json: {
        items: view.tables.names().flatMap((name) => {
          const table = view.tables.get(name);
          return table === undefined ? [] : [tableState(table)];
        }),
      },
    }),
  },
  {
    method: 'GET',
    path: '/v1/tables/{name}',
    sentence: 'The rows of a table, by primary key, with its columns as fields.',
    parts: { name: 'Of the table.' },
    answer: { type: 'application/json', schema: fields({ ...state, items: list(fields({})) }) },
    run({ view, parts: { name = '' } }) {
      const table = view.tables.get(name);
      if (table === undefined) throw noSuch('tables', name, view.tables.names(), 'table');
      return { pieces: jsonPieces(tableState(table), shownRows(view, name)) };
    },
  },
];
