// Policy: what is in force on this node.

import { jsonPieces } from '../json-pieces.ts';
import type { Route } from '../route.ts';
import { noSuch, type ShownRow, shownRow, shownRows } from '../rows.ts';
import { fields, list, text, truth, whole } from '../schema.ts';
import { findEndpoint } from './endpoints.ts';

const policy = {
  policy: text('As rules name it: cnp/shop/web.'),
  kind: text(),
  rules: whole(),
  selects: list(whole('Number of an endpoint of this node.')),
  audit: truth('Its endpoints pass what it would drop, and tell.'),
  conditions: list(text()),
};

export const policyRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/policy',
    sentence: 'Policies that this node knows, with the endpoints that each selects.',
    query: { endpoint: { type: 'string', sentence: 'Only those that select it: its number, namespace/pod or address.' } },
    answer: { type: 'application/json', schema: fields({ items: list(fields(policy)) }) },
    run({ view, query }) {
      const wanted = query.text('endpoint');
      if (wanted === undefined) return { pieces: jsonPieces({}, shownRows(view, 'policies')) };
      const endpoint = findEndpoint(view, wanted);
      if (endpoint === undefined) throw noSuch('policy', wanted, [], 'endpoint of this node');
      return { pieces: jsonPieces({}, selecting(shownRows(view, 'policies'), Number(endpoint.endpoint))) };
    },
  },
  {
    method: 'GET',
    path: '/v1/policy/{policy}',
    sentence: 'One policy.',
    parts: { policy: 'As rules name it, with its slashes as %2F: cnp%2Fshop%2Fweb.' },
    answer: { type: 'application/json', schema: fields(policy) },
    run({ view, parts: { policy: name = '' } }) {
      const row = shownRow(view, 'policies', name);
      if (row !== undefined) return { json: row };
      const known = Array.from(shownRows(view, 'policies'), ({ policy: other }) => String(other));
      throw noSuch('policy', name, known.length > 20 ? [`${known.length} of them: see /v1/policy`] : known, 'policy');
    },
  },
];

function* selecting(rows: Iterable<ShownRow>, endpoint: number): Iterable<ShownRow> {
  for (const row of rows) if (Array.isArray(row.selects) && row.selects.includes(endpoint)) yield row;
}
