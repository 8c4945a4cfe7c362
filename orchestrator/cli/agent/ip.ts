// axoneme ip: which identity, and so which pods or part of the world, is behind an address.

import { AgentError } from '../../errors.ts';
import { readFlags, usageError } from '../policy/flags.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import { askingFlags, clientOf, itemsOf } from './asking.ts';
import { tellOne, tellRows } from './rows.ts';

const list: Subcommand = {
  sentence: 'every prefix with its identity, its node, and who said so',
  usage: 'ip list [FLAGS]',
  flags: askingFlags,
  notes: `
Examples:
  axoneme ip list
  axoneme ip list -o json | jq '.[] | select(.node == "b")'
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('ip list', askingFlags, args);
    if (operands.length > 0) throw usageError('ip list', `one too many: "${operands[0]}": ip get finds an address`);
    await tellRows(terminal, await itemsOf(clientOf(values), '/v1/ip'), values.output, { none: 'no address is known' });
    return 0;
  },
};

const get: Subcommand = {
  sentence: 'the prefix that decides about an address, as the datapath would find it',
  usage: 'ip get [FLAGS] ADDRESS',
  flags: askingFlags,
  notes: `
Examples:
  axoneme ip get 10.11.0.2
  axoneme ip get 203.0.113.10 -o json
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('ip get', askingFlags, args);
    const [address] = operands;
    if (address === undefined || operands.length !== 1) throw usageError('ip get', 'name one address');
    const [found] = await itemsOf(clientOf(values), '/v1/ip', { address });
    if (found === undefined) throw new AgentError('API_REFUSED', `ip: no prefix covers it: "${address}"`);
    await tellOne(terminal, found, values.output);
    return 0;
  },
};

export const ip = { verbs: { list, get } };
