// What the DNS proxy counts, as Prometheus reads it: everything once, under names that say what it is.

import t from 'tap';
import { deviceDrops } from '../../orchestrator/agent/device-drops.ts';
import { dnsLosses, lossWords } from '../../orchestrator/agent/dns-losses.ts';
import { dnsSamples } from '../../orchestrator/agent/dns-samples.ts';
import type { ProxyStatus } from '../../orchestrator/dns/control-line.ts';
import { Counters, latencyBounds } from '../../orchestrator/dns/engine/counters.ts';
import { Metrics } from '../../orchestrator/metrics.ts';

const names = Object.entries(new Counters()).flatMap(([name, value]) => (typeof value === 'number' && name !== 'latencySum' ? [name] : []));
const counters = Object.fromEntries(
  [...names, 'queriesOverflown', 'answersOverflown', 'answersUndelivered', 'logRecords', 'logTooLong', 'logFileLost'].map((name, at) => [
    name,
    1000 + at,
  ]),
);
const status: ProxyStatus = {
  pid: 1,
  version: '1',
  port: 10_053,
  mode: 'kernel',
  generation: 7,
  uptimeMs: 1,
  endpoints: 2,
  outstanding: 3,
  connections: 4,
  readers: 5,
  book: { addresses: 11 },
  counters,
  latency: { bounds: latencyBounds, counts: [...latencyBounds.map((_, at) => at), 99], sum: 1.5 },
  residentBytes: 90_000_000,
  problems: [],
};

t.test('every counter of the proxy is a sample, once', async (t) => {
  const samples = dnsSamples({ state: 'serving' }, status);
  for (const [name, value] of Object.entries(counters)) {
    t.equal(samples.filter((sample) => sample.value === value && sample.type === 'counter').length, 1, name);
  }
  const keys = samples.map(({ name, labels = {} }) => `${name} ${JSON.stringify(labels)}`);
  t.equal(new Set(keys).size, keys.length, 'no two are one');
  for (const { name, type } of samples) t.equal(/_total$|_seconds_(bucket|sum|count)$/.test(name), type === 'counter', name);
});

t.test('Prometheus reads them, the last bucket is everything', async (t) => {
  const metrics = new Metrics();
  metrics.collect(() => dnsSamples({ state: 'serving' }, status));
  const text = metrics.text();
  t.match(text, /^axoneme_dns_latency_seconds_bucket\{le="\+Inf"\} 99$/m);
  t.match(text, /^axoneme_dns_latency_seconds_count 99$/m);
  t.match(text, /^axoneme_dns_servfail_total\{cause="deadline"\} \d+$/m);
  t.match(text, /^axoneme_dns_held\{what="addresses"\} 11$/m);
});

/** Nothing is lost with what these count. */
const fine = [
  'queries',
  'forwarded',
  'refused',
  'malformed',
  'answers',
  'answersStray',
  'grantsWritten',
  'grantsRemoved',
  'connections',
  'logRecords',
  'logTooLong',
  'logFileLost',
];

t.test('whatever was not answered is told in words, with how often', async (t) => {
  t.same([...Object.keys(lossWords), ...fine].sort(), Object.keys(counters).sort(), 'each counter is a loss or is none');
  t.equal(dnsLosses({ counters: Object.fromEntries(fine.map((name) => [name, 5])) }), '');
  t.equal(
    dnsLosses({ counters: { failedDeadline: 3, failedMap: 1, queriesOverflown: 18, answersUnsent: 2 } }),
    'answered SERVFAIL: 3 the server has said nothing in time, 1 the map of grants did not take it; ' +
      'not answered: 18 came faster than they were read; answers lost: 2 the host did not take them',
  );
});

t.test('what found no room in a device is read where the kernel tells it', async (t) => {
  const text = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
    '    lo:  143429    2431    0    9    0     0          0         0   143581    2433    0    8    0     0       0          0',
    'axoneme_proxy: 428635    7265    0    1    0     0          0         0   427489    7245    2    22    3     0       0          0',
  ].join('\n');
  t.same([deviceDrops('axoneme_proxy', text), deviceDrops('axoneme', text), deviceDrops('lo', text)], [22, 0, 8]);
  t.equal(typeof deviceDrops('lo'), 'number');
});

t.test('a proxy that is not asked for is no metric, one that does not answer is down', async (t) => {
  t.same(dnsSamples(undefined, undefined), []);
  t.same(dnsSamples({ state: 'idle' }, undefined), []);
  t.match(dnsSamples({ state: 'away' }, undefined), [{ name: 'axoneme_dns_proxy_up', value: 0 }]);
});
