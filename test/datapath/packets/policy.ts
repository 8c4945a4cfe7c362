// Cases: what a policy set says about a peer, a protocol and a port, and who is asked.

import { ping, sctp, tcp, udp } from '../../support/packet.ts';
import type { PacketCase } from './case.ts';
import { allowed, denied, egress, ingress, to } from './two-pods.ts';

const ports: PacketCase[] = [
  { name: 'a port that a rule names is allowed', state: egress('#1 egress allow 200 tcp 80'), steps: [allowed(to(80), 1)] },
  {
    name: 'a port that no rule names is denied',
    state: egress('#1 egress allow 200 tcp 80'),
    steps: [denied(to(81)), denied(to(8080)), denied(to(20480))],
  },
  {
    name: 'the same port of another protocol is denied',
    state: egress('#1 egress allow 200 tcp 80'),
    steps: [denied(udp('client:40000 > server:80')), denied(sctp('client:40000 > server:80'))],
  },
  {
    name: 'a range allows its first and its last port and what is between, and nothing beside',
    state: egress('#1 egress allow 200 tcp 8000-8999'),
    steps: [allowed(to(8000), 1), allowed(to(8999), 1), allowed(to(8443), 1), denied(to(7999)), denied(to(9000))],
  },
  {
    name: 'a range may reach to the last port of all',
    state: egress('#1 egress allow 200 udp 60001-65535'),
    steps: [
      allowed(udp('client:5000 > server:65535'), 1),
      allowed(udp('client:5000 > server:60001'), 1),
      denied(udp('client:5000 > server:60000')),
    ],
  },
  {
    name: 'a range of one odd port is that port',
    state: egress('#1 egress allow 200 tcp 81-81'),
    steps: [allowed(to(81), 1), denied(to(80)), denied(to(82))],
  },
  {
    name: 'every port of a protocol',
    state: egress('#1 egress allow 200 tcp'),
    steps: [allowed(to(1), 1), allowed(to(65535), 1), denied(udp('client:40000 > server:1'))],
  },
  {
    name: 'every protocol',
    state: egress('#1 egress allow 200'),
    steps: [
      allowed(to(80), 1),
      allowed(udp('client:40000 > server:53'), 1),
      allowed(sctp('client:40000 > server:36412'), 1),
      allowed(ping('client > server', 7), 1),
    ],
  },
  {
    name: 'UDP and SCTP ports are told apart from one another',
    state: egress('#1 egress allow 200 udp 53', '#2 egress allow 200 sctp 36412'),
    steps: [
      allowed(udp('client:40000 > server:53'), 1),
      denied(udp('client:40000 > server:36412')),
      allowed(sctp('client:40000 > server:36412'), 2),
      denied(sctp('client:40000 > server:53')),
    ],
  },
  {
    name: 'a message type of ICMP is its port',
    families: ['ipv4'],
    state: egress('#1 egress allow 200 icmp 8'),
    steps: [allowed(ping('client > server', 7), 1)],
  },
  {
    name: 'a message type of ICMPv6 is its port',
    families: ['ipv6'],
    state: egress('#1 egress allow 200 icmpv6 128'),
    steps: [allowed(ping('client > server', 7), 1)],
  },
  {
    name: 'a ping needs a rule of its own',
    state: egress('#1 egress allow 200 tcp', '#2 egress allow 200 icmp 3', '#3 egress allow 200 icmpv6 1'),
    steps: [denied(ping('client > server', 7))],
  },
  {
    name: 'an empty set denies everything',
    state: egress(),
    steps: [denied(to(80)), denied(udp('client:1 > server:53')), denied(ping('client > server', 1))],
  },
];

