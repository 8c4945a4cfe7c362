// Nodes: their kubelets register them and write their status.
import { type Json, type KubeObject, listAt, recordAt, textAt } from '../object.ts';
import { resource } from '../resource.ts';
import { definition } from '../schema/definitions.ts';
import { ageColumn, nameColumn } from '../table/table.ts';

const info = (field: string) => (object: KubeObject) => textAt(object, 'status', 'nodeInfo', field) || '<unknown>';
const address = (type: string) => (object: KubeObject) => {
  const found = listAt(object, 'status', 'addresses').find((entry) => textAt(entry, 'type') === type);
  return textAt(found, 'address') || '<none>';
};

export const nodes = resource({
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  hasStatus: true,
  columns: [
    nameColumn,
    { name: 'Status', type: 'string', description: 'The status of the node', cell: readiness },
    { name: 'Roles', type: 'string', description: 'The roles of the node', cell: roles },
    ageColumn,
    {
      name: 'Version',
      type: 'string',
      description: 'Kubelet Version reported by the node.',
      cell: (object) => textAt(object, 'status', 'nodeInfo', 'kubeletVersion'),
    },
    {
      name: 'Internal-IP',
      type: 'string',
      priority: 1,
      description: 'List of addresses reachable to the node.',
      cell: address('InternalIP'),
    },
    {
      name: 'External-IP',
      type: 'string',
      priority: 1,
      description: 'List of addresses reachable to the node.',
      cell: address('ExternalIP'),
    },
    {
      name: 'OS-Image',
      type: 'string',
      priority: 1,
      description: 'OS Image reported by the node from /etc/os-release (e.g. Debian GNU/Linux 7 (wheezy)).',
      cell: info('osImage'),
    },
    {
      name: 'Kernel-Version',
      type: 'string',
      priority: 1,
      description: "Kernel Version reported by the node from 'uname -r' (e.g. 3.16.0-0.bpo.4-amd64).",
      cell: info('kernelVersion'),
    },
    {
      name: 'Container-Runtime',
      type: 'string',
      priority: 1,
      description: 'ContainerRuntime Version reported by the node through runtime remote API (e.g. containerd://1.4.2).',
      cell: info('containerRuntimeVersion'),
    },
  ],
  selectable: { 'spec.unschedulable': (object) => String(recordAt(object, 'spec').unschedulable === true) },
  schema: definition('Node'),
  prepare(object) {
    object.spec ??= {};
    object.status ??= {};
    const spec = recordAt(object, 'spec');
    const [first] = listAt(spec, 'podCIDRs');
    if (spec.podCIDR && spec.podCIDR !== first) spec.podCIDRs = [spec.podCIDR];
    else if (!spec.podCIDR && first !== undefined) spec.podCIDR = first;
    const status = recordAt(object, 'status');
    const capacity = recordAt(status, 'capacity');
    if (Object.keys(capacity).length > 0 && status.allocatable === undefined) status.allocatable = { ...capacity };
  },
});

function readiness(object: KubeObject): string {
  const ready = listAt(object, 'status', 'conditions').find((condition) => textAt(condition, 'type') === 'Ready');
  const word = ready === undefined ? 'Unknown' : textAt(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
  return recordAt(object, 'spec').unschedulable === true ? `${word},SchedulingDisabled` : word;
}

function roles({ metadata }: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/';
  const found = new Set<string>();
  for (const [key, value] of Object.entries(metadata.labels ?? ({} as Json))) {
    if (key.startsWith(prefix) && key.length > prefix.length) found.add(key.slice(prefix.length));
    else if (key === 'kubernetes.io/role' && value !== '') found.add(String(value));
  }
  return found.size === 0 ? '<none>' : [...found].sort().join(',');
}
