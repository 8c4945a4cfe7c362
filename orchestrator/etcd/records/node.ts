// Node records: `axoneme/state/nodes/v1/<cluster>/<node>`, JSON with the field names that meshes have always used. Nothing secret is
// ever written here: keys of encryption are named by their number.
import { optional, type Read, read, record, requireFields } from './json.ts';

export interface NodeRecord {
  readonly Name: string;
  readonly Cluster: string;
  readonly ClusterID: number;
  readonly IPAddresses: readonly {
    readonly Type: 'InternalIP' | 'ExternalIP' | 'CiliumInternalIP' | 'Hostname' | string;
    readonly IP: string;
  }[];
  readonly IPv4AllocCIDR?: string;
  readonly IPv6AllocCIDR?: string;
  readonly IPv4HealthIP?: string;
  readonly IPv6HealthIP?: string;
  /** Number of the key that this node encrypts with; 0 without encryption. */
  readonly EncryptionKey?: number;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Source?: string;
}

/** Among a node's labels: how it handles packets, `kernel` or `wasm`. */
export const datapathLabel = 'axoneme.io/datapath';

const root = 'axoneme/state/nodes/v1/';

export const nodesOf = (cluster: string): string => `${root}${cluster}/`;
export const nodeKey = (cluster: string, name: string): string => `${nodesOf(cluster)}${name}`;

/** `cluster`: whose records are read; what speaks of another cluster or node than its key does is rejected. */
export function readNode(key: string, value: Uint8Array, cluster: { readonly name: string; readonly id: number }): Read<NodeRecord> {
  return read(value, (json) => {
    requireFields(json, { Name: 'string', Cluster: 'string', ClusterID: 'number', IPAddresses: 'array' });
    optional(json, { IPv4AllocCIDR: 'string', IPv6AllocCIDR: 'string', IPv4HealthIP: 'string', IPv6HealthIP: 'string' });
    optional(json, { EncryptionKey: 'number', Labels: 'object', Source: 'string' });
    const node = json as unknown as NodeRecord;
    for (const [at, address] of node.IPAddresses.entries()) {
      requireFields(record(address, `IPAddresses[${at}]`), { Type: 'string', IP: 'address' });
    }
    if (node.Cluster !== cluster.name) throw new Error(`Cluster: not the cluster that is read, ${cluster.name}: "${node.Cluster}"`);
    if (node.ClusterID !== cluster.id) throw new Error(`ClusterID: not that of the cluster that is read, ${cluster.id}: ${node.ClusterID}`);
    if (nodeKey(node.Cluster, node.Name) !== key) throw new Error(`Name: not what its key says: "${node.Name}"`);
    return node;
  });
}
