// Flows: what the datapath told of packets, as lines of JSON; the kept ones, and those to come for as long as the reader stays.

import { type FlowFilter, type FlowType, flowTypes, makeFilter } from '../../flows/filter.ts';
import type { FlowLine } from '../../flows/flow.ts';
import type { FlowLog } from '../../flows/flow-log.ts';
import type { FlowReader } from '../../flows/flow-reader.ts';
import { flowFields, followParameter, sinceParameter } from '../flow-stream.ts';
import { Problem } from '../problem.ts';
import type { Call, Parameter, Route } from '../route.ts';
import { fields, text, whole } from '../schema.ts';

/** Each holds a queue of bounded length. */
export const mostFollowers = 64;

const flow = flowFields(['FORWARDED', 'DROPPED', 'AUDIT', 'REDIRECTED', 'ERROR'], {
  'drop_reason?': whole(),
  'drop_reason_desc?': text(),
  'l4?': fields({}),
});

const endNames = 'namespace/pod, namespace/ for all of one, an address, or host, remote-node and the like';
const query: Readonly<Record<string, Parameter>> = {
  follow: followParameter,
  last: { type: 'integer', sentence: 'At most so many of the kept ones; all of them when left out.' },
  since: sinceParameter,
  type: { type: 'string', choices: flowTypes, repeats: true, sentence: 'What happened.' },
  pod: { type: 'string', repeats: true, sentence: `At either end: ${endNames}.` },
  from: { type: 'string', repeats: true, sentence: `Source: ${endNames}.` },
  to: { type: 'string', repeats: true, sentence: `Destination: ${endNames}.` },
  port: { type: 'integer', most: 65535, repeats: true, sentence: 'Destination port; of ICMP the type.' },
  protocol: { type: 'string', choices: ['tcp', 'udp', 'sctp', 'icmp', 'icmpv6'], repeats: true, sentence: 'Of the transport.' },
  identity: { type: 'integer', repeats: true, sentence: 'At either end.' },
  rule: { type: 'string', sentence: 'A part of the name of a rule that decided.' },
};

export const flowRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/flows',
    sentence: "Flows that the datapath told of, one JSON object a line, in Hubble's field names; lost ones are told as counts.",
    query,
    answer: {
      type: 'application/x-ndjson',
      schema: fields({ 'flow?': flow, 'lost_events?': fields({}), node_name: text(), time: text() }),
    },
    others: { 503: 'Too many follow already.' },
    run: flows,
  },
];

function flows({ view, query: given, signal }: Call) {
  const wants = makeFilter(filterOf(given));
  const kept = view.flows.recent().filter(wants);
  const last = given.number('last');
  const shown = last === undefined ? kept : kept.slice(Math.max(0, kept.length - last));
  if (!given.isSet('follow')) return { lines: each(shown) };
  if (view.flows.readers >= mostFollowers) {
    throw new Problem(503, `flows: as many follow as may: ${mostFollowers}`, { hint: 'end one of them first' });
  }
  return { lines: followed(view.flows, shown, wants, signal) };
}

function filterOf(query: Call['query']): FlowFilter {
  const since = query.number('since');
  const rule = query.text('rule');
  return {
    types: query.texts('type') as readonly FlowType[],
    pods: query.texts('pod'),
    from: query.texts('from'),
    to: query.texts('to'),
    ports: query.texts('port').map(Number),
    protocols: query.texts('protocol'),
    identities: query.texts('identity').map(Number),
    ...(rule !== undefined && { rule }),
    ...(since !== undefined && { since }),
  };
}

const lineOf = (line: FlowLine): string => `${JSON.stringify(line)}\n`;

async function* each(lines: readonly FlowLine[]): AsyncIterable<string> {
  for (const line of lines) yield lineOf(line);
}

/** Follows from now on, before the kept ones are sent, so that none is missed in between; the call's signal ends it in any case. */
function followed(log: FlowLog, kept: readonly FlowLine[], wants: (line: FlowLine) => boolean, signal: AbortSignal): AsyncIterable<string> {
  const reader = log.follow(wants);
  signal.addEventListener('abort', () => reader.close(), { once: true });
  return keptAndNew(kept, reader, signal);
}

async function* keptAndNew(kept: readonly FlowLine[], reader: FlowReader, signal: AbortSignal): AsyncIterable<string> {
  yield* each(kept);
  while (!signal.aborted) for (const line of await reader.take()) yield lineOf(line);
}
