// DNS samples: what the DNS proxy counts, as Prometheus reads it. Asked at every scrape.

import type { ProxyStatus } from '../dns/control-line.ts';
import type { Sample } from '../metrics.ts';
import type { DnsProxy } from './dns-proxy.ts';

const prefix = 'axoneme_dns';

type Count = keyof typeof counted;

const dropped = 'questions that nobody answers';

/** Counter of the proxy → name, sentence, and what tells those of one name apart. */
const counted = {
  queries: ['queries_total', 'questions of pods that came to the DNS proxy'],
  forwarded: ['forwarded_total', 'questions that were passed on to the server'],
  refused: ['refused_total', 'questions that policy does not allow'],
  malformed: ['malformed_total', 'questions that are none'],
  queriesUnknown: ['dropped_total', dropped, { cause: 'unknown' }],
  queriesDirect: ['dropped_total', dropped, { cause: 'direct' }],
  queriesUnreadable: ['dropped_total', dropped, { cause: 'unreadable' }],
  queriesOverflown: ['dropped_total', dropped, { cause: 'no-room' }],
  queriesGone: ['dropped_total', dropped, { cause: 'pod-gone' }],
  queriesLeft: ['dropped_total', dropped, { cause: 'hung-up' }],
  answers: ['answers_total', 'answers of servers that were passed to pods'],
  answersStray: ['answers_stray_total', 'answers to questions that nobody asked'],
  answersUnsent: ['answers_unsent_total', 'answers that the host did not take'],
  answersUndelivered: ['answers_undelivered_total', 'answers that found no room on their way to the datapath'],
  answersOverflown: ['answers_unread_total', 'answers of servers that came faster than they were read'],
  failedPodFull: ['servfail_total', 'questions that were answered with SERVFAIL', { cause: 'pod-full' }],
  failedFull: ['servfail_total', 'questions that were answered with SERVFAIL', { cause: 'full' }],
  failedDeadline: ['servfail_total', 'questions that were answered with SERVFAIL', { cause: 'deadline' }],
  failedUnsent: ['servfail_total', 'questions that were answered with SERVFAIL', { cause: 'unsent' }],
  failedUnreadable: ['servfail_total', 'questions that were answered with SERVFAIL', { cause: 'unreadable' }],
  failedPrivate: ['servfail_total', 'questions that were answered with SERVFAIL', { cause: 'private-address' }],
  failedPodGrants: ['servfail_total', 'questions that were answered with SERVFAIL', { cause: 'pod-grants' }],
  failedPlaces: ['servfail_total', 'questions that were answered with SERVFAIL', { cause: 'places' }],
  failedMap: ['servfail_total', 'questions that were answered with SERVFAIL', { cause: 'map' }],
  grantsWritten: ['grants_written_total', 'addresses that were granted to pods'],
  grantsRemoved: ['grants_removed_total', 'grants that were taken back'],
  connections: ['connections_total', 'connections of pods'],
  connectionsRefused: ['connections_refused_total', 'connections beyond what a pod or all may have'],
  connectionsFailed: ['connections_failed_total', 'connections that the host could not give to the DNS proxy'],
  connectionsCut: ['connections_cut_total', 'connections that were too slow, too long or broken'],
  logRecords: ['log_records_total', 'records of the access log'],
  logTooLong: ['log_lost_total', 'records of the access log that were lost', { cause: 'too-long' }],
  logFileLost: ['log_lost_total', 'records of the access log that were lost', { cause: 'file' }],
} as const satisfies Readonly<Record<string, readonly [name: string, help: string, labels?: Readonly<Record<string, string>>]>>;

/** Nothing where no policy asks for it. */
export function dnsSamples(proxy: Pick<DnsProxy, 'state'> | undefined, status: ProxyStatus | undefined): Sample[] {
  if (proxy === undefined || proxy.state === 'idle') return [];
  const up = gauge('proxy_up', 'whether the DNS proxy answers', status === undefined ? 0 : 1);
  if (status === undefined) return [up];
  const { counters, book, latency } = status;
  const counts = (Object.keys(counted) as Count[]).map((key): Sample => {
    const [name, help, labels] = counted[key] as readonly [string, string, Readonly<Record<string, string>>?];
    return { name: `${prefix}_${name}`, help, type: 'counter', value: counters[key] ?? 0, ...(labels && { labels }) };
  });
  const held = Object.entries(book).map(([what, value]) => gauge('held', 'what the DNS proxy remembers of answers', value, { what }));
  return [
    up,
    gauge('proxy_generation', 'number of the rules that the DNS proxy has in force', status.generation),
    gauge('endpoints', 'pods that the DNS proxy answers', status.endpoints),
    gauge('outstanding', 'questions that wait for their answer', status.outstanding),
    gauge('connections', 'connections of pods that are open', status.connections),
    gauge('log_readers', 'readers of the access log', status.readers),
    gauge('proxy_resident_memory_bytes', 'memory of the DNS proxy', status.residentBytes),
    ...held,
    ...counts,
    ...latencySamples(latency),
  ];
}

/** A histogram, as its parts are read. */
function latencySamples({ bounds, counts, sum }: ProxyStatus['latency']): Sample[] {
  const help = 'time from a question to its answer';
  const counter = (name: string, value: number, labels: Readonly<Record<string, string>> = {}): Sample => ({
    name: `${prefix}_latency_seconds_${name}`,
    help,
    type: 'counter',
    labels,
    value,
  });
  const buckets = counts.map((count, at) => counter('bucket', count, { le: bounds[at] === undefined ? '+Inf' : `${bounds[at]}` }));
  return [...buckets, counter('sum', sum), counter('count', counts.at(-1) ?? 0)];
}

function gauge(name: string, help: string, value: number, labels: Readonly<Record<string, string>> = {}): Sample {
  return { name: `${prefix}_${name}`, help, type: 'gauge', labels, value };
}
