// Maps: what the datapath itself has, entry by entry; for when a table and the packets disagree.

import { maps } from '../../datapath/generated/maps.ts';
import type { MapSpec } from '../../datapath/layout.ts';
import { jsonPieces } from '../json-pieces.ts';
import { shownEntry } from '../map-entry.ts';
import { Problem } from '../problem.ts';
import type { Call, Route } from '../route.ts';
import { noSuch } from '../rows.ts';
import { fields, list, text, truth, whole } from '../schema.ts';
import type { AgentView } from '../view.ts';

const specs: readonly MapSpec[] = (Object.values(maps) as MapSpec[]).filter(({ kind }) => kind !== 'ring');
const state = {
  name: text(),
  kind: text(),
  writer: { ...text(), enum: ['datapath', 'orchestrator'] },
  capacity: whole('Entries that fit.'),
  sentence: text(),
};

export const mapRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/maps',
    sentence: 'Maps of the datapath.',
    query: { count: { type: 'boolean', sentence: 'Count the entries too, which scans each map.' } },
    answer: {
      type: 'application/json',
      schema: fields({ items: list(fields({ ...state, 'entries?': whole('Entries present.'), 'isFull?': truth() })) }),
    },
    others: { 503: 'There is no datapath yet.' },
    run: listMaps,
  },
  {
    method: 'GET',
    path: '/v1/maps/{name}',
    sentence: 'Entries of a map: those present all along, each once. Numbers of the core are told by name.',
    parts: { name: 'Of the map.' },
    query: { limit: { type: 'integer', least: 1, sentence: 'No more entries than these.' } },
    answer: { type: 'application/json', schema: fields({ ...state, items: list(fields({ key: {}, value: {} })) }) },
    others: { 503: 'There is no datapath yet.' },
    run({ view, parts: { name = '' }, query }) {
      const datapath = datapathOf(view);
      const spec = specs.find((one) => one.name === name);
      if (spec === undefined) {
        throw noSuch(
          'maps',
          name,
          specs.map((one) => one.name),
          'map',
        );
      }
      return { pieces: jsonPieces(mapState(spec, datapath), entriesOf(spec, datapath, query.number('limit'))) };
    },
  },
];

type ShownDatapath = NonNullable<AgentView['datapath']>;

async function listMaps({ view, query }: Call) {
  const datapath = datapathOf(view);
  const items: unknown[] = [];
  for (const spec of specs) {
    const found = mapState(spec, datapath);
    if (!query.isSet('count')) items.push(found);
    else {
      const entries = await datapath.map(spec).count();
      items.push({ ...found, entries, isFull: entries >= found.capacity });
    }
  }
  return { json: { items } };
}

function datapathOf({ datapath }: AgentView): ShownDatapath {
  if (datapath === undefined) throw new Problem(503, 'maps: the datapath is not open yet', { hint: 'axoneme status tells why' });
  return datapath;
}

function mapState(spec: MapSpec, datapath: ShownDatapath) {
  const { name, kind, writer, sentence } = spec;
  return { name, kind, writer, capacity: datapath.map(spec).capacity, sentence };
}

async function* entriesOf(spec: MapSpec, datapath: ShownDatapath, limit = Number.POSITIVE_INFINITY): AsyncIterable<unknown> {
  let left = limit;
  for await (const [key, value] of datapath.map(spec).entries()) {
    yield shownEntry(spec, key, value, datapath.now());
    left -= 1;
    if (left <= 0) return;
  }
}
