// axoneme identity: the numbers that stand for labels, in packets and policy entries.

import { readFlags, usageError } from '../policy/flags.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import { askingFlags, clientOf, itemsOf } from './asking.ts';
import { isTelling } from './flow-text.ts';
import { type Row, tellOne, tellRows } from './rows.ts';

const list: Subcommand = {
  sentence: 'every identity that this node knows, with its labels',
  usage: 'identity list [FLAGS]',
  flags: askingFlags,
  notes: `
SCOPE: reserved (the same everywhere), cluster (of the cluster's pods), local (prefixes and names, known on this node only). Labels that
the cluster adds to every pod (io.cilium.k8s…) are shown with -o wide.

Examples:
  axoneme identity list
  axoneme identity list -o json | jq '.[] | select(.labels[] == "k8s:app=web")'
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('identity list', askingFlags, args);
    if (operands.length > 0) throw usageError('identity list', `one too many: "${operands[0]}": identity get shows one`);
    const rows = await itemsOf(clientOf(values), '/v1/identities');
    const shown = values.output === undefined || values.output === 'table' ? rows.map(withPlainLabels) : rows;
    await tellRows(terminal, shown, values.output, {
      columns: ['number', 'scope', 'labels'],
      ifAny: ['prefix'],
      none: 'no identity is known',
    });
    return 0;
  },
};

/** Without those that say the same of every pod of a namespace. */
function withPlainLabels(row: Row): Row {
  const labels = Array.isArray(row.labels) ? row.labels.map(String) : [];
  return { ...row, labels: labels.filter(isTelling) };
}

const get: Subcommand = {
  sentence: 'one identity',
  usage: 'identity get [FLAGS] NUMBER',
  flags: askingFlags,
  notes: `
Examples:
  axoneme identity get 65537
  axoneme identity get 2 -o json
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('identity get', askingFlags, args);
    if (operands.length !== 1) throw usageError('identity get', 'name one identity by its number');
    await tellOne(
      terminal,
      (await clientOf(values).get(`/v1/identities/${encodeURIComponent(operands[0] as string)}`)) as Row,
      values.output,
    );
    return 0;
  },
};

export const identity = { verbs: { list, get } };
