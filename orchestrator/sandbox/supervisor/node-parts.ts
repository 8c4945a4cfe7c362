// Parts of a node: the agent, the kubelet, and the process that its packets run in where it has one; with the flags that make them this
// node's.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { nodeCgroup } from '../cgroup-tree.ts';
import type { ClusterFiles } from '../control-plane/cluster-files.ts';
import type { Namespace } from '../fabric/namespace.ts';
import { nodeFolders } from '../folders.ts';
import { program } from '../program.ts';
import type { ClusterPlan, NodePlan } from '../topology/plan.ts';
import type { PartPlan } from './part.ts';

/** The rights that an agent documents, and no others: everything a sandbox shows is done with these. The kubelet names namespaces in /proc. */
const agentRights = ['setpriv', '--bounding-set=-all,+net_admin,+net_raw,+sys_admin,+sys_ptrace', '--inh-caps=-all', '--'];

export interface NodeContext {
  readonly folder: string;
  readonly cgroup: string | undefined;
  readonly cluster: ClusterPlan;
  readonly files: ClusterFiles;
  readonly node: NodePlan;
  readonly namespace: Namespace;
}

/** What a node's mounts begin with: its own run folder and maps that nobody else sees. Where maps are refused there is no kernel mode. */
export function nodeMounts(folder: string, node: string): string[] {
  const { run } = nodeFolders(folder, node);
  return [`mount --bind '${run}' /run/axoneme`, 'mount -t bpf bpf /sys/fs/bpf 2>/dev/null || true'];
}

export function makeNodeFolders(folder: string, node: string): void {
  for (const path of Object.values(nodeFolders(folder, node))) mkdirSync(path, { recursive: true });
}

export interface NodeParts {
  readonly agent: PartPlan;
  readonly kubelet: PartPlan;
  /** Of a node that is told to have one; one that chooses for itself has its agent start it. */
  readonly datapath: PartPlan | undefined;
  /** Where that answers. */
  readonly control: string;
}

export function nodeParts(context: NodeContext): NodeParts {
  const { folder, cluster, files, node, namespace, cgroup } = context;
  const path = `${cluster.name}/${node.name}`;
  const folders = nodeFolders(folder, path);
  const below = (part: string) => (cgroup === undefined ? undefined : join(nodeCgroup(cgroup, path), part));
  const common = { enter: namespace.enter };
  const kubeconfig = ['--kubeconfig', files.nodeKubeconfigs[node.name]];
  const cni = ['--cni-conf-dir', folders.cniConfig, '--cni-bin-dir', folders.cniPlugins];
  const agent = [
    ...['agent', '--node-name', node.name, '--cluster-name', cluster.name, '--cluster-id', `${cluster.id}`, ...kubeconfig, ...cni],
    ...[
      '--etcd-endpoints',
      files.etcd.endpoint,
      '--etcd-ca',
      files.ca,
      '--etcd-cert',
      files.etcd.certificate,
      '--etcd-key',
      files.etcd.key,
    ],
    ...['--state-dir', folders.agent, '--run-dir', folders.run, '--bpffs', '/sys/fs/bpf/axoneme'],
    ...(cgroup === undefined ? ['--socket-lb', 'false'] : ['--cgroup-root', nodeCgroup(cgroup, path)]),
    ...['--node-address', node.addresses.join(','), '--datapath', node.datapath, ...node.agentFlags],
  ];
  const kubelet = [
    ...['sandbox-kubelet', '--node', node.name, ...kubeconfig, ...cni, '--state-dir', folders.kubelet],
    ...['--cgroup', below('pods') ?? join(folders.kubelet, 'cgroup'), '--cluster-dns', cluster.dnsService[0]],
    ...['--node-address', node.addresses.join(',')],
  ];
  const control = join(folders.run, 'datapath', 'control.sock');
  const datapath: PartPlan = {
    ...common,
    name: `${path}/datapath`,
    argv: [...agentRights, ...program(), 'datapath', '--run-dir', folders.run],
    log: join(folders.logs, 'datapath.log'),
    cgroup: below('datapath'),
  };
  return {
    datapath: node.datapath === 'wasm' ? datapath : undefined,
    control,
    agent: {
      ...common,
      name: `${path}/agent`,
      argv: [...agentRights, ...program(), ...agent],
      log: join(folders.logs, 'agent.log'),
      cgroup: below('agent'),
    },
    kubelet: {
      ...common,
      name: `${path}/kubelet`,
      argv: [...program(), ...kubelet],
      log: join(folders.logs, 'kubelet.log'),
      cgroup: below('kubelet'),
    },
  };
}
