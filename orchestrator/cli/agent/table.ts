// axoneme table: any table of a running agent, printed by its own columns.

import { readFlags, usageError } from '../policy/flags.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import { askingFlags, clientOf, itemsOf } from './asking.ts';
import { tellRows } from './rows.ts';

export const table: Subcommand = {
  sentence: "any table of the agent's by its name; without one, which tables there are",
  usage: 'table [FLAGS] [NAME]',
  flags: askingFlags,
  notes: `
All that an agent knows stands in tables: what sources said, what was made of it, what is to be in the datapath. MISSING SOURCES names
those whose first full list is still awaited; nothing is removed before.

Examples:
  axoneme table
  axoneme table endpoints
  axoneme table nodes -o json
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('table', askingFlags, args);
    const [name] = operands;
    if (operands.length > 1) throw usageError('table', `one too many: "${operands[1]}"`);
    const path = name === undefined ? '/v1/tables' : `/v1/tables/${encodeURIComponent(name)}`;
    const rows = await itemsOf(clientOf(values), path);
    await tellRows(terminal, rows, values.output, { none: name === undefined ? 'there is no table' : `${name} has no rows` });
    return 0;
  },
};
