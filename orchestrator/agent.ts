// The node agent, wired. Read this first: wiring only, in the order in which things flow.

import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { agentApi } from './agent/agent-api.ts';
import { ClusterSource, type ClusterTables, openClusterTables } from './agent/cluster-source.ts';
import { CniFiles } from './agent/cni-files.ts';
import { type NodeDns, openDns } from './agent/dns.ts';
import { localSockets } from './agent/local-sockets.ts';
import { makeFolder } from './agent/make-folder.ts';
import { openModeParts } from './agent/mode-parts.ts';
import { answerProbes, healthNodes } from './agent/node-health.ts';
import { NodeHost } from './agent/node-host.ts';
import { type NodeDatapath, type OpenedNode, openNode } from './agent/open-datapath.ts';
import { ServiceHooks } from './agent/service-hooks.ts';
import { giveBackMemory } from './agent/spare-memory.ts';
import { StoreSource } from './agent/store-source.ts';
import { ModeSwitch } from './agent/switch-mode.ts';
import { wake } from './agent/wake.ts';
import type { Config } from './config.ts';
import { Epochs } from './datapath/reconcile/epochs.ts';
import { type Endpoints, openEndpoints } from './endpoints/endpoints.ts';
import { Enforcement } from './enforcement/enforcement.ts';
import { FlowSweep } from './enforcement/flow-sweep.ts';
import { openRecords } from './enforcement/records.ts';
import type { LocalSockets } from './enforcement/service-reset.ts';
import { Services, type ServicesOptions } from './enforcement/services.ts';
import { Health } from './health/health.ts';
import { log } from './log.ts';
import { realClock as clock } from './state/clock.ts';

export interface LifeOptions {
  readonly signal: AbortSignal;
  /** Called when another life shall follow; this one waits for the signal. */
  readonly again: () => void;
}

/** Until the signal is aborted. Everything that packets need stays in place, for the next life. */
export async function runAgent(config: Config, { signal, again }: LifeOptions): Promise<void> {
  makeFolder('--state-dir', config.stateDir, 0o700);
  makeFolder('--run-dir', config.runDir, 0o755);

  // What the cluster says, and what the nodes say to each other. They take the longest and need nothing of what follows.
  // What is told of numbers before anybody here has one is nobody's business.
  let opening: { readonly enforcement: Enforcement } | undefined;
  const sources = openSources(config, (labels, number) => opening?.enforcement.moved(labels, number));
  const { tables, cluster, store } = sources;
  const telling = [cluster.run({ signal }), store.run({ signal })];

  // What is there: maps and programs, devices, pods.
  const opened = await openNode(config, log.room('datapath'), signal);
  if (opened === undefined) return void (await Promise.all(telling));

  const parts = await openParts(config, opened, sources);
  opening = parts;
  const { endpoints, enforcement, services, node, sweep, dns, cni, health } = parts;

  // What is shown, and who asks.
  const switching = new ModeSwitch({ config, current: opened.mode, pods: () => podsOf(endpoints), again });
  const mode = await openModeParts(opened, { config, interfaces: endpoints.table, services, clock, log });
  const api = await agentApi({ ...parts, dns: dns?.proxy, switching, config, ...sources, ...mode, log, signal });
  const optional = [...(dns ? [dns.proxy] : []), ...mode.loops, ...(config.healthIntervalMs > 0 ? [health] : [])];
  const running = [enforcement, services, node, endpoints, sweep, api, ...optional].map((loop) => loop.run({ signal }));
  const following = followSelf(config, { tables, endpoints, node }, signal);
  const known = untilKnown({ enforcement, node, dns }, signal);
  const answering = answerProbes(config.nodeName, signal, log.room('health'));
  const shrinking = giveBackMemory(clock, signal);
  // An agent may be killed, and the next one shall start as fast.
  flushCompileCache();
  log.room('agent').info('the agent serves', { node: config.nodeName, cluster: config.clusterName });

  await Promise.all([...telling, ...running, following, known, answering, shrinking]);
  cni.close();
  await api.close();
  await closeNode(opened);
}

