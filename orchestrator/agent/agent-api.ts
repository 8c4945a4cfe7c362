// The API of the agent, with all that it shows: tables, flows, checks, numbers.

import { openApi } from '../api/server.ts';
import type { AgentView } from '../api/view.ts';
import type { Config } from '../config.ts';
import type { Endpoints } from '../endpoints/endpoints.ts';
import type { Enforcement } from '../enforcement/enforcement.ts';
import type { FlowSweep } from '../enforcement/flow-sweep.ts';
import type { openRecords } from '../enforcement/records.ts';
import type { Services } from '../enforcement/services.ts';
import { FlowLog } from '../flows/flow-log.ts';
import type { PacketEvent } from '../flows/named-event.ts';
import { packetSamples, readPacketCounts } from '../flows/packet-counts.ts';
import type { Health } from '../health/health.ts';
import { healthSamples } from '../health/verdict.ts';
import type { Host } from '../host/host.ts';
import type { Log } from '../log.ts';
import { Metrics } from '../metrics.ts';
import { serveMetrics } from '../metrics-server.ts';
import { samplesOf } from '../sources/kubernetes/samples.ts';
import { type AnyTable, TableRegistry } from '../state/table-registry.ts';
import { version } from '../version.ts';
import { checksOf } from './checks.ts';
import type { ClusterSource, ClusterTables } from './cluster-source.ts';
import type { DnsProxy } from './dns-proxy.ts';
import { dnsSamples } from './dns-samples.ts';
import { dnsView } from './dns-view.ts';
import { agentNames } from './names.ts';
import type { NodeHost } from './node-host.ts';
import type { NodeDatapath } from './open-datapath.ts';
import { PodNamespaces } from './pod-namespaces.ts';
import { agentSamples, MapPressure, serviceSamples } from './samples.ts';
import type { ServiceHost } from './service-host.ts';
import type { SocketBalancing } from './socket-balancing.ts';
import type { StoreSource } from './store-source.ts';
import type { ModeSwitch } from './switch-mode.ts';
import { ToldNames } from './told-names.ts';

export interface AgentParts {
  readonly config: Config;
  readonly tables: ClusterTables;
  readonly records: ReturnType<typeof openRecords>;
  readonly cluster: ClusterSource;
  readonly store: StoreSource;
  readonly datapath: NodeDatapath;
  readonly sockets: SocketBalancing;
  /** In userspace mode. */
  readonly serving: readonly ServiceHost[];
  readonly processProblems: (() => Promise<readonly string[]>) | undefined;
  readonly endpoints: Endpoints;
  readonly enforcement: Enforcement;
  readonly services: Services;
  readonly node: NodeHost;
  readonly host: Host;
  readonly sweep: FlowSweep;
  readonly switching: ModeSwitch;
  /** Undefined where it is off. */
  readonly dns: DnsProxy | undefined;
  readonly health: Health;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Answers from now on. `run` reads the datapath's events. */
export async function agentApi(parts: AgentParts): Promise<{ run(): Promise<void>; close(): Promise<void> }> {
  const { config, datapath, endpoints, enforcement, services, cluster, sweep, switching, health, log, signal } = parts;
  const startedAt = new Date();
  const records = {
    identities: parts.records.identities.table,
    nodes: parts.records.nodes.table,
    addresses: parts.records.addresses.table,
  };
  const namespaces = new PodNamespaces(parts.host, endpoints.table);
  const told = parts.dns && new ToldNames(parts.dns);
  const service = (number: number) => services.nameOf(number);
  const names = agentNames({ enforcement, interfaces: endpoints.table, records, service, namespaces, told });
  const prepare = told && { prepare: (event: PacketEvent) => told.prepare(event) };
  const flows = new FlowLog({ node: config.nodeName, names, ...prepare, tick: () => datapath.now() });
  const metrics = new Metrics();
  const pressure = new MapPressure(datapath);
  const view: AgentView = {
    about: () => ({
      version: version(),
      node: config.nodeName,
      cluster: config.clusterName,
      mode: datapath.mode,
      pid: process.pid,
      startedAt,
    }),
    tables: registry(parts),
    checks: async () => {
      const [processProblems, dnsStatus] = await Promise.all([parts.processProblems?.(), parts.dns?.status()]);
      return checksOf({ ...parts, mode: datapath.mode, host: parts.node, processProblems, dnsStatus });
    },
    flows,
    datapath,
    async metrics() {
      const samples = [
        ...packetSamples(await readPacketCounts(datapath)),
        ...(await pressure.samples()),
        ...serviceSamples(await services.connectionsGiven()),
        ...dnsSamples(parts.dns, await parts.dns?.status()),
        ...agentSamples({ enforcement, endpoints, services, sweep }),
        ...samplesOf(cluster.observed),
        ...healthSamples(health.table, { node: config.nodeName }),
      ];
      const end = metrics.collect(() => samples);
      try {
        return metrics.text();
      } finally {
        end();
      }
    },
    config: () => config.texts,
    explain: (asked) => enforcement.explain(asked),
    reset: (asked) => services.reset(asked),
    switchMode: (mode) => switching.to(mode),
    ...(parts.dns && { dns: dnsView({ proxy: parts.dns, identities: enforcement.view.identities.table }) }),
    cni: (request) => switching.cni(request as never, (passed) => endpoints.cni(passed)),
  };
  const api = await openApi({ folder: config.runDir, view, log: log.room('api') });
  const metricsServer = { listen: config.metricsListen, text: async () => view.metrics(), signal, log: log.room('metrics') };
  return {
    async run() {
      await Promise.all([flows.run({ events: datapath.events(), signal }), serveMetrics(metricsServer)]);
    },
    close: () => api.close(),
  };
}

function registry({ tables, records, endpoints, enforcement, services, health }: AgentParts): TableRegistry {
  const registered = new TableRegistry();
  const all = [
    ...Object.values(tables),
    ...Object.values(records),
    ...Object.values(enforcement.view),
    ...Object.values(services.view),
    health,
    endpoints,
  ];
  for (const { table } of all) registered.add(table as unknown as AnyTable as never);
  return registered;
}
