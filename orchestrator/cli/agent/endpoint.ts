// axoneme endpoint: the pods' interfaces of this node, and what is enforced on each.

import { readFlags, usageError } from '../policy/flags.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import { askingFlags, clientOf, itemsOf } from './asking.ts';
import { type Row, tellOne, tellRows } from './rows.ts';

const listFlags = {
  ...askingFlags,
  namespace: { value: 'NAME', short: 'n', sentence: 'only pods in it' },
} as const;

const list: Subcommand = {
  sentence: 'every endpoint: its pod, identity, enforcement, state and addresses',
  usage: 'endpoint list [FLAGS]',
  flags: listFlags,
  notes: `
INGRESS and EGRESS: enforced (what no rule allows is dropped), audit (it passes, and is told), open (no policy speaks of it). An endpoint
that is not ready says why.

Examples:
  axoneme endpoint list
  axoneme endpoint list -n shop -o wide
  axoneme endpoint list -o json | jq '.[] | select(.state != "ready")'
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('endpoint list', listFlags, args);
    if (operands.length > 0) throw usageError('endpoint list', `one too many: "${operands[0]}": endpoint get shows one`);
    const rows = await itemsOf(clientOf(values), '/v1/endpoints', { namespace: values.namespace });
    const columns = ['endpoint', 'pod', 'ingress', 'egress', 'identity', 'state', 'addresses'];
    await tellRows(terminal, rows, values.output, { columns, ifAny: ['why'], none: 'no endpoint is on this node' });
    return 0;
  },
};

const get: Subcommand = {
  sentence: 'one endpoint, the policies that select it, and its entries in the datapath',
  usage: 'endpoint get [FLAGS] ENDPOINT',
  flags: askingFlags,
  notes: `
ENDPOINT is its number, namespace/pod, or one of its addresses. An address whose datapath entry is missing gets no packets.

Examples:
  axoneme endpoint get shop/web
  axoneme endpoint get 10.11.0.2
  axoneme endpoint get 11 -o yaml
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('endpoint get', askingFlags, args);
    if (operands.length !== 1) throw usageError('endpoint get', 'name one endpoint: its number, namespace/pod or address');
    const found = (await clientOf(values).get(`/v1/endpoints/${encodeURIComponent(operands[0] as string)}`)) as Row;
    await tellOne(terminal, found, values.output);
    return 0;
  },
};

export const endpoint = { verbs: { list, get } };
