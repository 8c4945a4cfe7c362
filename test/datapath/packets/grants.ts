// Cases: a pod that resolved a name may reach its addresses, for as long as the answer said, and nobody else may.

import { tcp } from '../../support/packet.ts';
import type { PacketCase } from './case.ts';
import type { GrantState, State } from './state.ts';

const named = 16777300;
const ask = (port: number, from = 40000) => tcp(`client:${from} > world:${port}`, 'S');
const grant = (...identities: [number, number][]): GrantState => ({ endpoint: 'client', to: 'world', identities });

/** The client may reach what has the identity of a set of names; the address itself is the world's. */
function resolved(grants: readonly GrantState[], ...rules: string[]): State {
  return {
    endpoints: {
      client: { identity: 100, policySet: 1, enforced: 'egress' },
      other: { identity: 100, policySet: 1, enforced: 'egress' },
      server: { identity: 200 },
    },
    policies: { 1: [`#1 egress allow ${named} tcp 443`, ...rules] },
    grants,
  };
}

export const grantCases: readonly PacketCase[] = [
  {
    name: 'a granted address is reached',
    state: resolved([grant([named, 60])]),
    steps: [{ packet: ask(443), verdict: 'stack', record: { egressRule: 1, destinationIdentity: 2 } }],
  },
  { name: 'an address that was not granted is not', state: resolved([]), steps: [{ packet: ask(443), verdict: 'drop policy denied' }] },
  {
    name: 'a grant opens the ports of its rule and no others',
    state: resolved([grant([named, 60])]),
    steps: [{ packet: ask(80), verdict: 'drop policy denied' }],
  },
  {
    name: 'a grant to one address is none to another',
    state: resolved([grant([named, 60])]),
    steps: [{ packet: tcp('client:40000 > world2:443', 'S'), verdict: 'drop policy denied' }],
  },
  {
    name: 'a grant to one pod is none to another, though both share their policy',
    state: resolved([grant([named, 60])]),
    steps: [{ packet: tcp('other:40000 > world:443', 'S'), verdict: 'drop policy denied' }],
  },
  {
    name: 'a grant of names that no rule allows opens nothing',
    state: resolved([grant([named + 1, 60])]),
    steps: [{ packet: ask(443), verdict: 'drop policy denied' }],
  },
  {
    name: 'a grant that has ended opens nothing, and the reason says so',
    state: resolved([grant([named, -1])]),
    steps: [{ packet: ask(443), verdict: 'drop grant expired', event: 'drop' }],
  },
  {
    name: 'a grant ends when its time has come',
    state: resolved([grant([named, 30])]),
    steps: [
      { seconds: 28 },
      { packet: ask(443), verdict: 'stack' },
      { seconds: 4 },
      { packet: ask(443, 40001), verdict: 'drop grant expired' },
    ],
  },
  {
    name: 'a connection lives on when its grant has ended',
    state: resolved([grant([named, 30])]),
    steps: [
      { packet: ask(443), verdict: 'stack' },
      { hook: 'from_network', packet: tcp('world:443 > client:40000', 'SA'), verdict: 'local client' },
      { packet: tcp('client:40000 > world:443', 'A'), verdict: 'stack' },
      { seconds: 31 },
      { packet: tcp('client:40000 > world:443', 'A'), verdict: 'stack' },
      { hook: 'from_network', packet: tcp('world:443 > client:40000', 'A'), verdict: 'local client' },
    ],
  },
  {
    name: 'a connection whose grant has ended outlives a change that does not concern it, and a new one is refused',
    state: resolved([grant([named, 30])]),
    steps: [
      { packet: ask(443), verdict: 'stack' },
      { seconds: 31 },
      { change: { epochs: ['client'] } },
      { packet: tcp('client:40000 > world:443', 'A'), verdict: 'stack' },
      { packet: ask(443, 40001), verdict: 'drop grant expired' },
    ],
  },
  {
    name: 'a connection whose grant has ended does not outlive the rule that allowed its name',
    state: resolved([grant([named, 30])]),
    steps: [
      { packet: ask(443), verdict: 'stack' },
      { seconds: 31 },
      { change: { epochs: ['client'] }, remove: { policies: { 1: [`egress allow ${named} tcp 443`] } } },
      { packet: tcp('client:40000 > world:443', 'A'), verdict: 'drop policy denied', flow: { absent: true } },
    ],
  },
  {
    name: 'a deny of the world beats a grant',
    state: resolved([grant([named, 60])], '#2 egress deny 2'),
    steps: [{ packet: ask(443), verdict: 'drop policy deny', record: { egressRule: 2 } }],
  },
  {
    name: "everybody's deny beats a grant, even if it is said that there is none",
    state: {
      ...resolved([grant([named, 60])], '#2 egress deny any tcp 443'),
      endpoints: { client: { identity: 100, policySet: 1, enforced: 'egress', peersOnly: true } },
    },
    steps: [{ packet: ask(443), verdict: 'drop policy deny', record: { egressRule: 2 } }],
  },
  {
    name: "everybody's deny beats a grant",
    state: resolved([grant([named, 60])], '#2 egress deny any tcp 443'),
    steps: [{ packet: ask(443), verdict: 'drop policy deny', record: { egressRule: 2 } }],
  },
  {
    name: 'a deny of the address’s own prefix beats a grant',
    state: { ...resolved([grant([named, 60])], '#2 egress deny 16777217'), ipcache: { world: { identity: 16777217 } } },
    steps: [{ packet: ask(443), verdict: 'drop policy deny', record: { egressRule: 2 } }],
  },
  {
    name: 'an allow of the world needs no grant',
    state: resolved([], '#2 egress allow 2 tcp 443'),
    steps: [{ packet: ask(443), verdict: 'stack', record: { egressRule: 2 } }],
  },
  {
    name: 'an ended grant does not spoil an allow of the world',
    state: resolved([grant([named, -1])], '#2 egress allow 2 tcp 443'),
    steps: [{ packet: ask(443), verdict: 'stack', record: { egressRule: 2 } }],
  },
  {
    name: "a grant's redirect beats an allow of the world",
    state: { ...resolved([grant([named + 1, 60])], `#3 egress redirect ${named + 1} tcp 443 proxy 15001`, '#2 egress allow 2') },
    steps: [{ packet: ask(443), verdict: 'proxy 15001', record: { egressRule: 3 } }],
  },
  {
    name: "a grant's redirect without a proxy drops",
    state: { ...resolved([grant([named + 1, 60])], `#3 egress redirect ${named + 1} tcp 443`) },
    steps: [{ packet: ask(443), verdict: 'drop l7 not enforced', record: { egressRule: 3 } }],
  },
  {
    name: 'each of four names of one address may be the one that counts',
    state: resolved([grant([named + 1, 60], [named + 2, 60], [named + 3, 60], [named, 60])]),
    steps: [{ packet: ask(443), verdict: 'stack', record: { egressRule: 1 } }],
  },
  ...[0, 1, 2, 3].map(
    (place): PacketCase => ({
      name: `of four names the one in place ${place + 1} is still good and the others have ended`,
      state: resolved([grant(...[0, 1, 2, 3].map((index): [number, number] => [named, index === place ? 60 : -60]))]),
      steps: [{ packet: ask(443), verdict: 'stack', record: { egressRule: 1 } }],
    }),
  ),
  {
    name: 'of four names the one with the narrowest rule is named',
    state: resolved([grant([named, 60], [named + 1, 60])], `#2 egress allow ${named + 1} tcp`, `#3 egress allow ${named + 2}`),
    steps: [
      { packet: ask(443), verdict: 'stack', record: { egressRule: 1 } },
      { packet: ask(80), verdict: 'stack', record: { egressRule: 2 } },
    ],
  },
  {
    name: 'a grant does not count for an address of a pod of this node',
    state: resolved([{ endpoint: 'client', to: 'server', identities: [[named, 60]] }]),
    steps: [{ packet: tcp('client:40000 > server:443', 'S'), verdict: 'drop policy denied' }],
  },
  {
    name: 'a grant does not let the world in',
    state: {
      endpoints: { client: { identity: 100, policySet: 1, enforced: 'ingress' } },
      policies: { 1: [`#1 ingress allow ${named} tcp 443`] },
      grants: [grant([named, 60])],
    },
    steps: [{ hook: 'from_network', packet: tcp('world:40000 > client:443', 'S'), verdict: 'drop policy denied' }],
  },
];
