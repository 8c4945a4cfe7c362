// axoneme node: the cluster's nodes as this one sees them.

import { readFlags, usageError } from '../policy/flags.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import { askingFlags, clientOf, itemsOf } from './asking.ts';
import { tellRows } from './rows.ts';

const list: Subcommand = {
  sentence: 'every node: its number in maps, its address, how packets get there, and whether it answers',
  usage: 'node list [FLAGS]',
  flags: askingFlags,
  notes: `
HEALTH: the round trip of the last probe over the network below (underlay) and by way of the pods' (pods); or what failed.

Examples:
  axoneme node list
  axoneme node list -o yaml
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('node list', askingFlags, args);
    if (operands.length > 0) throw usageError('node list', `one too many: "${operands[0]}"`);
    const columns = ['node', 'number', 'address', 'way', 'prefixes'];
    await tellRows(terminal, await itemsOf(clientOf(values), '/v1/nodes'), values.output, {
      columns,
      ifAny: ['health'],
      none: 'no node is known',
    });
    return 0;
  },
};

export const node = { verbs: { list } };
