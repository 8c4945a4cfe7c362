// Folders of a sandbox: what stands where below it.

import { join } from 'node:path';

export const clusterFolder = (folder: string, cluster: string): string => join(folder, 'clusters', cluster);

/** Commands for those who are in a node. */
export const commandFolder = (folder: string): string => join(folder, 'bin');

/** `node` is `cluster/node`. */
export function nodeFolders(folder: string, node: string) {
  const own = join(folder, 'nodes', node);
  return {
    /** The node's /run/axoneme: sockets of the agent. */
    run: join(own, 'run'),
    agent: join(own, 'agent'),
    kubelet: join(own, 'kubelet'),
    cniConfig: join(own, 'cni', 'net.d'),
    cniPlugins: join(own, 'cni', 'bin'),
    logs: join(own, 'logs'),
  };
}
