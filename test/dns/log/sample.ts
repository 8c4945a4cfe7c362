// A sample of the access log: a pod's question as it is read.

import type { DnsRecord } from '../../../orchestrator/dns/log/log-record.ts';

export const sample: DnsRecord = {
  time: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  kind: 'request',
  verdict: 'forwarded',
  endpoint: 7,
  protocol: 17,
  pod: '10.0.1.2',
  podPort: 40_000,
  server: '10.0.2.3',
  serverPort: 53,
  serverIdentity: 101,
  name: 'example.com.',
  type: 1,
  rule: 'cnp/shop/web spec.egress[0]',
  reason: '',
  rcode: 0,
  latencyNs: 0,
  ttl: 0,
  addresses: [],
  aliases: [],
  seenTypes: [],
};
