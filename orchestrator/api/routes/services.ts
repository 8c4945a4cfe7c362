// Services: their addresses and ports, who answers there, and how much they have.

import { backendFlows } from '../backend-flows.ts';
import { backendHits } from '../backend-hits.ts';
import { jsonPieces } from '../json-pieces.ts';
import type { Route } from '../route.ts';
import { noSuch, type ShownRow, shownRow, shownRows } from '../rows.ts';
import { fields, list, text, truth, whole } from '../schema.ts';
import type { AgentView } from '../view.ts';

const frontend = {
  service: text('namespace/name; of a host port the pod.'),
  type: { ...text(), enum: ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalIP', 'HostPort', 'closed'] },
  scope: { ...text('For pods and programs of this node, or for clients of the network.'), enum: ['inside', 'outside'] },
  address: text(),
  port: text('number/protocol'),
  name: text(),
  backends: list(text('address:port/protocol of those that take new connections.')),
  weights: list(whole('Shares, where they differ.')),
  affinity: text('For how long a client keeps its backend.'),
  ranges: list(text('Prefixes of clients that may come; empty for everybody.')),
  algorithm: { ...text(), enum: ['maglev', 'random'] },
  direct: truth('Backends of other nodes get packets as clients wrote them.'),
  why: text('Why nobody answers.'),
  changed: text('When something was different last.'),
  change: text('What it was.'),
};
const optional = ['affinity', 'name', 'weights', 'ranges', 'why', 'backends'];
const frontendSchema = fields(
  Object.fromEntries(Object.entries(frontend).map(([name, of]) => [optional.includes(name) ? `${name}?` : name, of])),
);
const backend = {
  backend: text('address:port/protocol'),
  node: text(),
  zone: text(),
  state: text('active, or draining: it keeps what it has.'),
  connections: whole('Those that it was given here since it is known; they outlive the agent.'),
  flows: whole('Connections that the datapath has now.'),
  packets: whole('Of those, both ways.'),
  bytes: whole('Of those, both ways.'),
};

export const serviceRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/services',
    sentence: 'Addresses and ports of services with the backends that answer.',
    query: { namespace: { type: 'string', sentence: 'Only those of services in it.' } },
    answer: { type: 'application/json', schema: fields({ items: list(frontendSchema) }) },
    run({ view, query }) {
      const namespace = query.text('namespace');
      return { pieces: jsonPieces({}, inNamespace(shownRows(view, 'frontends'), namespace)) };
    },
  },
  {
    method: 'GET',
    path: '/v1/services/{name}',
    sentence: 'One service: its addresses and ports, and its backends with their connections.',
    parts: { name: 'namespace/name (with the slash as %2F), or one of its addresses.' },
    answer: {
      type: 'application/json',
      schema: fields({ service: text(), frontends: list(frontendSchema), backends: list(fields(backend)) }),
    },
    async run({ view, parts: { name = '' } }) {
      const all = [...shownRows(view, 'frontends')];
      const service = all.find((row) => row.service === name)?.service ?? all.find(({ address }) => address === name)?.service;
      const frontends = all.filter((row) => row.service === service);
      if (service === undefined) {
        const names = [...new Set(all.map((row) => String(row.service)))].sort();
        throw noSuch('services', name, names.length > 20 ? [`${names.length} of them: see /v1/services`] : names, 'service');
      }
      return { json: { service, frontends, backends: await backendsOf(view, frontends) } };
    },
  },
];

function* inNamespace(rows: Iterable<ShownRow>, namespace: string | undefined): Iterable<ShownRow> {
  for (const row of rows) if (namespace === undefined || String(row.service).startsWith(`${namespace}/`)) yield row;
}

async function backendsOf(view: AgentView, frontends: readonly ShownRow[]): Promise<ShownRow[]> {
  const texts = new Set(frontends.flatMap(({ backends }) => (Array.isArray(backends) ? backends.map(String) : [])));
  const keys = new Map(Array.from(texts, (socket) => [keyOf(socket), socket]));
  const asked = new Set(keys.keys());
  const flows = view.datapath === undefined ? new Map() : await backendFlows(view.datapath, asked);
  const hits = view.datapath === undefined ? new Map() : await backendHits(view.datapath, asked);
  const nothing = { flows: 0, packets: 0, bytes: 0 };
  return Array.from(keys, ([key, socket]) => {
    const row = shownRow(view, 'backends', key);
    return {
      backend: socket,
      node: '',
      zone: '',
      state: '',
      ...row,
      connections: hits.get(key) ?? 0,
      ...(flows.get(key) ?? nothing),
    } as ShownRow;
  });
}

const protocols: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132 };

/** `[fd00::7]:80/tcp` as the tables have it: `fd00::7 6 80`. */
function keyOf(socket: string): string {
  const [, address = '', port = '', protocol = ''] = /^\[?(.*?)\]?:(\d+)\/(\w+)$/.exec(socket) ?? [];
  return `${address} ${protocols[protocol] ?? protocol} ${port}`;
}
