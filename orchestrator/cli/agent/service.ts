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
SERVICE is namespace/name, or one of its addresses. CONNECTIONS are those that a backend was given on this node since it is known here, over
restarts of the agent too; FLOWS those that the datapath has now, PACKETS and BYTES theirs, both ways.

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
  const columns = ['backend', 'node', 'zone', 'state', 'connections', 'flows', 'packets', 'bytes'];
  await tellRows(terminal, found.backends, form, { columns, none: 'it has no backend' });
}

const resetFlags = {
  ...askingFlags,
  backend: { value: 'ADDRESS:PORT', sentence: 'connections to this one, be it removed or not; a /PROTOCOL may follow' },
  all: { sentence: 'connections to every backend' },
  'dry-run': { sentence: 'say what would be, and do nothing' },
} as const;

const reset: Subcommand = {
  sentence: 'end connections of a service to backends that it has no more',
  usage: 'service reset [FLAGS] NAMESPACE/NAME',
  flags: resetFlags,
  notes: `
Established connections stay with their backend, whatever becomes of it. This ends them on this node: a process here that has one gets
ECONNABORTED at once, its backend a reset; a client of the network is answered by a reset when it sends its next packet, of another backend
of the service, and by nobody where there is none. SOCKETS are connections that were given their backend in a socket, FLOWS those of which
each packet is translated. A backend that is not ready, or that ends, is still one of the service's. Connections that were made to a pod's own
address are left alone. Needs root; every node has its own.

With the annotation axoneme.io/reset-removed-backends: "true" on a service every node does so by itself, whenever a backend is removed.

Examples:
  axoneme service reset shop/web --dry-run
  axoneme service reset shop/web
  axoneme service reset shop/web --backend 10.0.1.7:8080
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('service reset', resetFlags, args);
    if (operands.length !== 1) throw usageError('service reset', 'name one service: namespace/name');
    if (values.backend !== undefined && values.all === true) throw usageError('service reset', '--backend or --all: one or the other');
    const path = `/v1/services/${encodeURIComponent(operands[0] as string)}/reset`;
    const query = { backend: values.backend, all: values.all, 'dry-run': values['dry-run'] };
    return tellReset(terminal, (await clientOf(values).post(path, query)) as Reset, values.output);
  },
};

interface Reset {
  readonly service: string;
  readonly dryRun: boolean;
  readonly connections: number;
  readonly backends: readonly Row[];
  readonly problems: readonly string[];
}

/** 1 when something could not be done. */
async function tellReset(terminal: Terminal, done: Reset, form: string | undefined): Promise<0 | 1> {
  const { service: name, dryRun, connections, backends, problems } = done;
  if (form === 'json' || form === 'yaml') terminal.write(await structured(done, form));
  else {
    const what = connections === 1 ? '1 connection' : `${connections} connections`;
    terminal.write(`${name}: ${what} ${dryRun ? 'would be ended' : 'ended'}\n`);
    if (backends.length > 0) await tellRows(terminal, backends, form, { columns: ['backend', 'sockets', 'flows'], none: '' });
  }
  for (const problem of problems) terminal.complain(`${name}: ${problem}\n`);
  return problems.length > 0 ? 1 : 0;
}

export const service = { verbs: { list, get, reset } };
