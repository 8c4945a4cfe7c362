// axoneme service: addresses and ports of services, and the backends that answer there.

import { readFlags, usageError } from '../policy/flags.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import { askingFlags, clientOf, itemsOf } from './asking.ts';
import { tellRows } from './rows.ts';

const list: Subcommand = {
  sentence: 'every address and port of a service, with its backends',
  usage: 'service list [FLAGS]',
  flags: askingFlags,
  notes: `
A service whose list of backends is empty answers nobody: none of its pods is ready.

Examples:
  axoneme service list
  axoneme service list -o json | jq '.[] | select(.backends == [])'
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('service list', askingFlags, args);
    if (operands.length > 0) throw usageError('service list', `one too many: "${operands[0]}"`);
    await tellRows(terminal, await itemsOf(clientOf(values), '/v1/services'), values.output, { none: 'no service is known' });
    return 0;
  },
};

export const service = { verbs: { list } };
