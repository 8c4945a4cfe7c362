// Cases: which of two matches counts, what a redirect does, and what audit mode softens.

import type { PacketCase } from './case.ts';
import type { State } from './state.ts';
import { allowed, denied, egress, ingress, proxied, to } from './two-pods.ts';

/** The state, with endpoints whose sets are said to have no entry that speaks of every peer. */
function peersOnly(state: State): State {
  const endpoints = Object.entries(state.endpoints ?? {}).map(([name, endpoint]) => [name, { ...endpoint, peersOnly: true }]);
  return { ...state, endpoints: Object.fromEntries(endpoints) };
}

const shortcut: PacketCase[] = [
  {
    name: 'where no entry speaks of every peer, a peer has its own',
    state: peersOnly(egress('#1 egress allow 200 tcp 80', '#2 egress deny 200 tcp 81', '#3 egress redirect 200 tcp 82 proxy 15001')),
    steps: [allowed(to(80), 1), denied(to(81), 2), proxied(to(82), 15001, 3), denied(to(83))],
  },
  {
    name: 'where no entry speaks of every peer, who has none of its own does not get in',
    state: peersOnly(ingress('#1 ingress allow 101')),
    steps: [{ packet: to(80), verdict: 'drop policy denied', direction: 'ingress', event: 'drop' }],
  },
  {
    name: 'were an allow of every peer overlooked, it would open nothing',
    state: peersOnly(egress('#1 egress allow any', '#2 egress allow 201')),
    steps: [denied(to(80))],
  },
  {
    name: 'were a deny of every peer overlooked, it would still beat an allow of the peer',
    state: peersOnly(egress('#1 egress allow 200', '#2 egress deny any tcp 80')),
    steps: [denied(to(80), 2), allowed(to(81), 1)],
  },
];

const precedence: PacketCase[] = [
  {
    name: 'a narrower deny cuts a hole into an allow',
    state: egress('#1 egress allow 200', '#2 egress deny 200 tcp 80'),
    steps: [denied(to(80), 2), allowed(to(81), 1)],
  },
  {
    name: "everybody's deny beats the peer's own allow",
    state: egress('#1 egress allow 200 tcp 80', '#2 egress deny any tcp 80'),
    steps: [denied(to(80), 2)],
  },
  {
    name: "everybody's broad deny beats the peer's exact allow",
    state: egress('#1 egress allow 200 tcp 80', '#2 egress deny any'),
    steps: [denied(to(80), 2)],
  },
  {
    name: "the peer's own deny beats everybody's allow",
    state: egress('#1 egress deny 200 tcp 80', '#2 egress allow any tcp 80'),
    steps: [denied(to(80), 1)],
  },
  {
    name: "the peer's broad deny beats everybody's exact allow",
    state: egress('#1 egress deny 200', '#2 egress allow any tcp 80'),
    steps: [denied(to(80), 1)],
  },
  {
    name: 'a deny beats a redirect',
    state: egress('#1 egress deny any tcp 80', '#2 egress redirect 200 tcp 80 proxy 15001'),
    steps: [denied(to(80), 1)],
  },
  {
    name: "a deny of the peer's own beats everybody's redirect",
    state: egress('#1 egress deny 200', '#2 egress redirect any tcp 80 proxy 15001'),
    steps: [denied(to(80), 1)],
  },
  {
    name: "everybody's redirect beats the peer's broad allow",
    state: egress('#1 egress allow 200', '#2 egress redirect any tcp 80 proxy 15001'),
    steps: [proxied(to(80), 15001, 2), allowed(to(81), 1)],
  },
  {
    name: "everybody's broad redirect beats the peer's exact allow",
    state: egress('#1 egress allow 200 tcp 80', '#2 egress redirect any tcp proxy 15001'),
    steps: [proxied(to(80), 15001, 2)],
  },
  {
    name: "the peer's redirect beats everybody's exact allow",
    state: egress('#1 egress redirect 200 tcp proxy 15002', '#2 egress allow any tcp 80'),
    steps: [proxied(to(80), 15002, 1)],
  },
  {
    name: "of two redirects the narrower counts, though it be everybody's",
    state: egress('#1 egress redirect 200 tcp proxy 15001', '#2 egress redirect any tcp 80 proxy 15002'),
    steps: [proxied(to(80), 15002, 2), proxied(to(81), 15001, 1)],
  },
  {
    name: "of two allows the narrower names the rule, though it be everybody's",
    state: egress('#1 egress allow 200', '#2 egress allow any tcp 80'),
    steps: [allowed(to(80), 2)],
  },
  {
    name: "of two allows the narrower names the rule, as the peer's own",
    state: egress('#1 egress allow 200 tcp 80', '#2 egress allow any tcp'),
    steps: [allowed(to(80), 1)],
  },
  {
    name: "of two equal matches the peer's own names the rule",
    state: egress('#1 egress allow 200 tcp 80', '#2 egress allow any tcp 80'),
    steps: [allowed(to(80), 1)],
  },
  {
    name: 'a port within a range may be denied',
    state: egress('#1 egress allow 200 tcp 8000-8999', '#2 egress deny 200 tcp 8080'),
    steps: [denied(to(8080), 2), allowed(to(8081), 1), allowed(to(8079), 1)],
  },
  {
    name: 'a port within a range may be redirected',
    state: egress('#1 egress allow 200 tcp 8000-8999', '#2 egress redirect 200 tcp 8080 proxy 15001'),
    steps: [proxied(to(8080), 15001, 2), allowed(to(8081), 1)],
  },
  {
    name: 'a range within a protocol may be denied',
    state: egress('#1 egress allow 200 tcp', '#2 egress deny 200 tcp 1-1023'),
    steps: [denied(to(80), 2), denied(to(1023), 2), allowed(to(1024), 1)],
  },
];

