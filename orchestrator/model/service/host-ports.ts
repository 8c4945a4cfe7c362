// Host ports: ports of this node that lead to one pod of it.

import { frontendKey, type ServiceRows } from './frontends.ts';
import { type BackendRow, type FrontendRow, familyOf, type HostPortFacts, type NodeFacts, type Scope, socketKey } from './rows.ts';

export function hostPortRows(pod: HostPortFacts, node: NodeFacts): ServiceRows {
  const frontends: FrontendRow[] = [];
  const backends: BackendRow[] = [];
  for (const { protocol, port, hostPort, hostAddress } of pod.ports) {
    for (const address of hostAddress === '' ? node.addresses : [hostAddress]) {
      const own = pod.addresses.find((one) => familyOf(one) === familyOf(address));
      if (own === undefined) continue;
      const key = socketKey(own, protocol, port);
      backends.push({ key, address: own, protocol, port, node: node.name, zone: node.zone, state: 'active' });
      for (const scope of ['inside', 'outside'] as const) frontends.push(frontend(pod, { address, protocol, port: hostPort, scope }, key));
    }
  }
  return { frontends, backends };
}

function frontend(
  pod: HostPortFacts,
  { address, protocol, port, scope }: { readonly address: string; readonly protocol: number; readonly port: number; readonly scope: Scope },
  backend: string,
): FrontendRow {
  return {
    key: frontendKey(address, protocol, port, scope),
    address,
    protocol,
    port,
    scope,
    service: pod.key,
    portName: '',
    type: 'HostPort',
    backends: [backend],
    weights: [],
    affinitySeconds: 0,
    sourceRanges: [],
    algorithm: 'maglev',
    isDirect: false,
    why: '',
  };
}
