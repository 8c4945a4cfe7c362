// axoneme config: the configuration that a running agent goes by.

import { readFlags, usageError } from '../policy/flags.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import { askingFlags, clientOf } from './asking.ts';
import { type Row, structured, tellRows } from './rows.ts';

export const config: Subcommand = {
  sentence: 'the configuration in force, by flag',
  usage: 'config [FLAGS]',
  flags: askingFlags,
  notes: `
axoneme agent --help says what each flag means. Secrets are not shown.

Examples:
  axoneme config
  axoneme config -o yaml
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('config', askingFlags, args);
    if (operands.length > 0) throw usageError('config', `one too many: "${operands[0]}"`);
    const found = (await clientOf(values).get('/v1/config')) as Row;
    if (values.output === 'json' || values.output === 'yaml') terminal.write(await structured(found, values.output));
    else {
      const rows = Object.entries(found).map(([flag, value]) => ({ flag, value }));
      await tellRows(terminal, rows, values.output, { none: 'nothing is configured' });
    }
    return 0;
  },
};
