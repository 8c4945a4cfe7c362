// Who there is in scenarios of services: tellers, who say who they are, and callers, on two nodes in two zones.

import { fileURLToPath } from 'node:url';
import type { Topology } from '../../../orchestrator/sandbox/topology/schema.ts';
import { namespace, pod, topology as twoNodes } from '../outage-world.ts';

/** Every scenario has eight of them. */
export const ports = { first: 8000, each: 8, last: 8399 } as const;

/** What the world reaches by way of node a. */
export const pools = { balancers: ['203.0.113.0/24', 'fd00:31::/112'], external: ['198.18.0.0/24', 'fd00:18::/112'] } as const;

export const topology = (more: object = {}): Topology =>
  twoNodes({
    loadBalancerCIDRs: [...pools.balancers],
    nodes: [
      { name: 'a', labels: { 'topology.kubernetes.io/zone': 'east-1' } },
      { name: 'b', labels: { 'topology.kubernetes.io/zone': 'east-2' } },
    ],
    ...more,
  });

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export const callerWords = [process.execPath, file('caller.mjs')];

interface TellerWords {
  readonly labels?: Readonly<Record<string, string>>;
  readonly hostNetwork?: boolean;
  readonly containerPorts?: readonly object[];
  readonly isReady?: boolean;
  readonly range?: string;
}

export function teller(name: string, node: string, { labels, hostNetwork, containerPorts, isReady = true, range }: TellerWords = {}) {
  const whole = `${ports.first}-${ports.last}`;
  const made = pod(name, node, { labels: labels ?? { app: 'teller' }, ...(hostNetwork && { hostNetwork }) });
  const [main] = made.spec.containers;
  const command = ['node', file('teller.mjs'), name, range ?? whole, '7001-7004'];
  const readinessProbe = isReady ? { tcpSocket: { port: 7004 }, periodSeconds: 60 } : { exec: { command: ['false'] }, periodSeconds: 60 };
  return { ...made, spec: { ...made.spec, containers: [{ ...main, command, ports: containerPorts ?? [], readinessProbe }] } };
}

/** The port `web` is another in each. */
export const pods = [
  teller('near', 'a', {
    containerPorts: [
      { name: 'web', containerPort: 7001 },
      { containerPort: 7003, hostPort: 8443 },
      { containerPort: 7003, hostPort: 8443, protocol: 'UDP' },
    ],
  }),
  teller('far', 'b', { containerPorts: [{ name: 'web', containerPort: 7002 }] }),
  teller('far-2', 'b', { containerPorts: [{ name: 'web', containerPort: 7002 }] }),
  teller('unready', 'a', { labels: { app: 'late' }, isReady: false }),
  teller('hosted', 'b', { labels: { app: 'hosted' }, hostNetwork: true, range: `${ports.first}-${ports.first + 99}` }),
  pod('client', 'a'),
  pod('client-b', 'b'),
];

export { namespace };
