// Frontends of one service: what its addresses and ports mean, with the backends behind each.

import { familyOf, portBackends } from './backends.ts';
import { type BackendRow, type FrontendRow, type ServiceFacts, type SliceFacts, socketKey } from './rows.ts';

export interface ServiceRows {
  readonly frontends: readonly FrontendRow[];
  /** Each key once or more. */
  readonly backends: readonly BackendRow[];
}

const nothing: ServiceRows = { frontends: [], backends: [] };

/**
 * Every cluster address has a frontend for each port, with backends of its own family, and is closed besides: what nobody serves must not
 * reach the network. A service without an address, or that was rejected, has none.
 */
export function serviceRows(service: ServiceFacts, slices: readonly SliceFacts[]): ServiceRows {
  if (service.rejected !== undefined || service.type === 'ExternalName') return nothing;
  const frontends: FrontendRow[] = [];
  const backends: BackendRow[] = [];
  for (const address of service.clusterAddresses) {
    const common = { address, service: service.key };
    for (const { name, port, protocol } of service.ports) {
      const { chosen, rows } = portBackends(slices, { name, protocol }, familyOf(address));
      const key = socketKey(address, protocol, port);
      frontends.push({ key, ...common, protocol, port, portName: name, type: 'ClusterIP', backends: chosen });
      backends.push(...rows);
    }
    frontends.push({ key: socketKey(address, 0, 0), ...common, protocol: 0, port: 0, portName: '', type: 'closed', backends: [] });
  }
  return { frontends, backends };
}
