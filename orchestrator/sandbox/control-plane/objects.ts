// What a cluster holds before anybody applies anything: its nodes, the definitions of policies, the service of the API itself.

import { crds } from '../../model/schema/crds.ts';
import { schemaVersion, schemaVersionLabel } from '../../sources/kubernetes/definitions.ts';
import { clusterDnsManifests } from '../dns/manifests.ts';
import { isInstalled } from '../prerequisites.ts';
import { program } from '../program.ts';
import { apiPort, type ClusterPlan, type NodePlan, world } from '../topology/plan.ts';
import type { KubeObject } from './client.ts';
import type { ClusterFiles } from './cluster-files.ts';

/** Without them a node's agent and kubelet have nothing to begin with. */
export function nodeObjects({ nodes }: ClusterPlan): KubeObject[] {
  return nodes.map(nodeObject);
}

export function otherObjects(cluster: ClusterPlan, files: ClusterFiles): KubeObject[] {
  const { dnsService: addresses } = cluster;
  const dns = hasResolver()
    ? clusterDnsManifests({
        axoneme: program(),
        kubeconfigFolder: files.dnsFolder,
        domain: 'cluster.local',
        addresses,
        others: world.names,
      })
    : [];
  return [...definitions(), ...apiService(cluster), ...dns.filter(({ kind }) => kind !== 'Namespace')];
}

/** As the cluster's operator would make them, a moment later. */
function definitions(): KubeObject[] {
  const labels = { [schemaVersionLabel]: `${schemaVersion}` };
  return crds().map((definition) => ({ ...definition, metadata: { ...definition.metadata, labels } }));
}

/** Names of a cluster are served by dnsmasq; where it is not installed there are none. */
export const hasResolver = (): boolean => isInstalled('dnsmasq');

function nodeObject({ name, podCIDRs, addresses, labels }: NodePlan): KubeObject {
  const usual = {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': process.arch === 'x64' ? 'amd64' : process.arch,
  };
  const internal = addresses.map((address) => ({ type: 'InternalIP', address }));
  return {
    ...{ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { ...usual, ...labels } } },
    spec: { podCIDR: podCIDRs[0], podCIDRs, providerID: `axoneme-sandbox://${name}` },
    status: { addresses: [...internal, { type: 'Hostname', address: name }], capacity: { pods: '110' }, allocatable: { pods: '110' } },
  };
}

/** As the API server of a real cluster keeps it: no selector, one address. */
function apiService({ address, apiService }: ClusterPlan): KubeObject[] {
  const metadata = { name: 'kubernetes', namespace: 'default' };
  const labels = { component: 'apiserver', provider: 'kubernetes' };
  const ports = [{ name: 'https', port: 443, protocol: 'TCP', targetPort: apiPort }];
  return [
    { apiVersion: 'v1', kind: 'Service', metadata: { ...metadata, labels }, spec: { clusterIP: apiService, ports } },
    {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: [{ name: 'https', port: apiPort, protocol: 'TCP' }],
    },
  ];
}
