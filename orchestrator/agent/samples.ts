// Samples: what the agent's parts know by numbers, as Prometheus reads them. Asked at every scrape.

import type { Datapath } from '../datapath/datapath.ts';
import { maps } from '../datapath/generated/maps.ts';
import { measurePressure } from '../datapath/pressure.ts';
import type { Endpoints } from '../endpoints/endpoints.ts';
import type { Enforcement } from '../enforcement/enforcement.ts';
import type { FlowSweep } from '../enforcement/flow-sweep.ts';
import type { Services } from '../enforcement/services.ts';
import { endpointStates } from '../enforcement/view.ts';
import type { Sample } from '../metrics.ts';

const gauge = (name: string, help: string, value: number, labels: Readonly<Record<string, string>> = {}): Sample => ({
  name: `axoneme_${name}`,
  help,
  type: 'gauge',
  labels,
  value,
});

export function agentSamples({
  enforcement,
  endpoints,
  services,
  sweep,
}: {
  readonly enforcement: Enforcement;
  readonly endpoints: Endpoints;
  readonly services: Pick<Services, 'slots'>;
  readonly sweep: FlowSweep;
}): Sample[] {
  const { view } = enforcement;
  const rows = [...view.endpoints.table.rows()];
  const count = (holds: (row: (typeof rows)[number]) => boolean) => rows.filter(holds).length;
  const scopes = ['reserved', 'cluster', 'local'] as const;
  const identities = [...view.identities.table.rows()];
  return [
    ...endpointStates.map((state) =>
      gauge(
        'endpoint_state',
        'pods of this node by state',
        count((row) => row.state === state),
        { state },
      ),
    ),
    ...(['enforced', 'audit', 'open'] as const).flatMap((standing) =>
      (['ingress', 'egress'] as const).map((direction) =>
        gauge(
          'policy_endpoint_enforcement_status',
          'pods of this node by what policy does there',
          count((row) => row[direction] === standing),
          {
            direction,
            status: standing,
          },
        ),
      ),
    ),
    gauge('policy_count', 'policies in the cluster', view.policies.table.size),
    ...scopes.map((scope) =>
      gauge('identity', 'identities by scope', identities.filter((row) => row.scope === scope).length, { type: scope }),
    ),
    gauge('ip_addresses', 'prefixes of which it is known who they are', view.ipcache.table.size),
    gauge('nodes', 'nodes of the cluster, this one among them', view.nodes.table.size),
    { ...gauge('policy_writes_total', 'changes written to the datapath', enforcement.writes), type: 'counter' },
    { ...gauge('datapath_conntrack_gc_runs_total', 'sweeps of connections', sweep.counts.runs), type: 'counter' },
    { ...gauge('datapath_conntrack_gc_dropped_total', 'expired connections taken out', sweep.counts.dropped), type: 'counter' },
    gauge('datapath_conntrack_gc_entries', 'connections at the last sweep', sweep.counts.entries),
    ...endpoints
      .pools()
      .flatMap(({ prefix, size, used }) => [
        gauge('ipam_capacity', 'addresses that pods may have', size, { prefix }),
        gauge('ipam_used', 'addresses that pods have', used, { prefix }),
      ]),
    gauge('service_slots_used', 'slots that tables of services have', services.slots.used),
    gauge('service_slots_capacity', 'slots that there are for tables of services', services.slots.capacity),
    gauge('process_resident_memory_bytes', 'memory of the agent', process.memoryUsage.rss()),
  ];
}

/** A backend of several services counts for each of them. */
export function serviceSamples(given: ReadonlyMap<string, number>): Sample[] {
  return Array.from(given, ([key, connections]) => {
    const [namespace = '', service = ''] = key.split('/');
    const help = 'connections that backends of a service were given on this node';
    return { ...gauge('service_connections_total', help, connections, { namespace, service }), type: 'counter' as const };
  });
}

/** Counting a map costs a scan, so that what was found holds for a while. */
export class MapPressure {
  private readonly datapath: Pick<Datapath, 'map'>;
  private found: Sample[] = [];
  private at = Number.NEGATIVE_INFINITY;

  constructor(datapath: Pick<Datapath, 'map'>) {
    this.datapath = datapath;
  }

  async samples(): Promise<Sample[]> {
    if (performance.now() - this.at > 120_000) {
      this.at = performance.now();
      const measured = await measurePressure(this.datapath, maps);
      this.found = measured.map(({ map, ratio }) => gauge('bpf_map_pressure', 'how full a map is, from 0 to 1', ratio, { map_name: map }));
    }
    return this.found;
  }
}
