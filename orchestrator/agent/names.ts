// Names: what the numbers of events mean, out of the agent's tables.

import { IDENTITY_HOST } from '../datapath/generated/enums.ts';
import type { InterfaceTable } from '../endpoints/interfaces.ts';
import type { Enforcement } from '../enforcement/enforcement.ts';
import type { RecordTables } from '../enforcement/records.ts';
import { ipKey } from '../etcd/records/ip.ts';
import type { FlowNames } from '../flows/names.ts';
import type { PodNamespaces } from './pod-namespaces.ts';
import type { ToldNames } from './told-names.ts';

export function agentNames(options: {
  readonly enforcement: Pick<Enforcement, 'view' | 'ruleText'>;
  readonly interfaces: InterfaceTable;
  readonly records: RecordTables;
  readonly service: FlowNames['service'];
  readonly namespaces: Pick<PodNamespaces, 'find'>;
  readonly told: ToldNames | undefined;
}): FlowNames {
  const { enforcement, interfaces, records, service, namespaces, told } = options;
  const { view } = enforcement;
  const endpoint: FlowNames['endpoint'] = (id) => {
    const row = interfaces.get(id);
    return row && { namespace: row.namespace, pod: row.pod };
  };
  return {
    endpoint,
    address(text) {
      const [row] = interfaces.by('address', text);
      if (row !== undefined) {
        const identity = view.endpoints.table.get(row.endpoint)?.identity;
        return { namespace: row.namespace, pod: row.pod, endpoint: row.endpoint, ...(identity !== undefined && { identity }) };
      }
      const record = records.addresses.get(ipKey(text))?.record;
      if (record !== undefined) {
        const pod = record.K8sPodName === undefined ? {} : { namespace: record.K8sNamespace ?? '', pod: record.K8sPodName };
        const node = [...view.nodes.table.rows()].find(({ address }) => address === record.HostIP)?.node;
        return { ...pod, identity: record.ID, ...(node !== undefined && { node }) };
      }
      const known = view.ipcache.table.get(`${text}/${text.includes(':') ? 128 : 32}`);
      return known && { identity: known.identity, ...(known.node !== '' && { node: known.node }) };
    },
    namespace(cookie) {
      const found = namespaces.find(cookie);
      if (found === 'node') return { identity: IDENTITY_HOST };
      const [address] = found?.addresses ?? [];
      return address === undefined ? undefined : { address };
    },
    identity: (number) => view.identities.table.get(number)?.labels,
    rule: (number) => enforcement.ruleText(number),
    ...(told && { told: (endpoint: number, address: string) => told.find(endpoint, address) }),
    service,
  };
}
