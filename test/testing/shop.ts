// A shop for tests: three tiers, and policies as short as they can be said.
import type { Cluster } from '../../orchestrator/testing/cluster.ts';

export const [web, cart, db] = ['shop/web', 'shop/cart', 'shop/db'] as const;

export function openShop(cluster: Cluster): void {
  for (const name of [web, cart, db]) cluster.pod(name, { labels: { app: name.slice(5) } });
}

/** A CiliumNetworkPolicy for the pods of one app. */
export function policy(app: string, spec: object, name: string = app): object {
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name, namespace: 'shop' },
    spec: { endpointSelector: { matchLabels: { app } }, ...spec },
  };
}

export const from = (app: string) => [{ matchLabels: { app } }];
export const ports = (...numbers: readonly (number | string)[]) => [
  { ports: numbers.map((port) => ({ port: `${port}`, protocol: 'TCP' })) },
];
