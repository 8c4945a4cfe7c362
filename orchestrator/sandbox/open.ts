// Opening a sandbox: a new one out of a topology, or one that runs already.

import { isAbsolute, join } from 'node:path';
import { AgentError } from '../errors.ts';
import { readManifestFiles } from '../manifests/files.ts';
import { makeCgroupTree } from './cgroup-tree.ts';
import { applyObjects, objectsOf } from './control-plane/apply.ts';
import type { KubeObject } from './control-plane/client.ts';
import { endSandbox } from './end.ts';
import { startFirstProcess } from './first-process.ts';
import { commandFolder } from './folders.ts';
import { requirePrograms } from './prerequisites.ts';
import { isAlive } from './process-id.ts';
import { writeLauncher } from './program.ts';
import { awaitNodes, awaitPods } from './readiness.ts';
import { claimFabric, claimName, type Record, readRecord, recordedNames, release, socketFile, writeRecord } from './record.ts';
import type { RunningCluster } from './running-cluster.ts';
import { RunningSandbox } from './running-sandbox.ts';
import type { SandboxOptions } from './sandbox.ts';
import { SupervisorClient } from './supervisor/client.ts';
import type { SupervisorState } from './supervisor/supervisor.ts';
import { makePlan, type Plan } from './topology/plan.ts';
import { checkTopology } from './topology/read.ts';
import type { Topology } from './topology/schema.ts';

/** Resolves when all is Ready. Throws AgentError; nothing is left then, unless it shall be kept. */
export async function openSandbox(topology: Topology, options: SandboxOptions = {}): Promise<RunningSandbox> {
  checkTopology(topology);
  const { name = topology.name ?? 'default', folder = '.', timeoutMs = 60_000 } = options;
  requirePrograms();
  const manifests = await readAll(topology, folder);
  const begun = Date.now();
  const tell = (part: string, message: string, at = Date.now()) => options.progress?.({ part, message, ms: at - begun });
  const record = claim(name, topology);
  if (record.cgroup === undefined)
    tell('cgroups', 'can not be made here: services are chosen packet by packet, not in the sockets of pods');
  try {
    const started = await startFirstProcess(record, { tied: options.tied ?? false });
    const sandbox = await built(started, tell, begun + timeoutMs);
    const left = () => Math.max(begun + timeoutMs - Date.now(), 1_000);
    await Promise.all(
      sandbox.clusters.map((cluster) => fill(cluster, manifests.get(cluster.name)!, { tell, left, options, record: started })),
    );
    return sandbox;
  } catch (error) {
    if (!options.keep) await endSandbox(name);
    throw error;
  }
}

/** One that runs. Throws SANDBOX_UNKNOWN when there is none, SANDBOX_FAILED when it does not run. */
export async function attachSandbox(name = 'default'): Promise<RunningSandbox> {
  const record = runningRecord(name);
  const supervisor = new SupervisorClient(socketFile(record.folder));
  return new RunningSandbox(record, supervisor, (await supervisor.state()).namespaces);
}

/** Throws as `attachSandbox` does. */
export function runningRecord(name: string): Record {
  const record = readRecord(name);
  if (record === undefined) {
    const names = recordedNames();
    throw new AgentError(
      'SANDBOX_UNKNOWN',
      `sandbox: no "${name}": ${names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`}`,
    );
  }
  if (record.first !== undefined && isAlive(record.first)) return record;
  throw new AgentError('SANDBOX_FAILED', `sandbox ${name}: does not run any more: "axoneme sandbox down ${name}" takes the rest away`);
}

async function readAll({ clusters }: Topology, folder: string): Promise<Map<string, KubeObject[]>> {
  const read = clusters.map(async ({ name, manifests = [] }): Promise<[string, KubeObject[]]> => {
    const documents = await readManifestFiles(manifests.map((path) => (isAbsolute(path) ? path : join(folder, path))));
    return [name, objectsOf(documents)];
  });
  return new Map(await Promise.all(read));
}

function claim(name: string, topology: Topology): Record {
  const plan = planned(topology, 0);
  const folder = claimName(name);
  try {
    return prepare(name, folder, topology, plan);
  } catch (error) {
    release(name);
    throw error;
  }
}

function prepare(name: string, folder: string, topology: Topology, plan: Plan): Record {
  const fabric = claimFabric(name);
  writeLauncher(commandFolder(folder));
  const cgroup = makeCgroupTree(name, plan);
  const record = { name, folder, plan: planned(topology, fabric), cgroup, startedAt: new Date().toISOString() };
  writeRecord(record);
  return record;
}

function planned(topology: Topology, fabric: number): Plan {
  try {
    return makePlan(topology, fabric);
  } catch (error) {
    throw new AgentError('TOPOLOGY_INVALID', `topology: ${(error as Error).message}`, { cause: error });
  }
}

type Tell = (part: string, message: string, at?: number) => void;

/** Follows the supervisor until everything is built. */
async function built(record: Record, tell: Tell, end: number): Promise<RunningSandbox> {
  const supervisor = new SupervisorClient(socketFile(record.folder));
  for (let known = 0; ; ) {
    const state = await stateOf(supervisor, known, record, end);
    for (const { part, message, at } of state.progress.slice(known)) tell(part, message, at);
    known = state.progress.length;
    if (state.failure !== undefined) throw new AgentError('SANDBOX_FAILED', state.failure);
    if (state.phase === 'running') return new RunningSandbox(record, supervisor, state.namespaces);
    if (Date.now() > end) throw new AgentError('SANDBOX_FAILED', `sandbox ${record.name}: not built in time`);
  }
}

/** Its socket is not there from the first moment on. */
async function stateOf(supervisor: SupervisorClient, known: number, record: Record, end: number): Promise<SupervisorState> {
  for (;;) {
    try {
      return await supervisor.state(known);
    } catch (error) {
      if (record.first !== undefined && !isAlive(record.first)) {
        throw new AgentError('SANDBOX_FAILED', `sandbox ${record.name}: its first process ended: see supervisor.log`, { cause: error });
      }
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

interface Filling {
  readonly tell: Tell;
  readonly left: () => number;
  readonly options: SandboxOptions;
  readonly record: Record;
}

async function fill(cluster: RunningCluster, objects: readonly KubeObject[], { tell, left, options, record }: Filling): Promise<void> {
  const { kube, name } = cluster;
  const supervisor = new SupervisorClient(socketFile(record.folder));
  const hopeless = async () => (await supervisor.state()).failure;
  const nodes = awaitNodes(kube, {
    timeoutMs: left(),
    names: cluster.nodes.map((node) => node.name),
    ready: (node) => tell(`${name}/${node}`, 'node is Ready'),
    hopeless,
  });
  // Whoever fails first is told; the other one ends by itself.
  nodes.catch(() => {});
  // Pods come when all nodes can take them, so that they are spread over all.
  const isPod = ({ kind }: KubeObject) => kind === 'Pod';
  await applyObjects(
    kube,
    objects.filter((object) => !isPod(object)),
  );
  await nodes;
  await applyObjects(kube, objects.filter(isPod));
  if (objects.length > 0) tell(name, `${objects.length} ${objects.length === 1 ? 'object' : 'objects'} applied`);
  if (options.waitForPods === false) return;
  const ready = (pod: string) => tell(`${name}/${pod}`, 'pod is Ready');
  await awaitPods(kube, { timeoutMs: left(), ready, hopeless });
}
