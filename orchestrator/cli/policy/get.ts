// axoneme policy get: the policies that a running agent has in force, and which endpoints each selects.

import { askingFlags, clientOf, itemsOf } from '../agent/asking.ts';
import { type Row, tellOne, tellRows } from '../agent/rows.ts';
import { readFlags, usageError } from './flags.ts';
import type { Subcommand } from './subcommand.ts';

const flags = {
  ...askingFlags,
  endpoint: { value: 'ENDPOINT', sentence: 'only those that select it: its number, namespace/pod or address' },
} as const;

export const get: Subcommand = {
  sentence: "policies that this node's agent has in force, and the endpoints that each selects",
  usage: 'policy get [FLAGS] [POLICY]',
  flags,
  notes: `
POLICY is a policy as rules name it: cnp/shop/web, ccnp/closed, netpol/shop/db. CONDITIONS tells of policies that are not in force as they
were written. This command asks a running agent; the others read files.

Examples:
  axoneme policy get
  axoneme policy get --endpoint shop/db
  axoneme policy get cnp/shop/db -o yaml
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('policy get', flags, args);
    const [name] = operands;
    if (operands.length > 1) throw usageError('policy get', `one too many: "${operands[1]}"`);
    if (name !== undefined && values.endpoint !== undefined) throw usageError('policy get', 'name a policy or an endpoint, not both');
    const client = clientOf(values);
    if (name !== undefined) {
      await tellOne(terminal, (await client.get(`/v1/policy/${encodeURIComponent(name)}`)) as Row, values.output);
      return 0;
    }
    const rows = await itemsOf(client, '/v1/policy', { endpoint: values.endpoint });
    const none = values.endpoint === undefined ? 'no policy is known' : `no policy selects ${values.endpoint}`;
    await tellRows(terminal, rows, values.output, { columns: ['policy', 'rules', 'selects', 'audit'], ifAny: ['conditions'], none });
    return 0;
  },
};
