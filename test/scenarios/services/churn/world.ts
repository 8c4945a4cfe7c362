// Who there is under churn: six tellers, and services of every kind that clients come to by packets and by sockets.

import { pod } from '../../outage-world.ts';
import { bare, service } from '../scenario.ts';
import { namespace, ports, teller } from '../world.ts';

export const tellers = { 'near-1': 'a', 'near-2': 'a', 'near-3': 'a', 'far-1': 'b', 'far-2': 'b', 'far-3': 'b' } as const;
export type Teller = keyof typeof tellers;
export const tellerNames = Object.keys(tellers) as Teller[];

const range = `${ports.first}-${ports.first + 9}`;

/** A pod that a rolling update replaces; each is another. */
export const rollingPod = (number: number) => {
  const made = teller(`roll-${number}`, number % 2 === 0 ? 'a' : 'b', { labels: { app: 'roll' }, range });
  return { ...made, spec: { ...made.spec, terminationGracePeriodSeconds: 20 } };
};

export const pods = [
  ...tellerNames.map((name) => teller(name, tellers[name], { range })),
  ...[0, 1, 2].map(rollingPod),
  pod('client', 'a'),
];

/** How clients come: over TCP unless it says otherwise. Backends of service number N listen at port `first + N`. */
export interface Kind {
  readonly name: string;
  readonly spec: object;
  readonly annotations?: object;
  readonly protocol?: 'udp';
  /** Its pods are selected, and nobody writes its slices. */
  readonly isRolling?: true;
  /** `FROM TO PORT`. */
  readonly clients: readonly string[];
}

const local = { externalIPs: ['198.18.0.5', 'fd00:18::5'] };
const dsr = { 'service.cilium.io/forwarding-mode': 'dsr' };

export const kinds: readonly Kind[] = [
  { name: 'plain', spec: {}, clients: ['client plain 80'] },
  { name: 'sticky', spec: { sessionAffinity: 'ClientIP', ...local }, clients: ['client sticky 80', 'world sticky.external 80'] },
  { name: 'node-port', spec: { type: 'NodePort' }, clients: ['world node-a 30202', 'world node-b 30202', 'client node-port 80'] },
  { name: 'balanced', spec: { type: 'LoadBalancer' }, clients: ['world balanced.balancer 80', 'world node-b 30203', 'client balanced 80'] },
  { name: 'direct', spec: { type: 'LoadBalancer' }, annotations: dsr, clients: ['world direct.balancer 80', 'client direct.balancer 80'] },
  {
    name: 'datagrams',
    spec: { type: 'NodePort' },
    protocol: 'udp',
    clients: ['world node-a 30205', 'world node-b 30205', 'client datagrams 80'],
  },
  { name: 'roll', spec: { type: 'NodePort' }, isRolling: true, clients: ['world node-a 30206', 'client roll 80'] },
];

export const backendPort = (kind: Kind): number => ports.first + kinds.indexOf(kind);

/** The object; with the addresses that it had, if it was there before. */
export function serviceOf(kind: Kind, addresses: object = {}) {
  const { name, spec, annotations, protocol, isRolling } = kind;
  const at = kinds.indexOf(kind);
  const hasNodePort = 'type' in spec;
  const words = {
    port: 80,
    protocol: protocol === 'udp' ? 'UDP' : 'TCP',
    targetPort: backendPort(kind),
    ...(hasNodePort && { nodePort: 30_200 + at }),
  };
  const make = isRolling ? service : bare;
  const selector = isRolling ? { selector: { app: 'roll' } } : {};
  return make(name, { ...spec, ...selector, ports: [words], ...addresses }, annotations && { annotations });
}

export { namespace };
