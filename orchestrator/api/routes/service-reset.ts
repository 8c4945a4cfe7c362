// Reset of services: connections that are ended because somebody asks for it.

import { formatAddress, parseAddress } from '../../net/address.ts';
import { Problem } from '../problem.ts';
import type { Route } from '../route.ts';
import { noSuch, shownRows } from '../rows.ts';
import { fields, list, text, truth, whole } from '../schema.ts';
import type { AgentView, AskedReset } from '../view.ts';

export const resetRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/services/{name}/reset',
    sentence: 'Ends connections of a service on this node: those to backends that it has no more, unless another choice is made.',
    parts: { name: 'namespace/name (with the slash as %2F).' },
    query: {
      backend: { type: 'string', sentence: 'address:port, or address:port/protocol: those to this one, be it removed or not.' },
      all: { type: 'boolean', sentence: 'Those to every backend.' },
      'dry-run': { type: 'boolean', sentence: 'Nothing is done; the answer is what would be.' },
    },
    answer: {
      type: 'application/json',
      schema: fields({
        service: text(),
        dryRun: truth(),
        connections: whole('All of them.'),
        backends: list(
          fields({
            backend: text('address:port/protocol of one that had connections.'),
            sockets: whole('Connections that were given it in a socket of this node.'),
            flows: whole('Connections of which each packet is translated here.'),
          }),
        ),
        problems: list(text('What could not be done.')),
      }),
    },
    others: { 503: 'Nothing is balanced here.' },
    async run({ view, parts: { name = '' }, query }) {
      if (view.reset === undefined) throw new Problem(503, 'reset: no service is balanced here');
      const [backend, isAll] = [query.text('backend'), query.isSet('all')];
      if (backend !== undefined && isAll) throw new Problem(400, 'reset: backend and all: one or the other');
      const isDryRun = query.isSet('dry-run');
      const asked = { service: name, ...(backend !== undefined && { backend: readBackend(backend) }), isAll, isDryRun };
      const report = await view.reset(asked);
      if (report === undefined) throw unknown(view, name);
      const connections = report.backends.reduce((sum, { sockets, flows }) => sum + sockets + flows, 0);
      return { json: { service: name, dryRun: isDryRun, connections, ...report } };
    },
  },
];

const protocols: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132 };

/** `10.0.1.7:8080`, `[fd00::7]:80/tcp`. */
function readBackend(said: string): NonNullable<AskedReset['backend']> {
  const [, six, four, digits = '', name] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})(?:\/(\w+))?$/.exec(said) ?? [];
  const protocol = name === undefined ? undefined : protocols[name];
  const port = Number(digits);
  const address = addressOf(six ?? four ?? '');
  if (address === undefined || digits === '' || port < 1 || port > 65535 || (name !== undefined && protocol === undefined)) {
    throw new Problem(400, `reset: backend: not address:port or address:port/protocol: ${JSON.stringify(said)}`);
  }
  return { address, port, ...(protocol !== undefined && { protocol }) };
}

function addressOf(said: string): string | undefined {
  try {
    return formatAddress(parseAddress(said));
  } catch {
    return undefined;
  }
}

function unknown(view: AgentView, name: string): Problem {
  const names = [...new Set(Array.from(shownRows(view, 'frontends'), ({ service }) => String(service)))].sort();
  return noSuch('services', name, names.length > 20 ? [`${names.length} of them: see /v1/services`] : names, 'service');
}