const redirects: PacketCase[] = [
  {
    name: 'a redirect goes to its proxy',
    state: egress('#1 egress redirect 200 tcp 80 proxy 15001'),
    steps: [proxied(to(80), 15001, 1), denied(to(81))],
  },
  {
    name: 'a redirect without a proxy drops: its layer 7 rules could not be enforced',
    state: egress('#1 egress redirect 200 tcp 80'),
    steps: [{ packet: to(80), verdict: 'drop l7 not enforced', event: 'drop', record: { egressRule: 1 }, flow: { absent: true } }],
  },
  {
    name: 'a redirect without a proxy is not rescued by an allow',
    state: egress('#1 egress allow 200 tcp 80', '#2 egress redirect any tcp 80'),
    steps: [{ packet: to(80), verdict: 'drop l7 not enforced', record: { egressRule: 2 } }],
  },
  {
    name: 'a redirect on the way in goes to its proxy',
    state: ingress('#1 ingress redirect 100 tcp 80 proxy 15003'),
    steps: [{ packet: to(80), verdict: 'proxy 15003', direction: 'ingress', record: { ingressRule: 1 } }],
  },
  {
    name: 'a redirect on the way in without a proxy drops',
    state: ingress('#1 ingress redirect 100 tcp 80'),
    steps: [{ packet: to(80), verdict: 'drop l7 not enforced', direction: 'ingress', record: { ingressRule: 1 } }],
  },
];

const audit: PacketCase[] = [
  {
    name: 'in audit mode a would-be drop passes and is told',
    state: { endpoints: { client: { identity: 100, policySet: 1, enforced: 'egress', audit: true }, server: { identity: 200 } } },
    steps: [
      {
        packet: to(80),
        verdict: 'local server',
        event: 'audit',
        record: { egressRule: 0, audited: 'policy denied' },
        flow: { packets: [1, 0] },
      },
    ],
  },
  {
    name: 'in audit mode a deny passes, and is named',
    state: {
      endpoints: { client: { identity: 100, policySet: 1, enforced: 'egress', audit: true }, server: { identity: 200 } },
      policies: { 1: ['#4 egress deny 200'] },
    },
    steps: [{ packet: to(80), verdict: 'local server', event: 'audit', record: { egressRule: 4, audited: 'policy deny' } }],
  },
  {
    name: 'in audit mode an allow is no audit',
    state: {
      endpoints: { client: { identity: 100, policySet: 1, enforced: 'egress', audit: true }, server: { identity: 200 } },
      policies: { 1: ['#4 egress allow 200'] },
    },
    steps: [{ packet: to(80), verdict: 'local server', event: 'none', record: { egressRule: 4 } }],
  },
  {
    name: 'in audit mode a redirect still goes to its proxy',
    state: {
      endpoints: { client: { identity: 100, policySet: 1, enforced: 'egress', audit: true }, server: { identity: 200 } },
      policies: { 1: ['#4 egress redirect 200 tcp 80 proxy 15001'] },
    },
    steps: [proxied(to(80), 15001, 4)],
  },
  {
    name: "audit of the receiver does not soften the sender's policy",
    state: {
      endpoints: {
        client: { identity: 100, policySet: 1, enforced: 'egress' },
        server: { identity: 200, policySet: 2, enforced: 'ingress', audit: true },
      },
    },
    steps: [denied(to(80))],
  },
  {
    name: "audit of the sender does not soften the receiver's policy",
    state: {
      endpoints: {
        client: { identity: 100, policySet: 1, enforced: 'egress', audit: true },
        server: { identity: 200, policySet: 2, enforced: 'ingress' },
      },
    },
    steps: [{ packet: to(80), verdict: 'drop policy denied', direction: 'ingress', event: 'drop' }],
  },
];

export const precedenceCases: readonly PacketCase[] = [...precedence, ...shortcut, ...redirects, ...audit];
