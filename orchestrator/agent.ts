// The node agent, wired. Read this first: wiring only, in the order in which things flow.

import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { agentApi } from './agent/agent-api.ts';
import { ClusterSource, type ClusterTables, openClusterTables } from './agent/cluster-source.ts';
import { CniFiles } from './agent/cni-files.ts';
import { makeFolder } from './agent/make-folder.ts';
import { answerProbes, healthNodes } from './agent/node-health.ts';
import { NodeHost } from './agent/node-host.ts';
import { type NodeDatapath, openNodeDatapath } from './agent/open-datapath.ts';
import { balanceSockets } from './agent/socket-balancing.ts';
import { giveBackMemory } from './agent/spare-memory.ts';
import { StoreSource } from './agent/store-source.ts';
import { wake } from './agent/wake.ts';
import type { Config } from './config.ts';
import { Epochs } from './datapath/reconcile/epochs.ts';
import { type Endpoints, openEndpoints } from './endpoints/endpoints.ts';
import { Enforcement } from './enforcement/enforcement.ts';
import { FlowSweep } from './enforcement/flow-sweep.ts';
import { openRecords } from './enforcement/records.ts';
import { Services } from './enforcement/services.ts';
import { Health } from './health/health.ts';
import { openHost } from './host/host.ts';
import { log } from './log.ts';
import { realClock as clock } from './state/clock.ts';

/** Until the signal is aborted. Everything that packets need stays in place, for the next life. */
export async function runAgent(config: Config, { signal }: { readonly signal: AbortSignal }): Promise<void> {
  makeFolder('--state-dir', config.stateDir, 0o700);
  makeFolder('--run-dir', config.runDir, 0o755);

  // What the cluster says, and what the nodes say to each other. They take the longest and need nothing of what follows.
  const { tables, records, cluster, store } = openSources(config, (labels, number) => enforcement.moved(labels, number));
  const telling = [cluster.run({ signal }), store.run({ signal })];

  // What is there: maps and programs, devices, pods.
  const [datapath, host] = await Promise.all([openNodeDatapath(config), openHost()]);
  const epochs = await Epochs.open(datapath);
  const endpoints = await openEndpoints({
    stateFolder: config.stateDir,
    host,
    clock,
    log: log.room('endpoints'),
    mtu: () => node.mtu(),
    enforced: async (endpoint, ended) => {
      await Promise.all([node.prepared(endpoint, ended), enforcement.enforced(endpoint, ended)]);
    },
    forget: (addresses) => enforcement.forget(addresses, AbortSignal.timeout(1_000)),
    limits: () => limitsOf({ node, enforcement }),
  });

  // What should be: policy, addresses and services in the maps, links and routes in the namespace.
  const enforcement = await openEnforcement(config, { datapath, epochs, tables, records, store, endpoints });
  const services = await openServices(config, { datapath, epochs, tables });
  const nodes = enforcement.view.nodes.table;
  const cni = new CniFiles({ config, clock, log: log.room('cni') });
  const node = new NodeHost({
    config,
    host,
    datapath,
    interfaces: endpoints.table,
    nodes,
    clock,
    log: log.room('host'),
    found(self) {
      enforcement.setSelf(self);
      services.setAddresses(self.underlay);
      cni.write(self.mtu);
    },
  });
  const sweep = new FlowSweep({ datapath, clock, log: log.room('enforcement') });
  const health = new Health({ nodes: () => healthNodes(nodes), clock, intervalMs: config.healthIntervalMs });

  // What is shown, and who asks.
  const parts = { config, tables, records, cluster, store, datapath, endpoints, enforcement, services, node, sweep, health };
  const api = await agentApi({ ...parts, sockets: await balanceSockets(config, datapath, log.room('datapath')), log, signal });
  const loops = [enforcement, services, node, endpoints, sweep, api, ...(config.healthIntervalMs > 0 ? [health] : [])];
  const running = loops.map((loop) => loop.run({ signal }));
  const following = followSelf(config, { tables, endpoints, node }, signal);
  const known = enforcement.begun(signal).then(
    () => node.setKnown(),
    () => {},
  );
  const answering = answerProbes(config.nodeName, signal, log.room('health'));
  const shrinking = giveBackMemory(clock, signal);
  // An agent may be killed, and the next one shall start as fast.
  flushCompileCache();
  log.room('agent').info('the agent serves', { node: config.nodeName, cluster: config.clusterName });

  await Promise.all([...telling, ...running, following, known, answering, shrinking]);
  cni.close();
  await api.close();
  await datapath.close();
  host[Symbol.dispose]();
}

