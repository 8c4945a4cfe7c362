// axoneme map: what the datapath itself has, for when what is wanted and what packets meet differ.

import { readFlags, usageError } from '../policy/flags.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import { askingFlags, clientOf, itemsOf } from './asking.ts';
import { pairsText, type Row, tellRows } from './rows.ts';

const listFlags = { ...askingFlags, count: { sentence: 'count the entries too, which scans every map' } } as const;

const list: Subcommand = {
  sentence: 'every map: its kind, how many entries fit, what is in it',
  usage: 'map list [FLAGS]',
  flags: listFlags,
  notes: `
Examples:
  axoneme map list
  axoneme map list --count
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('map list', listFlags, args);
    if (operands.length > 0) throw usageError('map list', `one too many: "${operands[0]}": map get shows one`);
    const rows = await itemsOf(clientOf(values), '/v1/maps', { count: values.count });
    const columns = ['name', 'kind', 'writer', ...(values.count ? ['entries'] : []), 'capacity', 'sentence'];
    await tellRows(terminal, rows, values.output, { columns, none: 'there is no map' });
    return 0;
  },
};

const defaultLimit = 10_000;
const getFlags = {
  ...askingFlags,
  limit: { value: 'N', sentence: `at most so many entries; 0: all. ${defaultLimit} when left out` },
} as const;

const get: Subcommand = {
  sentence: 'the entries of a map, with the numbers of the core by name',
  usage: 'map get [FLAGS] NAME',
  flags: getFlags,
  notes: `
Flows live in conntrack; what answers a service, in frontends and backends; who is behind an address, in endpoints and ipcache.

Examples:
  axoneme map get endpoints
  axoneme map get conntrack --limit 20
  axoneme map get policy -o json | jq '.[] | select(.value.verdict == "deny")'
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('map get', getFlags, args);
    const [name] = operands;
    if (name === undefined || operands.length !== 1) throw usageError('map get', 'name one map: see axoneme map list');
    const limit = values.limit === undefined ? defaultLimit : Number(values.limit);
    if (!Number.isSafeInteger(limit) || limit < 0) throw usageError('map get', `--limit is a whole number: "${values.limit}"`);
    const rows = await itemsOf(clientOf(values), `/v1/maps/${encodeURIComponent(name)}`, { limit: limit === 0 ? undefined : limit });
    if (values.limit === undefined && rows.length === limit) terminal.complain(`only the first ${limit} entries: --limit 0 shows all\n`);
    const isText = values.output !== 'json' && values.output !== 'yaml';
    await tellRows(terminal, isText ? rows.map(entryText) : rows, values.output, { none: `${name} has no entries` });
    return 0;
  },
};

function entryText({ key, value }: Row): Row {
  return { key: pairsText(key), value: pairsText(value) };
}

export const map = { verbs: { list, get } };