const identities: PacketCase[] = [
  { name: 'a rule about another identity does not count', state: egress('#1 egress allow 201 tcp 80'), steps: [denied(to(80))] },
  { name: 'a rule about everybody counts', state: egress('#1 egress allow any tcp 80'), steps: [allowed(to(80), 1), denied(to(81))] },
  {
    name: 'everybody and everything',
    state: egress('#1 egress allow any'),
    steps: [allowed(to(80), 1), allowed(udp('client:40000 > server:53'), 1)],
  },
  { name: 'rules of the other direction do not count', state: egress('#1 ingress allow 200 tcp 80'), steps: [denied(to(80))] },
  {
    name: 'a set enforced for egress leaves the same endpoint open to ingress',
    state: egress(),
    steps: [{ packet: tcp('server:40000 > client:80', 'S'), verdict: 'local client' }],
  },
  {
    name: 'an identity of a prefix is asked like any other',
    state: { ...egress('#1 egress allow 16777217 tcp 443'), ipcache: { world: { identity: 16777217 } } },
    steps: [
      { packet: tcp('client:40000 > world:443', 'S'), verdict: 'stack', record: { egressRule: 1, destinationIdentity: 16777217 } },
      { packet: tcp('client:40000 > router:443', 'S'), verdict: 'drop policy denied', record: { destinationIdentity: 2 } },
    ],
  },
  {
    name: 'the longest prefix gives the identity',
    state: { ...egress('#1 egress allow 500 tcp', '#2 egress deny 501'), ipcache: { world: { identity: 500 }, world2: { identity: 501 } } },
    steps: [
      { packet: tcp('client:40000 > world:443', 'S'), verdict: 'stack', record: { egressRule: 1, destinationIdentity: 500 } },
      { packet: tcp('client:40000 > world2:443', 'S'), verdict: 'drop policy deny', record: { egressRule: 2, destinationIdentity: 501 } },
    ],
  },
  {
    name: 'what no prefix covers is the world',
    state: egress('#1 egress allow 2 tcp 443'),
    steps: [
      {
        packet: tcp('client:40000 > world:443', 'S'),
        verdict: 'stack',
        record: { egressRule: 1, sourceIdentity: 100, destinationIdentity: 2 },
      },
    ],
  },
  {
    name: 'endpoints of one set share its rules, endpoints of another do not',
    state: {
      endpoints: {
        client: { identity: 100, policySet: 1, enforced: 'egress' },
        other: { identity: 100, policySet: 1, enforced: 'egress' },
        server: { identity: 200, policySet: 2, enforced: 'egress' },
      },
      policies: { 1: ['#1 egress allow any tcp 80'], 2: ['#2 egress allow any tcp 81'] },
    },
    steps: [
      { packet: tcp('client:1 > world:80', 'S'), verdict: 'stack', record: { egressRule: 1 } },
      { packet: tcp('other:1 > world:80', 'S'), verdict: 'stack', record: { egressRule: 1 } },
      { packet: tcp('server:1 > world:80', 'S'), verdict: 'drop policy denied' },
      { packet: tcp('server:1 > world:81', 'S'), verdict: 'stack', record: { egressRule: 2 } },
    ],
  },
];

const directions: PacketCase[] = [
  {
    name: 'without enforcement everything passes',
    state: { endpoints: { client: { identity: 100, policySet: 1 }, server: { identity: 200, policySet: 1 } } },
    steps: [allowed(to(80), 0), allowed(udp('client:1 > server:2'), 0)],
  },
  {
    name: 'the receiver asks about the sender',
    state: ingress('#3 ingress allow 100 tcp 80'),
    steps: [
      {
        packet: to(80),
        verdict: 'local server',
        direction: 'ingress',
        record: { ingressRule: 3, sourceIdentity: 100, destinationIdentity: 200, endpoint: 12 },
      },
      {
        packet: to(81),
        verdict: 'drop policy denied',
        direction: 'ingress',
        event: 'drop',
        record: { ingressRule: 0, endpoint: 12 },
        flow: { absent: true },
      },
    ],
  },
  {
    name: 'the receiver does not ask about itself',
    state: ingress('#3 ingress allow 200 tcp 80'),
    steps: [{ packet: to(80), verdict: 'drop policy denied', direction: 'ingress' }],
  },
  {
    name: 'both sides must allow, and both rules are named',
    state: {
      endpoints: { client: { identity: 100, policySet: 1, enforced: 'both' }, server: { identity: 200, policySet: 2, enforced: 'both' } },
      policies: { 1: ['#1 egress allow 200 tcp 80-81'], 2: ['#2 ingress allow 100 tcp 80'] },
    },
    steps: [
      { packet: to(80), verdict: 'local server', direction: 'ingress', record: { egressRule: 1, ingressRule: 2 } },
      { packet: to(81), verdict: 'drop policy denied', direction: 'ingress', record: { egressRule: 1, ingressRule: 0, endpoint: 12 } },
      { packet: to(82), verdict: 'drop policy denied', direction: 'egress', record: { egressRule: 0, ingressRule: 0, endpoint: 11 } },
    ],
  },
  {
    name: 'a deny on the way in names its rule beside that of the way out',
    state: {
      endpoints: {
        client: { identity: 100, policySet: 1, enforced: 'egress' },
        server: { identity: 200, policySet: 2, enforced: 'ingress' },
      },
      policies: { 1: ['#1 egress allow any'], 2: ['#2 ingress deny 100', '#3 ingress allow any'] },
    },
    steps: [
      { packet: to(80), verdict: 'drop policy deny', direction: 'ingress', event: 'drop', record: { egressRule: 1, ingressRule: 2 } },
    ],
  },
  {
    name: 'one set may serve both sides of a flow',
    state: {
      endpoints: { client: { identity: 100, policySet: 1, enforced: 'both' }, other: { identity: 100, policySet: 1, enforced: 'both' } },
      policies: { 1: ['#1 egress allow 100 tcp 80', '#2 ingress allow 100 tcp 80'] },
    },
    steps: [
      {
        packet: tcp('client:40000 > other:80', 'S'),
        verdict: 'local other',
        direction: 'ingress',
        record: { egressRule: 1, ingressRule: 2 },
      },
    ],
  },
];

export const policyCases: readonly PacketCase[] = [...ports, ...identities, ...directions];
