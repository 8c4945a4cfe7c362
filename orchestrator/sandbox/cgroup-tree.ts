// Cgroups of a sandbox: one folder with everything below it, in the unified hierarchy where the host has one.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from './topology/plan.ts';

/** Folders of the tree; `node` is `cluster/node`. */
export const nodeCgroup = (tree: string, node: string): string => join(tree, node.replace('/', '.'));
export const supervisorCgroup = (tree: string): string => join(tree, 'supervisor');
/** What of a node has its own: the pods' is the kubelet's to fill. */
export const nodeCgroups = ['agent', 'datapath', 'kubelet', 'pods'] as const;

/** Undefined where none may be made: rootless, or without the unified hierarchy. */
export function makeCgroupTree(name: string, { clusters }: Plan): string | undefined {
  const tree = cgroupTreeOf(name);
  if (tree === undefined) return undefined;
  try {
    mkdirSync(supervisorCgroup(tree), { recursive: true });
    for (const { nodes } of clusters) {
      for (const node of nodes) {
        for (const part of nodeCgroups) mkdirSync(join(nodeCgroup(tree, `${node.cluster}/${node.name}`), part), { recursive: true });
      }
    }
    return tree;
  } catch {
    return undefined;
  }
}

/** Where it is or would be. */
export function cgroupTreeOf(name: string): string | undefined {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const mount = lines.find((line) => / - cgroup2 /.test(line))?.split(' ')[4];
  return mount && join(mount, `axoneme-sandbox-${name}`);
}

/** Ends every process in it and takes it away. False when something did not end within the time. */
export async function removeCgroupTree(tree: string, timeoutMs: number): Promise<boolean> {
  for (const end = Date.now() + timeoutMs; Date.now() < end; ) {
    if (!existsSync(tree)) return true;
    try {
      if (existsSync(join(tree, 'cgroup.kill'))) writeFileSync(join(tree, 'cgroup.kill'), '1');
      removeFolders(tree);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Processes are still on their way out, or somebody removes it too.
      if (code !== 'EBUSY' && code !== 'ENOENT') throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  return !existsSync(tree);
}

function removeFolders(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeFolders(join(folder, entry.name));
  rmdirSync(folder);
}