/** What is there, and what should be: policy, DNS, addresses and services in the maps, links and routes in the namespace. */
async function openParts(config: Config, opened: OpenedNode, { tables, records, store }: ReturnType<typeof openSources>) {
  const { datapath, host } = opened;
  const epochs = await Epochs.open(datapath);
  const endpoints = await openEndpoints({
    stateFolder: config.stateDir,
    host,
    clock,
    log: log.room('endpoints'),
    mtu: () => node.mtu(),
    enforced: async (endpoint, ended) => {
      await Promise.all([node.prepared(endpoint, ended), enforcement.enforced(endpoint, ended)]);
      await dns?.proxy.ready(endpoint, ended);
    },
    forget: (addresses) => enforcement.forget(addresses, AbortSignal.timeout(1_000)),
    limits: () => limitsOf({ node, enforcement }),
  });
  const dns = await openDns({ config, mode: opened.mode, lead: (port) => node.redirect(port), clock, log: log.room('dns') });
  const enforcement = await openEnforcement(config, { datapath, epochs, tables, records, store, endpoints, dns });
  const sockets = localSockets(host, endpoints.table);
  const services = await openServices(config, { datapath, epochs, tables, sockets, expose: (exposure) => node.expose(exposure) });
  const cni = new CniFiles({ config, clock, log: log.room('cni') });
  const sweep = new FlowSweep({ datapath, clock, log: log.room('enforcement') });
  const node = new NodeHost({
    config,
    host,
    datapath,
    ...hooksOf(opened, config, sweep),
    interfaces: endpoints.table,
    nodes: enforcement.view.nodes.table,
    clock,
    log: log.room('host'),
    found(self) {
      enforcement.setSelf(self);
      services.setAddresses([...self.underlay, ...self.nodePorts]);
      cni.write(self.mtu);
    },
  });
  const health = new Health({ nodes: () => healthNodes(enforcement.view.nodes.table), clock, intervalMs: config.healthIntervalMs });
  return { datapath, host, endpoints, dns, enforcement, services, cni, sweep, node, health };
}

const podsOf = ({ table }: Endpoints) => Array.from(table.rows(), ({ namespace, pod }) => `${namespace}/${pod}`).sort();

async function closeNode({ datapath, host }: OpenedNode): Promise<void> {
  await datapath.close();
  host[Symbol.dispose]();
}

/** Where packets run in a process, services need no programs on the underlay. */
function hooksOf(opened: OpenedNode, { routingMode }: Config, sweep: FlowSweep): { readonly hooks?: ServiceHooks } {
  if (opened.mode === 'wasm') return {};
  return { hooks: new ServiceHooks({ datapath: opened.datapath, isNative: routingMode === 'native', sweep, clock }) };
}

/** What an earlier agent left behind may go when all there is to know is in the maps, and not before. */
async function untilKnown(
  { enforcement, node, dns }: { enforcement: Enforcement; node: NodeHost; dns: NodeDns | undefined },
  signal: AbortSignal,
): Promise<void> {
  const begun = await enforcement.begun(signal).then(
    () => true,
    () => false,
  );
  if (!begun) return;
  node.setKnown();
  // Flows that were led to a proxy would pass it by: until their policy is written anew they carry its mark.
  if (dns === undefined) node.redirect(undefined);
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
  readonly dns: NodeDns | undefined;
}

function openEnforcement(
  config: Config,
  { datapath, epochs, tables, records, store, endpoints, dns }: EnforcedParts,
): Promise<Enforcement> {
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
    ...(dns && { dns: { port: dns.port, teller: dns.proxy } }),
    clock,
    log: log.room('enforcement'),
  });
}

function openServices(
  config: Config,
  {
    datapath,
    epochs,
    tables,
    ...given
  }: Pick<EnforcedParts, 'datapath' | 'epochs' | 'tables'> & { readonly sockets: LocalSockets } & Pick<ServicesOptions, 'expose'>,
): Promise<Services> {
  const { services, slices, pods, self } = tablesOf(tables);
  const { nodeName } = config;
  const inputs = { services, slices, pods, self };
  return Services.open({ datapath, epochs, tables: inputs, nodeName, ...given, clock, log: log.room('services') });
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
