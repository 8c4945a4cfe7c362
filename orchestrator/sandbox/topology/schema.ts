// The form of a topology: which clusters and nodes a sandbox has, and what is applied to them at start.

import type { Problem } from '../../model/policy/problem.ts';
import { type Infer, integer, list, map, object, string } from '../../model/schema/schema.ts';
import { checkClusters } from './rules.ts';

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const name = (maxLength: number) => string({ minLength: 1, maxLength, pattern: label });
const prefixes = list(string({ format: 'cidr' }), { minItems: 1, maxItems: 2 });

/** `auto` is what the host allows: the kernel, or WebAssembly. */
const datapath = string({ enum: ['auto', 'kernel', 'wasm'] });
/** `mixed`: wasm and kernel, one node after the other. */
const datapaths = string({ enum: ['auto', 'kernel', 'wasm', 'mixed'] });

const node = object(
  {
    name: name(20),
    datapath,
    /** More flags of `axoneme agent`, after those of the cluster. */
    agentFlags: list(string()),
    labels: map(string()),
  },
  { required: ['name'] },
);

const cluster = object(
  {
    name: name(20),
    /** Number of the cluster in its mesh. */
    id: integer({ minimum: 0, maximum: 255 }),
    /** At most one of each family. Every node gets a /24 and a /64 of them, less where they are small. */
    podCIDRs: prefixes,
    serviceCIDRs: prefixes,
    /** Where addresses of load balancers come from. Without it they get none. */
    loadBalancerCIDRs: prefixes,
    nodes: list(node, { minItems: 1, maxItems: 50 }),
    /** Files, folders and globs of Kubernetes objects, from the topology's folder; in this order. */
    manifests: list(string({ minLength: 1 })),
    /** Of nodes that say nothing. */
    datapath: datapaths,
    /** More flags of `axoneme agent`, on every node. */
    agentFlags: list(string()),
  },
  { required: ['name', 'nodes'] },
);

export const topologySchema = object(
  { name: name(30), clusters: list(cluster, { minItems: 1, maxItems: 8 }) },
  { required: ['clusters'], check: (value: { readonly clusters: readonly TopologyCluster[] }): Problem[] => checkClusters(value) },
);

/** A topology as its file says it; what is left out is chosen by `plan.ts`. */
export type Topology = Infer<typeof topologySchema>;
export type TopologyCluster = Infer<typeof cluster>;
export type TopologyNode = Infer<typeof node>;
export type DatapathChoice = Infer<typeof datapath>;
export type ClusterDatapaths = Infer<typeof datapaths>;
