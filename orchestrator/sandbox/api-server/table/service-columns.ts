// Columns of services.
import { type KubeObject, listAt, recordAt, textAt } from '../object.ts';
import type { Column } from '../resource.ts';
import { ageColumn, nameColumn } from './table.ts';

export const serviceColumns: readonly Column[] = [
  nameColumn,
  {
    name: 'Type',
    type: 'string',
    description: 'type determines how the Service is exposed.',
    cell: (object) => textAt(object, 'spec', 'type'),
  },
  {
    name: 'Cluster-IP',
    type: 'string',
    description: 'clusterIP is the IP address of the service and is usually assigned randomly.',
    cell: (object) => textAt(object, 'spec', 'clusterIP') || '<none>',
  },
  {
    name: 'External-IP',
    type: 'string',
    description: 'externalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic for this service.',
    cell: external,
  },
  { name: 'Port(s)', type: 'string', description: 'The list of ports that are exposed by this service.', cell: ports },
  ageColumn,
  {
    name: 'Selector',
    type: 'string',
    priority: 1,
    description: 'Route service traffic to pods with label keys and values matching this selector.',
    cell: selector,
  },
];

function external(object: KubeObject): string {
  const spec = recordAt(object, 'spec');
  const given = listAt(spec, 'externalIPs') as string[];
  if (spec.type === 'ExternalName') return textAt(spec, 'externalName');
  if (spec.type !== 'LoadBalancer') return given.join(',') || '<none>';
  const balanced = listAt(object, 'status', 'loadBalancer', 'ingress').map((one) => textAt(one, 'ip') || textAt(one, 'hostname'));
  return [...new Set([...balanced, ...given])].join(',') || '<pending>';
}

function ports(object: KubeObject): string {
  const all = listAt(object, 'spec', 'ports').map((port) => {
    const node = textAt(port, 'nodePort');
    return `${textAt(port, 'port')}${node === '' || node === '0' ? '' : `:${node}`}/${textAt(port, 'protocol')}`;
  });
  return all.join(',') || '<none>';
}

function selector(object: KubeObject): string {
  const pairs = Object.entries(recordAt(object, 'spec', 'selector')).map(([key, value]) => `${key}=${value}`);
  return pairs.sort().join(',') || '<none>';
}
