// DNS: what pods asked the DNS proxy of this node for, what they were told, and the selectors of policies that grant it.

import { formatAddress, parseAddress } from '../../net/address.ts';
import { flowFields, followParameter, sinceParameter } from '../flow-stream.ts';
import { jsonPieces } from '../json-pieces.ts';
import { Problem } from '../problem.ts';
import type { Call, Parameter, Route } from '../route.ts';
import { fields, list, text, whole } from '../schema.ts';
import type { AgentView, DnsCacheQuestion, DnsView } from '../view.ts';

const others = { 503: 'The DNS proxy is off, or does not answer.' };
const nameParameter: Parameter = { type: 'string', sentence: 'A name, or a pattern with * for any part of a label.' };
const endpointParameter: Parameter = { type: 'integer', sentence: 'Number of the pod’s endpoint.' };

const verdicts = ['FORWARDED', 'DROPPED', 'ERROR'] as const;

const record = flowFields(verdicts, {
  l4: fields({}),
  Type: text(),
  is_reply: { type: 'boolean' },
  l7: fields({
    type: { ...text(), enum: ['REQUEST', 'RESPONSE'] },
    'latency_ns?': whole(),
    dns: fields({
      query: text(),
      'ips?': list(text()),
      'ttl?': whole(),
      'cnames?': list(text()),
      observation_source: text(),
      'rcode?': whole(),
      qtypes: list(text()),
      'rrtypes?': list(text()),
    }),
  }),
  'rule?': text('The rule that allowed the name.'),
  'reason?': text('Why it was not forwarded.'),
});
const cached = fields({
  endpoint: whole(),
  namespace: text(),
  pod: text(),
  name: text(),
  address: text(),
  ttl: whole('Seconds left; 0: it has expired.'),
  expires: text(),
});

export const dnsRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/dns/log',
    sentence: "Questions of pods that policies look at, and their answers, one JSON object a line, in Hubble's field names.",
    query: {
      follow: followParameter,
      pod: { type: 'string', sentence: 'namespace/pod, or namespace/ for all of one.' },
      name: nameParameter,
      verdict: { type: 'string', choices: verdicts, sentence: 'What became of it.' },
      since: sinceParameter,
      limit: {
        type: 'integer',
        sentence: 'At most so many of the kept ones, the last: 100 when left out; none when those to come are followed.',
      },
    },
    answer: { type: 'application/x-ndjson', schema: record },
    others,
    async run({ view, query, signal }) {
      return { lines: await begun(eachLine(dnsOf(view).log(wishOf(query), signal))) };
    },
  },
  {
    method: 'GET',
    path: '/v1/dns/cache',
    sentence: 'Addresses that pods of this node were told, with their names.',
    query: {
      endpoint: endpointParameter,
      name: nameParameter,
      address: { type: 'string', sentence: 'Only names of this one.' },
      limit: { type: 'integer', most: 1_000_000, sentence: 'At most so many rows: 10000 when left out.' },
    },
    answer: { type: 'application/json', schema: fields({ items: list(cached) }) },
    others,
    async run({ view, query }) {
      return { pieces: jsonPieces({}, await dnsOf(view).cache(questionOf(query))) };
    },
  },
  {
    method: 'DELETE',
    path: '/v1/dns/cache',
    sentence: 'Takes back what pods were told, and with it what that lets them reach: they must ask again.',
    query: { endpoint: endpointParameter, name: nameParameter },
    answer: { type: 'application/json', schema: fields({ names: whole('Names that pods do not know any more, each for one pod.') }) },
    others,
    async run({ view, query }) {
      const { endpoint, name } = questionOf(query);
      const asked = { ...(endpoint !== undefined && { endpoint }), ...(name !== undefined && { name }) };
      return { json: { names: await dnsOf(view).clean(asked) } };
    },
  },
  {
    method: 'GET',
    path: '/v1/dns/names',
    sentence:
      'Selectors of DNS names that policies in force here use, with their identities and how many addresses are granted by them now.',
    answer: {
      type: 'application/json',
      schema: fields({
        items: list(
          fields({
            selector: text('name:… or pattern:…'),
            identity: whole('Of this node only.'),
            grants: whole('Addresses that live, each for one pod.'),
          }),
        ),
      }),
    },
    others,
    async run({ view }) {
      return { json: { items: await dnsOf(view).names() } };
    },
  },
];

function dnsOf({ dns }: AgentView): DnsView {
  if (dns === undefined) throw new Problem(503, 'dns: nobody looks at names here', { hint: 'the agent was started with --dns-proxy off' });
  return dns;
}

function wishOf(query: Call['query']): Parameters<DnsView['log']>[0] {
  const [pod, name, since, limit] = [query.text('pod'), query.text('name'), query.number('since'), query.number('limit')];
  const verdict = query.text('verdict') as (typeof verdicts)[number] | undefined;
  return {
    follow: query.isSet('follow'),
    ...(pod !== undefined && { pod }),
    ...(name !== undefined && { name }),
    ...(verdict !== undefined && { verdict }),
    ...(since !== undefined && { since: new Date(since) }),
    ...(limit !== undefined && { limit }),
  };
}

function questionOf(query: Call['query']): DnsCacheQuestion {
  const [endpoint, name, address, limit] = [query.number('endpoint'), query.text('name'), query.text('address'), query.number('limit')];
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...(name !== undefined && { name }),
    ...(address !== undefined && { address: readAddress(address) }),
    ...(limit !== undefined && { limit }),
  };
}

function readAddress(said: string): string {
  try {
    return formatAddress(parseAddress(said));
  } catch {
    throw new Problem(400, `dns: address: not an address: ${JSON.stringify(said.slice(0, 100))}`);
  }
}

async function* eachLine(records: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const one of records) yield `${JSON.stringify(one)}\n`;
}

/** What goes wrong before the first line is a refusal, and no broken stream; a stream without a line yet has begun all the same. */
async function begun(lines: AsyncGenerator<string>): Promise<AsyncIterable<string>> {
  const first = lines.next();
  const early = await Promise.race([first, new Promise<undefined>((resolve) => setTimeout(resolve, 100, undefined))]);
  if (early?.done === true) return noLines();
  return rest(first, lines);
}

async function* noLines(): AsyncIterable<string> {}

async function* rest(first: Promise<IteratorResult<string>>, lines: AsyncGenerator<string>): AsyncIterable<string> {
  const { done, value } = await first;
  if (done !== true) yield value;
  yield* lines;
}
