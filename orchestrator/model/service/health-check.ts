// Health check: what this node tells whoever balances to nodes about a service that only local backends of a node may answer.

import { familyOf, type NodeFacts, type ServiceFacts, type SliceFacts } from './rows.ts';

export interface HealthAnswer {
  readonly status: 200 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Endpoints of this node that are ready, each once, in the family of whoever asks; one that ends is no reason to send clients here. */
export function localEndpoints(slices: readonly SliceFacts[], node: NodeFacts, family: 4 | 6): number {
  const addresses = new Set<string>();
  for (const { endpoints } of slices) {
    for (const {
      addresses: [address],
      isReady,
      node: name,
    } of endpoints) {
      if (isReady && name === node.name && address !== undefined && familyOf(address) === family) addresses.add(address);
    }
  }
  return addresses.size;
}

/** Word by word as kube-proxy's, for those who read it with its eyes. */
export function healthAnswer(service: string, count: number, isHealthy: boolean): HealthAnswer {
  const [namespace = '', name = ''] = service.split('/');
  const body = { service: { namespace, name }, localEndpoints: count, serviceProxyHealthy: isHealthy };
  return {
    status: count > 0 && isHealthy ? 200 : 503,
    headers: {
      'Content-Type': 'application/json',
      'X-Content-Type-Options': 'nosniff',
      'X-Load-Balancing-Endpoint-Weight': String(count),
    },
    body: JSON.stringify(body, undefined, '\t'),
  };
}

/** Ports at which to answer, with the service of each. Of several that want one, the oldest has it. */
export function healthPorts(services: Iterable<ServiceFacts>): Map<number, string> {
  const found = new Map<number, ServiceFacts>();
  for (const service of services) {
    const { healthCheckPort: port, isExternallyLocal, type } = service;
    if (port === 0 || !isExternallyLocal || type !== 'LoadBalancer') continue;
    const before = found.get(port);
    if (before === undefined || `${service.createdAt} ${service.key}` < `${before.createdAt} ${before.key}`) found.set(port, service);
  }
  return new Map(Array.from(found, ([port, { key }]) => [port, key]));
}
