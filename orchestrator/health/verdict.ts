// What probes found, for people and for dashboards.

import type { Check } from '../api/check.ts';
import type { Sample } from '../metrics.ts';
import type { Table } from '../state/table.ts';
import type { HealthRow, Way } from './health-table.ts';

export interface VerdictOptions {
  /** Of this node. */
  readonly node: string;
  /** What to look at when the way of the pods is cut while the network below works. */
  readonly podsHint?: string;
}

/** Nodes named in one line at most. */
const mostNamed = 5;

export function healthChecks(table: Table<HealthRow>, options: VerdictOptions): Check[] {
  const rows = [...table.rows()];
  if (rows.length === 0) return [];
  const own = rows.filter(({ node }) => node === options.node);
  const others = rows.filter(({ node }) => node !== options.node);
  return [...ownCheck(own), ...wayCheck(others, 'underlay', options), ...wayCheck(others, 'pods', options)];
}

function ownCheck(rows: readonly HealthRow[]): Check[] {
  if (rows.length === 0) return [];
  const failed = rows.find(({ state }) => state === 'unreachable');
  const name = 'this node answers probes';
  if (failed === undefined) return [{ section: 'nodes', name, state: 'ok', message: '' }];
  const hint = 'does another process listen on the port of the probes (TCP 4240)?';
  return [{ section: 'nodes', name, state: 'warning', message: `${failed.address}: ${failed.error}`, hint }];
}

function wayCheck(rows: readonly HealthRow[], way: Way, { podsHint }: VerdictOptions): Check[] {
  const asked = rows.filter((row) => row.way === way);
  if (asked.length === 0) return [];
  const name = way === 'underlay' ? 'other nodes answer over the network below' : 'other nodes answer at their address among the pods';
  const failed = asked.filter(({ state }) => state === 'unreachable');
  const slowest = Math.max(...asked.map(({ ms }) => ms));
  if (failed.length === 0) {
    return [{ section: 'nodes', name, state: 'ok', message: `${asked.length} of ${asked.length}, within ${slowest} ms` }];
  }
  const named = failed.slice(0, mostNamed).map(({ node, address, error, since }) => `${node} (${address}): ${error}, since ${since}`);
  const more = failed.length > mostNamed ? [`and ${failed.length - mostNamed} more: see axoneme table health`] : [];
  const message = `${failed.length} of ${asked.length} do not: ${[...named, ...more].join('; ')}`;
  const works = new Set(rows.filter((row) => row.way === 'underlay' && row.state === 'reachable').map(({ node }) => node));
  const isCut = way === 'pods' && failed.some(({ node }) => works.has(node));
  const hint = isCut
    ? (podsHint ?? 'the network below works: look at the routes to their pods')
    : 'is the agent of that node running, and TCP port 4240 open between the nodes?';
  return [{ section: 'nodes', name, state: 'warning', message, hint }];
}

/** Others' types: `node` and `endpoint`. */
const types: Readonly<Record<Way, string>> = { underlay: 'node', pods: 'endpoint' };

export function healthSamples(table: Table<HealthRow>, { node: own }: Pick<VerdictOptions, 'node'>): Sample[] {
  const rows = [...table.rows()].filter(({ node }) => node !== own);
  const count = (way: Way, state: HealthRow['state']) => rows.filter((row) => row.way === way && row.state === state).length;
  const unreachable = new Set(rows.filter(({ state }) => state === 'unreachable').map(({ node }) => node));
  const status = (['underlay', 'pods'] as const).flatMap((way) =>
    (['reachable', 'unreachable'] as const).map((state): Sample => {
      const labels = { source_node_name: own, type: types[way], status: state };
      return { name: 'axoneme_node_health_connectivity_status', help: statusHelp, type: 'gauge', labels, value: count(way, state) };
    }),
  );
  const latency = rows
    .filter(({ state }) => state === 'reachable')
    .map(({ node, way, ms }): Sample => {
      const labels = { source_node_name: own, target_node_name: node, type: types[way] };
      return {
        name: 'axoneme_node_health_connectivity_latency_seconds',
        help: latencyHelp,
        type: 'gauge',
        labels,
        value: Number((ms / 1000).toFixed(6)),
      };
    });
  return [{ name: 'axoneme_unreachable_nodes', help: unreachableHelp, type: 'gauge', value: unreachable.size }, ...status, ...latency];
}

const statusHelp = 'Other nodes by whether their last probe was answered.';
const latencyHelp = 'Round trip of the last probe that was answered.';
const unreachableHelp = 'Other nodes that did not answer their last probe.';
