// axoneme metrics: what agent and datapath count, without a Prometheus.

import { readFlags, usageError } from '../policy/flags.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import { askingFlags, clientOf } from './asking.ts';
import { type Row, tellRows } from './rows.ts';
import { readSamples } from './samples.ts';

const flags = {
  ...askingFlags,
  output: { ...askingFlags.output, choices: [...askingFlags.output.choices, 'prometheus'] },
} as const;

export const metrics: Subcommand = {
  sentence: 'what agent and datapath count',
  usage: 'metrics [FLAGS] [PATTERN]',
  flags,
  notes: `
PATTERN is a part of a metric's name. -o prometheus prints what a scraper would get.

Examples:
  axoneme metrics drop
  axoneme metrics -o prometheus
  axoneme metrics drop_count -o json
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('metrics', flags, args);
    const [pattern = ''] = operands;
    if (operands.length > 1) throw usageError('metrics', `one too many: "${operands[1]}"`);
    const text = await clientOf(values).text('/v1/metrics');
    if (values.output === 'prometheus') terminal.write(text);
    else {
      const rows: Row[] = readSamples(text)
        .filter(({ metric }) => metric.includes(pattern))
        .map((sample) => ({ ...sample }));
      await tellRows(terminal, rows, values.output, { none: `no metric has "${pattern}" in its name` });
    }
    return 0;
  },
};
