// The sandbox that a node is measured in: node `a` with two pods under policy on both sides, node `b` without a kubelet, so that its
// pods are attached by the benchmark alone.

import { endSandbox } from '../../../orchestrator/sandbox/end.ts';
import { nodeFolders } from '../../../orchestrator/sandbox/folders.ts';
import { openSandbox } from '../../../orchestrator/sandbox/open.ts';
import type { Entry } from '../../../orchestrator/sandbox/place.ts';
import type { RunningCluster } from '../../../orchestrator/sandbox/running-cluster.ts';
import { buildProgram } from '../native.ts';

export const namespace = 'bench';
/** Of the traffic program, by protocol. */
const ports = { TCP: ['7001', '7002', '7004', '7005'], UDP: ['7003', '7006'] };

export const topology = (name: string, nodes: readonly string[], podPrefix = '10.90.0.0/16') => ({
  name,
  clusters: [
    {
      name: 'bench',
      id: 1,
      podCIDRs: [podPrefix, 'fd00:90::/48'],
      serviceCIDRs: ['10.91.0.0/16', 'fd00:91::/112'],
      nodes: nodes.map((node) => ({ name: node })),
    },
  ],
});

export interface World {
  /** Of the sandbox. */
  readonly name: string;
  readonly cluster: RunningCluster;
  /** The program that makes load. */
  readonly traffic: string;
  /** Of a node, `cluster/node`. */
  folders(node: string): ReturnType<typeof nodeFolders>;
  /** What must end before the sandbox does. */
  readonly closing: (() => void)[];
  close(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const name = `bench-${process.pid}`;
  const traffic = buildProgram('traffic', ['-pthread']);
  const sandbox = await openSandbox(topology(name, ['a', 'b']), { name, tied: true, timeoutMs: 180_000 });
  try {
    const [cluster] = sandbox.clusters;
    if (cluster === undefined) throw new Error('bench: the sandbox has no cluster');
    await cluster.node('b').killKubelet();
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
    const closing: (() => void)[] = [];
    return {
      name,
      cluster,
      traffic,
      closing,
      folders: (node) => nodeFolders(sandbox.folder, node),
      async close() {
        for (const end of closing) end();
        sandbox.close();
        await endSandbox(name);
      },
    };
  } catch (error) {
    await endSandbox(name);
    throw error;
  }
}

export const pod = (name: string, nodeName: string, command: readonly string[], labels: Readonly<Record<string, string>> = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { app: name, ...labels } },
  spec: { nodeName, terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'none', command }] },
});

/** What the client may send to the server: judged where it leaves, and where it arrives. */
export const allowed = (client: string, server: string) => {
  const toPorts = [{ ports: Object.entries(ports).flatMap(([protocol, all]) => all.map((port) => ({ port, protocol }))) }];
  const select = (app: string) => ({ matchLabels: { app } });
  const policy = (name: string, spec: object) => ({
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name, namespace },
    spec,
  });
  return [
    policy(`from-${client}`, { endpointSelector: select(client), egress: [{ toEndpoints: [select(server)], toPorts }] }),
    policy(`to-${server}`, { endpointSelector: select(server), ingress: [{ fromEndpoints: [select(client)], toPorts }] }),
  ];
};

/** The network namespace of whoever is entered so, as a path. */
export function netnsOf({ words }: Entry): string {
  const flag = words.find((word) => word.startsWith('--net='));
  if (flag === undefined) throw new Error('bench: a pod without a network namespace');
  return flag.slice('--net='.length);
}
