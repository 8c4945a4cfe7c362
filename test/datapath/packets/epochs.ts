// Cases: what an established flow makes of a change: nothing until an epoch moves, and then one look at the policies.

import { tcp } from '../../support/packet.ts';
import type { PacketCase, Step } from './case.ts';
import { guarded } from './conntrack.ts';

const request = (flags: string) => tcp('client:40000 > server:80', flags);
const answer = (flags: string) => tcp('server:80 > client:40000', flags);
const handshake: Step[] = [
  { packet: request('S'), verdict: 'local server', direction: 'ingress' },
  { packet: answer('SA'), verdict: 'local client' },
  { packet: request('A'), verdict: 'local server' },
];
const withoutEgress = { policies: { 1: ['egress allow 200 tcp 80'] } };
const withoutIngress = { policies: { 2: ['ingress allow 100 tcp 80'] } };
const established = ['replied', 'origin non syn'];

export const epochCases: readonly PacketCase[] = [
  {
    name: 'a rule taken away does not end a flow before an epoch moves',
    state: guarded,
    steps: [...handshake, { change: {}, remove: withoutEgress }, { packet: request('A'), verdict: 'local server' }],
  },
  {
    name: "a rule taken away ends the flow once the sender's epoch moves",
    state: guarded,
    steps: [
      ...handshake,
      { change: { epochs: ['client'] }, remove: withoutEgress },
      { packet: request('A'), verdict: 'drop policy denied', direction: 'egress', event: 'drop', flow: { absent: true } },
    ],
  },
  {
    name: "a rule taken away ends the flow once the receiver's epoch moves",
    state: guarded,
    steps: [
      ...handshake,
      { change: { epochs: ['server'] }, remove: withoutIngress },
      { packet: request('A'), verdict: 'drop policy denied', direction: 'ingress', event: 'drop', flow: { absent: true } },
    ],
  },
  {
    name: 'an answer too ends the flow that is no longer allowed',
    state: guarded,
    steps: [
      ...handshake,
      { change: { epochs: ['client'] }, remove: withoutEgress },
      { packet: answer('A'), verdict: 'drop policy denied', direction: 'egress', flow: { of: request('A'), absent: true } },
    ],
  },
  {
    name: 'a flow that is still allowed goes on with its history and its new rule',
    state: guarded,
    steps: [
      ...handshake,
      { change: { policies: { 1: ['#21 egress allow 200 tcp 80'] }, epochs: ['client'] } },
      {
        packet: request('A'),
        verdict: 'local server',
        direction: 'ingress',
        record: { reply: 0, egressRule: 21, ingressRule: 11 },
        flow: { flags: established, expiresIn: 8000, packets: [3, 1] },
      },
    ],
  },
  {
    name: 'an answer may bring the look at the policies, in the direction of the question',
    state: guarded,
    steps: [
      ...handshake,
      { change: { policies: { 1: ['#21 egress allow 200 tcp 80'] }, epochs: ['server'] } },
      {
        packet: answer('A'),
        verdict: 'local client',
        direction: 'ingress',
        record: { reply: 1, egressRule: 21, ingressRule: 11, sourceIdentity: 200, destinationIdentity: 100 },
        flow: { of: request('A'), flags: [...established, 'responder non syn'], packets: [2, 2] },
      },
    ],
  },
  {
    name: 'the look is taken once: without another epoch a later change is not seen',
    state: guarded,
    steps: [
      ...handshake,
      { change: { epochs: ['client'] } },
      { packet: request('A'), verdict: 'local server', direction: 'ingress' },
      { change: {}, remove: withoutEgress },
      { packet: request('A'), verdict: 'local server' },
      { packet: answer('A'), verdict: 'local client' },
    ],
  },
  {
    name: "somebody else's epoch does not concern a flow",
    state: guarded,
    steps: [
      ...handshake,
      { change: { epochs: ['other', 'world'] }, remove: withoutEgress },
      { packet: request('A'), verdict: 'local server' },
    ],
  },
  {
    name: 'a flow that ended by policy begins again when policy lets it',
    state: guarded,
    steps: [
      ...handshake,
      { change: { epochs: ['client'] }, remove: withoutEgress },
      { packet: request('A'), verdict: 'drop policy denied' },
      { change: { policies: { 1: ['#1 egress allow 200 tcp 80'] }, epochs: ['client'] } },
      { packet: request('A'), verdict: 'local server', direction: 'ingress', flow: { flags: ['origin non syn'], packets: [1, 0] } },
    ],
  },
  {
    name: 'a new identity of the client is seen',
    state: guarded,
    steps: [
      ...handshake,
      { change: { endpoints: { client: { identity: 101, policySet: 1, enforced: 'both' } }, epochs: ['client'] } },
      { packet: request('A'), verdict: 'drop policy denied', direction: 'ingress', record: { sourceIdentity: 101 } },
    ],
  },
  {
    name: 'a new identity of a remote peer is seen',
    state: { ...guarded, policies: { 1: ['#1 egress allow 300 tcp 80'] }, ipcache: { remotePods: { identity: 300 } } },
    steps: [
      { packet: tcp('client:40000 > remote:80', 'S'), verdict: 'stack' },
      { change: { ipcache: { remote: { identity: 301 } }, epochs: ['remote'] } },
      { packet: tcp('client:40000 > remote:80', 'S'), verdict: 'drop policy denied', record: { destinationIdentity: 301 } },
    ],
  },
  {
    name: 'enforcement switched on is seen',
    state: { endpoints: { client: { identity: 100 }, server: { identity: 200 } } },
    steps: [
      { packet: request('S'), verdict: 'local server' },
      { packet: answer('SA'), verdict: 'local client' },
      { change: { endpoints: { server: { identity: 200, policySet: 2, enforced: 'ingress' } }, epochs: ['server'] } },
      { packet: request('A'), verdict: 'drop policy denied', direction: 'ingress' },
    ],
  },
  {
    name: 'a deny cuts a live flow',
    state: guarded,
    steps: [
      ...handshake,
      { change: { policies: { 2: ['#30 ingress deny any'] }, epochs: ['server'] } },
      { packet: request('A'), verdict: 'drop policy deny', direction: 'ingress', record: { ingressRule: 30 }, flow: { absent: true } },
    ],
  },
  {
    name: 'a flow moves to the proxy when a redirect comes, and its answers do not',
    state: guarded,
    steps: [
      ...handshake,
      { change: { policies: { 1: ['#31 egress redirect 200 tcp 80 proxy 15001'] }, epochs: ['client'] } },
      { packet: request('A'), verdict: 'proxy 15001', direction: 'ingress', flow: { flags: [...established, 'proxy'], proxyPort: 15001 } },
      { packet: answer('A'), verdict: 'local client' },
      { packet: request('A'), verdict: 'proxy 15001' },
    ],
  },
  {
    name: 'a flow comes back from the proxy when the redirect goes',
    state: { ...guarded, policies: { ...guarded.policies, 1: ['#31 egress redirect 200 tcp 80 proxy 15001'] } },
    steps: [
      { packet: request('S'), verdict: 'proxy 15001', direction: 'ingress', flow: { flags: ['proxy'], proxyPort: 15001 } },
      { packet: request('S'), verdict: 'proxy 15001' },
      { change: { policies: { 1: ['#1 egress allow 200 tcp 80'] }, epochs: ['client'] } },
      { packet: request('S'), verdict: 'local server', direction: 'ingress', flow: { flags: [], proxyPort: 0 } },
    ],
  },
  {
    name: 'a redirect that lost its proxy ends its flows',
    state: guarded,
    steps: [
      ...handshake,
      { change: { policies: { 1: ['#31 egress redirect 200 tcp 80'] }, epochs: ['client'] } },
      { packet: request('A'), verdict: 'drop l7 not enforced', direction: 'egress', flow: { absent: true } },
    ],
  },
  {
    name: 'audit mode keeps a flow that policy would end, and tells',
    state: guarded,
    steps: [
      ...handshake,
      { change: { endpoints: { client: { identity: 100, policySet: 3, enforced: 'egress', audit: true } }, epochs: ['client'] } },
      {
        packet: request('A'),
        verdict: 'local server',
        direction: 'ingress',
        event: 'audit',
        record: { audited: 'policy denied' },
        flow: { packets: [3, 1] },
      },
    ],
  },
];
