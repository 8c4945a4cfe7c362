// The API of the agent, with all that it shows: tables, flows, checks, numbers.

import { openApi } from '../api/server.ts';
import type { AgentView } from '../api/view.ts';
import type { Config } from '../config.ts';
import type { KernelDatapath } from '../datapath/kernel/kernel-datapath.ts';
import type { Endpoints } from '../endpoints/endpoints.ts';
import type { Enforcement } from '../enforcement/enforcement.ts';
import type { FlowSweep } from '../enforcement/flow-sweep.ts';
import type { openRecords } from '../enforcement/records.ts';
import type { Services } from '../enforcement/services.ts';
import { FlowLog } from '../flows/flow-log.ts';
import { packetSamples, readPacketCounts } from '../flows/packet-counts.ts';
import type { Health } from '../health/health.ts';
import { healthSamples } from '../health/verdict.ts';
import type { Log } from '../log.ts';
import { Metrics } from '../metrics.ts';
import { serveMetrics } from '../metrics-server.ts';
import { samplesOf } from '../sources/kubernetes/samples.ts';
import { type AnyTable, TableRegistry } from '../state/table-registry.ts';
import { version } from '../version.ts';
import { checksOf } from './checks.ts';
import type { ClusterSource, ClusterTables } from './cluster-source.ts';
import { agentNames } from './names.ts';
import type { NodeHost } from './node-host.ts';
import { agentSamples, MapPressure } from './samples.ts';
import type { SocketBalancing } from './socket-balancing.ts';
import type { StoreSource } from './store-source.ts';

export interface AgentParts {
  readonly config: Config;
  readonly tables: ClusterTables;
  readonly records: ReturnType<typeof openRecords>;
  readonly cluster: ClusterSource;
  readonly store: StoreSource;
  readonly datapath: KernelDatapath;
  readonly sockets: SocketBalancing;
  readonly endpoints: Endpoints;
  readonly enforcement: Enforcement;
  readonly services: Services;
  readonly node: NodeHost;
  readonly sweep: FlowSweep;
  readonly health: Health;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Answers from now on. `run` reads the datapath's events. */
export async function agentApi(parts: AgentParts): Promise<{ run(): Promise<void>; close(): Promise<void> }> {
  const { config, datapath, endpoints, enforcement, services, cluster, sweep, health, log, signal } = parts;
  const startedAt = new Date();
  const records = {
    identities: parts.records.identities.table,
    nodes: parts.records.nodes.table,
    addresses: parts.records.addresses.table,
  };
  const names = agentNames({ enforcement, interfaces: endpoints.table, records, service: (number) => services.nameOf(number) });
  const flows = new FlowLog({ node: config.nodeName, names, tick: () => datapath.now() });
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
    checks: () => checksOf({ ...parts, mode: datapath.mode, host: parts.node }),
    flows,
    datapath,
    async metrics() {
      const samples = [
        ...packetSamples(await readPacketCounts(datapath)),
        ...(await pressure.samples()),
        ...agentSamples({ enforcement, endpoints, sweep }),
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
    cni: (request) => endpoints.cni(request as never),
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
