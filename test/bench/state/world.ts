// 100,000 pods on 1,000 nodes: a table of each, a route for every pod by both, and the routes in a target. Once with the engine, and
// once as anybody would write it for the occasion, with plain maps.

import { derive, one } from '../../../orchestrator/state/derive.ts';
import { Reconciler } from '../../../orchestrator/state/reconciler.ts';
import { openTable } from '../../../orchestrator/state/table.ts';

export interface Pod {
  readonly name: string;
  readonly node: string;
  readonly version: number;
}
export interface Node {
  readonly name: string;
  readonly address: number;
}
export interface Route {
  readonly pod: string;
  readonly text: string;
}

export const podCount = 100_000;
export const nodeCount = 1000;
export const podName = (pod: number): string => `namespace-${pod % 100}/pod-${pod}`;
export const nodeName = (node: number): string => `node-${node}`;

/** The rule. */
const routeOf = (pod: Pod, node: Node): Route => ({ pod: pod.name, text: `${node.address} ${pod.version}` });

/** What is measured, and what it is measured against. `written` is called for every route that has reached the target. */
export interface StateWorld {
  readonly target: ReadonlyMap<string, string>;
  putPod(pod: Pod): void;
  putNode(node: Node): void;
  deletePod(name: string): void;
  close(): Promise<void>;
}

export type Written = (pod: string) => void;

export function openEngine(written: Written): StateWorld {
  const pods = openTable({
    name: 'pods',
    key: (pod: Pod) => pod.name,
    indexes: { node: (pod: Pod) => pod.node },
    columns: {},
    sources: ['bench'],
  });
  const nodes = openTable({ name: 'nodes', key: (node: Node) => node.name, columns: {}, sources: ['bench'] });
  const routes = openTable({ name: 'routes', key: (route: Route) => route.pod, columns: {} });
  const target = new Map<string, string>();
  const stop = new AbortController();
  const derivation = derive({
    from: pods.table,
    join: { node: one(nodes.table, 'node') },
    into: routes.writer,
    make: (pod, { node }) => node && routeOf(pod, node),
  });
  const reconciler = new Reconciler({
    table: routes.table,
    operations: {
      async update(rows) {
        for (const { pod, text } of rows) {
          target.set(pod, text);
          written(pod);
        }
      },
      async delete(rows) {
        for (const { pod } of rows) {
          target.delete(pod);
          written(pod);
        }
      },
      async prune(rows) {
        const wanted = new Set(rows.map(({ pod }) => pod));
        for (const pod of target.keys()) if (!wanted.has(pod)) target.delete(pod);
      },
    },
  });
  const runs = [derivation.run(stop), reconciler.run(stop)];
  for (const { writer } of [pods, nodes]) writer.delivered('bench');
  return {
    target,
    putPod: (pod) => void pods.writer.put(pod),
    putNode: (node) => void nodes.writer.put(node),
    deletePod: (name) => void pods.writer.delete(name),
    async close() {
      stop.abort();
      await Promise.all(runs);
    },
  };
}

/** No revisions, no followers, no retries: every change is carried through to the target at once. */
export function openPlain(written: Written): StateWorld {
  const pods = new Map<string, Pod>();
  const nodes = new Map<string, Node>();
  const podsOf = new Map<string, Set<Pod>>();
  const routes = new Map<string, Route>();
  const target = new Map<string, string>();
  const write = (pod: Pod) => {
    const node = nodes.get(pod.node);
    if (node === undefined) return;
    const route = routeOf(pod, node);
    routes.set(pod.name, route);
    target.set(pod.name, route.text);
    written(pod.name);
  };
  const forget = (name: string) => {
    const old = pods.get(name);
    if (old === undefined) return;
    pods.delete(name);
    podsOf.get(old.node)?.delete(old);
  };
  return {
    target,
    putPod(pod) {
      forget(pod.name);
      pods.set(pod.name, pod);
      const there = podsOf.get(pod.node);
      if (there === undefined) podsOf.set(pod.node, new Set([pod]));
      else there.add(pod);
      write(pod);
    },
    putNode(node) {
      nodes.set(node.name, node);
      for (const pod of podsOf.get(node.name) ?? []) write(pod);
    },
    deletePod(name) {
      forget(name);
      routes.delete(name);
      target.delete(name);
      written(name);
    },
    async close() {},
  };
}

export const nodeOf = (pod: number): string => nodeName(pod % nodeCount);

/** Every pod and every node, in the target. */
export async function fill(world: StateWorld, pods: number): Promise<void> {
  for (let node = 0; node < nodeCount; node++) world.putNode({ name: nodeName(node), address: node });
  for (let pod = 0; pod < pods; pod++) world.putPod({ name: podName(pod), node: nodeOf(pod), version: 0 });
  while (world.target.size < pods) await new Promise((resolve) => setTimeout(resolve, 5));
}
