// axoneme service: addresses and ports of services, and the backends that answer there.

import { readFlags, usageError } from '../policy/flags.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import type { Terminal } from '../policy/terminal.ts';
import { askingFlags, clientOf, itemsOf } from './asking.ts';
import { type Row, structured, tellRows } from './rows.ts';

const listFlags = {
  ...askingFlags,
  namespace: { value: 'NAME', short: 'n', sentence: 'only services in it' },
} as const;

const list: Subcommand = {
  sentence: 'every address and port of a service, with its backends',
  usage: 'service list [FLAGS]',
  flags: listFlags,
  notes: `
SCOPE: inside (pods and programs of this node) or outside (what comes from the network). Where nobody answers, WHY says what is missing.

Examples:
  axoneme service list
  axoneme service list -n shop -o wide
  axoneme service list -o json | jq '.[] | select(.why != "")'
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('service list', listFlags, args);
    if (operands.length > 0) throw usageError('service list', `one too many: "${operands[0]}": service get shows one`);
    const rows = await itemsOf(clientOf(values), '/v1/services', { namespace: values.namespace });
    const columns = ['service', 'type', 'scope', 'address', 'port', 'backends'];
    await tellRows(terminal, rows, values.output, { columns, ifAny: ['why'], none: 'no service is known' });
    return 0;
  },
};

const get: Subcommand = {
  sentence: 'one service: its addresses, its backends and their connections, what changed last',
  usage: 'service get [FLAGS] SERVICE',
  flags: askingFlags,
  notes: `
SERVICE is namespace/name, or one of its addresses. FLOWS are connections that the datapath has now, PACKETS and BYTES theirs, both ways.

Examples:
  axoneme service get shop/web
  axoneme service get 10.96.0.10
  axoneme service get shop/web -o json | jq '.backends[] | {backend, flows}'
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('service get', askingFlags, args);
    if (operands.length !== 1) throw usageError('service get', 'name one service: namespace/name, or one of its addresses');
    const found = (await clientOf(values).get(`/v1/services/${encodeURIComponent(operands[0] as string)}`)) as Service;
    await tellService(terminal, found, values.output);
    return 0;
  },
};

interface Service extends Row {
  readonly service: string;
  readonly frontends: readonly Row[];
  readonly backends: readonly Row[];
}

async function tellService(terminal: Terminal, found: Service, form: string | undefined): Promise<void> {
  if (form === 'json' || form === 'yaml') {
    terminal.write(await structured(found, form));
    return;
  }
  terminal.write(`${found.service}\n\n`);
  const frontends = {
    columns: ['type', 'scope', 'address', 'port', 'name', 'change', 'changed'],
    ifAny: ['affinity', 'ranges', 'weights', 'why'],
    none: 'it has no address',
  };
  await tellRows(terminal, found.frontends, form, frontends);
  terminal.write('\n');
  const columns = ['backend', 'node', 'zone', 'state', 'flows', 'packets', 'bytes'];
  await tellRows(terminal, found.backends, form, { columns, none: 'it has no backend' });
}

export const service = { verbs: { list, get } };
