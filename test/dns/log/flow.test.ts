// DNS flows: what tools that read Hubble's JSON are shown of a question and its answer.

import t from 'tap';
import { dnsFlow, type FlowNaming } from '../../../orchestrator/dns/log/dns-flow.ts';
import { sample } from './sample.ts';

const naming: FlowNaming = {
  node: 'node-1',
  pod: (endpoint) => (endpoint === 7 ? { namespace: 'shop', pod: 'web', identity: 5001, labels: ['k8s:app=web'] } : undefined),
  server: (identity) => (identity === 101 ? { namespace: 'kube-system', pod_name: 'dns', labels: ['k8s:k8s-app=kube-dns'] } : undefined),
};

t.test('a request goes from the pod to its server', async (t) => {
  t.same(dnsFlow(sample, naming), {
    time: '2026-01-02T03:04:05.678Z',
    verdict: 'FORWARDED',
    IP: { source: '10.0.1.2', destination: '10.0.2.3', ipVersion: 'IPv4' },
    l4: { UDP: { source_port: 40_000, destination_port: 53 } },
    source: { ID: 7, identity: 5001, namespace: 'shop', pod_name: 'web', labels: ['k8s:app=web'] },
    destination: { identity: 101, namespace: 'kube-system', pod_name: 'dns', labels: ['k8s:k8s-app=kube-dns'] },
    Type: 'L7',
    node_name: 'node-1',
    event_type: { type: 129 },
    traffic_direction: 'EGRESS',
    is_reply: false,
    l7: { type: 'REQUEST', dns: { query: 'example.com.', observation_source: 'proxy', qtypes: ['A'] } },
    rule: 'cnp/shop/web spec.egress[0]',
    Summary: 'DNS Query example.com. A',
  });
});

t.test('an answer comes from the server, with what it told', async (t) => {
  const answer = {
    ...sample,
    kind: 'response' as const,
    protocol: 6,
    latencyNs: 1_234_567.4,
    ttl: 20,
    addresses: ['1.2.3.4', '1.2.3.5'],
    aliases: ['x.cdn.net.'],
    seenTypes: [5, 1, 65_000],
  };
  const flow = dnsFlow(answer, naming);
  t.same([flow.source.pod_name, flow.destination.pod_name, flow.is_reply], ['dns', 'web', true]);
  t.same(flow.l4, { TCP: { source_port: 53, destination_port: 40_000 } });
  t.same(flow.l7, {
    type: 'RESPONSE',
    latency_ns: 1_234_567,
    dns: {
      query: 'example.com.',
      observation_source: 'proxy',
      qtypes: ['A'],
      rcode: 0,
      ips: ['1.2.3.4', '1.2.3.5'],
      ttl: 20,
      cnames: ['x.cdn.net.'],
      rrtypes: ['CNAME', 'A', 'TYPE65000'],
    },
  });
  t.equal(flow.Summary, 'DNS Answer "1.2.3.4,1.2.3.5" TTL: 20 CNAMEs: "x.cdn.net." (Proxy example.com. A)');
});

t.test('refusals and failures say why; who is not known has a number', async (t) => {
  const refused = dnsFlow({ ...sample, verdict: 'dropped', rule: '', endpoint: 9, serverIdentity: 2 }, naming);
  t.same([refused.verdict, refused.source, refused.destination], ['DROPPED', { ID: 9, identity: 0 }, { identity: 2 }]);
  t.notOk('rule' in refused);
  const failed = dnsFlow({ ...sample, kind: 'response', verdict: 'error', rcode: 2, reason: 'no answer in time' }, naming);
  t.match(failed, { verdict: 'ERROR', reason: 'no answer in time', l7: { dns: { rcode: 2 } } });
  t.equal(failed.Summary, 'DNS Answer RCode: Server Failure (Proxy example.com. A): no answer in time');
  t.equal(
    dnsFlow({ ...sample, kind: 'response', rcode: 3, type: 28 }, naming).Summary,
    'DNS Answer RCode: Non-Existent Domain (Proxy example.com. AAAA)',
  );
});
