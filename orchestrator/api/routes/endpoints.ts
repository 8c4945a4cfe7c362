// Endpoints: the pods' interfaces of this node, what is enforced on each, and what the datapath has of them.

import { endpointsSpec } from '../../datapath/generated/maps.ts';
import { addressWords } from '../../net/words.ts';
import { jsonPieces } from '../json-pieces.ts';
import { shownEntry } from '../map-entry.ts';
import type { Route } from '../route.ts';
import { noSuch, type ShownRow, shownRow, shownRows } from '../rows.ts';
import { fields, list, text, truth, whole } from '../schema.ts';
import type { AgentView } from '../view.ts';

const endpoint = {
  endpoint: whole('Its number on this node.'),
  pod: text('namespace/name'),
  identity: whole('0 until it is known.'),
  ingress: { ...text(), enum: ['enforced', 'audit', 'open'] },
  egress: { ...text(), enum: ['enforced', 'audit', 'open'] },
  state: text('ready, or how far it has come.'),
  addresses: list(text()),
  device: text('Interface of the host behind which it is.'),
  labels: list(text('source:key=value')),
  revision: whole(),
  why: text('Why it is not ready.'),
};

export const endpointRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/endpoints',
    sentence: 'Endpoints of this node.',
    query: { namespace: { type: 'string', sentence: 'Only those of pods in it.' } },
    answer: { type: 'application/json', schema: fields({ items: list(fields(endpoint)) }) },
    run({ view, query }) {
      const namespace = query.text('namespace');
      return { pieces: jsonPieces({}, inNamespace(shownRows(view, 'endpoints'), namespace)) };
    },
  },
  {
    method: 'GET',
    path: '/v1/endpoints/{id}',
    sentence: 'One endpoint, the policies that select it, and its entries in the datapath.',
    parts: { id: 'Its number, namespace/pod (with the slash as %2F), or one of its addresses.' },
    answer: {
      type: 'application/json',
      schema: fields({
        ...endpoint,
        policies: list(text('kind/namespace/name')),
        datapath: list(fields({ address: text(), isPresent: truth() })),
      }),
    },
    async run({ view, parts: { id = '' } }) {
      const row = findEndpoint(view, id);
      if (row === undefined) {
        const pods = Array.from(shownRows(view, 'endpoints'), ({ endpoint: number, pod }) => `${number} (${pod})`);
        throw noSuch('endpoints', id, pods.length > 20 ? [`${pods.length} of them: see /v1/endpoints`] : pods, 'endpoint');
      }
      const policies = selecting(view, Number(row.endpoint));
      return { json: { ...row, policies, datapath: await datapathEntries(view, row) } };
    },
  },
];

function* inNamespace(rows: Iterable<ShownRow>, namespace: string | undefined): Iterable<ShownRow> {
  for (const row of rows) if (namespace === undefined || String(row.pod).startsWith(`${namespace}/`)) yield row;
}

export function findEndpoint(view: AgentView, id: string): ShownRow | undefined {
  if (/^\d+$/.test(id)) return shownRow(view, 'endpoints', id);
  for (const row of shownRows(view, 'endpoints')) {
    if (row.pod === id || (Array.isArray(row.addresses) && row.addresses.includes(id))) return row;
  }
  return undefined;
}

/** Names of the policies that select an endpoint. */
function selecting(view: AgentView, endpoint: number): string[] {
  return Array.from(shownRows(view, 'policies'))
    .filter(({ selects }) => Array.isArray(selects) && selects.includes(endpoint))
    .map(({ policy }) => String(policy));
}

/** What the machine itself has under its addresses; without one of them there is nothing to deliver to. */
async function datapathEntries({ datapath }: AgentView, { addresses }: ShownRow): Promise<unknown[]> {
  if (datapath === undefined || !Array.isArray(addresses)) return [];
  const map = datapath.map(endpointsSpec);
  const now = datapath.now();
  const found = await Promise.all(
    addresses.map(String).map(async (address) => {
      const key = addressWords(address);
      const value = await map.get(key);
      return { address, isPresent: value !== undefined, ...(value && (shownEntry(endpointsSpec, key, value, now).value as object)) };
    }),
  );
  return found;
}
