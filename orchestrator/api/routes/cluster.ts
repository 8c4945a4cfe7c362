// What the node knows of the cluster: identities, addresses, nodes.

import { type AddressWords, addressWords, prefixText, prefixWords, wordBytes } from '../../net/words.ts';
import { jsonPieces } from '../json-pieces.ts';
import { Problem } from '../problem.ts';
import type { Call, Route } from '../route.ts';
import { type ShownRow, shownRow, shownRows } from '../rows.ts';
import { fields, list, text, whole } from '../schema.ts';
import type { AgentView } from '../view.ts';

const identity = {
  number: whole(),
  scope: { ...text(), enum: ['reserved', 'cluster', 'local'] },
  labels: list(text('source:key=value')),
  prefix: text('Of a local one that stands for a prefix.'),
  endpoints: whole('Endpoints of this node that have it.'),
};
const address = { prefix: text(), identity: whole(), node: text('Empty for here and for outside.'), from: text('Who said so.') };
const node = {
  node: text(),
  number: whole("This node's own number for it, as maps have it."),
  address: text('Where its packets are sent.'),
  way: { ...text(), enum: ['local', 'overlay', 'native'] },
  prefixes: list(text('Its pods are in these.')),
  'health?': text('What the last probes of it found; missing when there were none.'),
};

export const clusterRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/identities',
    sentence: 'Identities that this node knows.',
    answer: { type: 'application/json', schema: fields({ items: list(fields(identity)) }) },
    run: ({ view }) => ({ pieces: jsonPieces({}, shownRows(view, 'identities')) }),
  },
  {
    method: 'GET',
    path: '/v1/identities/{number}',
    sentence: 'One identity.',
    parts: { number: 'Of the identity.' },
    answer: { type: 'application/json', schema: fields(identity) },
    run({ view, parts: { number = '' } }) {
      const row = shownRow(view, 'identities', number);
      if (row === undefined) throw new Problem(404, `identities: not known on this node: ${JSON.stringify(number)}`);
      return { json: row };
    },
  },
  {
    method: 'GET',
    path: '/v1/ip',
    sentence: 'Prefixes with the identity behind each; with an address the longest one that covers it.',
    query: { address: { type: 'string', sentence: 'Only the prefix that decides about this address.' } },
    answer: { type: 'application/json', schema: fields({ items: list(fields({ ...address, 'labels?': list(text()) })) }) },
    run: prefixes,
  },
  {
    method: 'GET',
    path: '/v1/nodes',
    sentence: 'Nodes of the cluster, and how packets get there.',
    answer: { type: 'application/json', schema: fields({ items: list(fields(node)) }) },
    run: ({ view }) => ({ pieces: jsonPieces({}, nodesWithHealth(view)) }),
  },
];

function* nodesWithHealth(view: AgentView): Iterable<ShownRow> {
  const probes = [...shownRows(view, 'health')];
  for (const row of shownRows(view, 'nodes')) {
    const found = probes.filter(({ node: probed }) => probed === row.node);
    const words = found.map(({ way, state, ms, error }) => `${way} ${state === 'reachable' ? `${ms} ms` : `unreachable: ${error}`}`);
    yield words.length === 0 ? row : { ...row, health: words.join(', ') };
  }
}

function prefixes({ view, query }: Call) {
  const wanted = query.text('address');
  if (wanted === undefined) return { pieces: jsonPieces({}, shownRows(view, 'ipcache')) };
  const row = longest(shownRows(view, 'ipcache'), wordsOf(wanted));
  const labels = row && shownRow(view, 'identities', String(row.identity))?.labels;
  return { json: { items: row === undefined ? [] : [{ ...row, ...(labels !== undefined && { labels }) }] } };
}

function wordsOf(address: string): AddressWords {
  try {
    return addressWords(address);
  } catch {
    throw new Problem(400, `/v1/ip: address: not an IPv4 or IPv6 address: ${JSON.stringify(address)}`);
  }
}

/** The prefix that decides: as the datapath would find it. */
export function longest(rows: Iterable<ShownRow>, words: AddressWords): ShownRow | undefined {
  let best: { row: ShownRow; length: number } | undefined;
  for (const row of rows) {
    const key = prefixWords(String(row.prefix));
    if (best !== undefined && key.prefixLength <= best.length) continue;
    if (prefixText(key) === prefixText({ ...key, ...cut(words, key.prefixLength - 32) })) best = { row, length: key.prefixLength };
  }
  return best?.row;
}

/** The first bits of an address, the others zero. */
function cut(words: AddressWords, bits: number): AddressWords {
  return addressWords(wordBytes(words).map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - at * 8)))));
}
