// axoneme sandbox down: away with all of it.

import { AgentError } from '../../errors.ts';
import { endSandbox } from '../../sandbox/end.ts';
import { recordedNames } from '../../sandbox/record.ts';
import { readFlags, usageError } from '../policy/flags.ts';
import { chosenName, type SandboxCommand, sandboxFlag } from './subcommand.ts';

const flags = {
  name: sandboxFlag,
  all: { sentence: 'every sandbox of this user' },
} as const;

export const down: SandboxCommand = {
  sentence: 'Takes a sandbox away: processes, namespaces, cgroups, files. Works as well after it was killed.',
  usage: 'sandbox down [FLAGS] [NAME…]',
  flags,
  notes: '',
  async run(args, { write }) {
    const { values, operands } = readFlags('sandbox down', flags, args);
    if (values.all && operands.length > 0) throw usageError('sandbox down', 'either names or --all');
    const names = values.all ? recordedNames() : operands.length > 0 ? operands : [chosenName(values.name)];
    if (names.length === 0) write('no sandbox is there\n');
    for (const name of names) {
      if (!(await endSandbox(name))) throw new AgentError('SANDBOX_UNKNOWN', `sandbox: no "${name}"`);
      write(`sandbox ${name} is gone\n`);
    }
    return 0;
  },
};