/** For the runtime, which takes a node with limits out of service. */
function limitsOf({ node, enforcement }: { readonly node: NodeHost; readonly enforcement: Enforcement }): string | undefined {
  const failure = enforcement.failure === undefined ? [] : [`the datapath takes no change: ${enforcement.failure}`];
  const limits = [...node.limits(), ...failure];
  return limits.length === 0 ? undefined : limits.join('; ');
}

function openSources(config: Config, moved: (labels: string, number: number) => void) {
  const { nodeName, clusterName, clusterId, kubeconfig, etcdEndpoints: endpoints, etcdTls: tls } = config;
  const tables = openClusterTables();
  const records = openRecords();
  const cluster = new ClusterSource({ tables, kubeconfig, nodeName, clusterName, clock, log: log.room('kubernetes') });
  const store = new StoreSource({
    open: async () => (await import('./etcd/store.ts')).openEtcd({ endpoints, ...(tls && { tls }) }),
    node: nodeName,
    cluster: { name: clusterName, id: clusterId },
    records,
    moved,
    clock,
    log: log.room('etcd'),
  });
  return { tables, records, cluster, store };
}

interface EnforcedParts {
  readonly datapath: NodeDatapath;
  readonly epochs: Epochs;
  readonly tables: ClusterTables;
  readonly records: ReturnType<typeof openRecords>;
  readonly store: StoreSource;
  readonly endpoints: Endpoints;
}

function openEnforcement(config: Config, { datapath, epochs, tables, records, store, endpoints }: EnforcedParts): Promise<Enforcement> {
  const { self: _, ...sources } = tables;
  return Enforcement.open({
    datapath,
    epochs,
    inputs: { ...tablesOf({ ...sources, ...records }), interfaces: endpoints.table },
    clusterName: config.clusterName,
    mode: config.policyEnforcement,
    audit: config.policyAudit,
    numberFile: join(config.stateDir, 'identities.json'),
    identities: store,
    keeper: store,
    clock,
    log: log.room('enforcement'),
  });
}

function openServices(
  config: Config,
  { datapath, epochs, tables }: Pick<EnforcedParts, 'datapath' | 'epochs' | 'tables'>,
): Promise<Services> {
  const { services, slices, pods, self } = tablesOf(tables);
  const { nodeName } = config;
  return Services.open({ datapath, epochs, tables: { services, slices, pods, self }, nodeName, clock, log: log.room('services') });
}

/** The pod prefixes of this node, whenever the API server tells them. */
function followSelf(
  config: Config,
  { tables, endpoints, node }: { tables: ClusterTables; endpoints: Endpoints; node: NodeHost },
  signal: AbortSignal,
): Promise<void> {
  const { table } = tables.self;
  return wake(table, signal, () => {
    const row = table.get(config.nodeName);
    if (row === undefined || row.rejected !== undefined || row.podPrefixes.length === 0) return;
    endpoints.setPrefixes(row.podPrefixes);
    node.setPrefixes(row.podPrefixes);
  });
}

/** The readers' sides. */
function tablesOf<Parts extends Readonly<Record<string, { readonly table: unknown }>>>(
  parts: Parts,
): { [Name in keyof Parts]: Parts[Name]['table'] } {
  const entries = Object.entries(parts).map(([name, { table }]) => [name, table]);
  return Object.fromEntries(entries) as { [Name in keyof Parts]: Parts[Name]['table'] };
}
