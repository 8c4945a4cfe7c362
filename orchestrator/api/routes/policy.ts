// Policy: what is in force on this node, and what it says of a flow.

import { jsonPieces } from '../json-pieces.ts';
import { Problem } from '../problem.ts';
import type { Call, Route } from '../route.ts';
import { noSuch, type ShownRow, shownRow, shownRows } from '../rows.ts';
import { fields, list, text, truth, whole } from '../schema.ts';
import type { FlowQuestion } from '../view.ts';
import { findEndpoint } from './endpoints.ts';

const policy = {
  policy: text('As rules name it: cnp/shop/web.'),
  kind: text(),
  rules: whole(),
  selects: list(whole('Number of an endpoint of this node.')),
  audit: truth('Its endpoints pass what it would drop, and tell.'),
  conditions: list(text()),
};

const protocols = ['tcp', 'udp', 'sctp', 'icmp', 'icmpv6'] as const;

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
    path: '/v1/policy/explain',
    sentence: 'What the policies in force say of a flow, in sentences.',
    query: {
      from: { type: 'string', required: true, sentence: 'namespace/pod or an address.' },
      to: { type: 'string', required: true, sentence: 'namespace/pod or an address.' },
      port: { type: 'integer', most: 65535, sentence: 'Destination port; of ICMP the type. 0 when left out.' },
      protocol: { type: 'string', choices: protocols, sentence: 'tcp when left out.' },
    },
    answer: {
      type: 'application/json',
      schema: fields({ verdict: { ...text(), enum: ['allow', 'deny', 'redirect'] }, lines: list(text()) }),
    },
    others: { 503: 'This agent cannot explain.' },
    run: explain,
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

async function explain({ view, query }: Call) {
  if (view.explain === undefined) throw new Problem(503, 'policy: explain: not offered by this agent');
  const question: FlowQuestion = {
    from: query.text('from') ?? '',
    to: query.text('to') ?? '',
    port: query.number('port') ?? 0,
    protocol: (query.text('protocol') ?? 'tcp') as FlowQuestion['protocol'],
  };
  return { json: await view.explain(question) };
}
