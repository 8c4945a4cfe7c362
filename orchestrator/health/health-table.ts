// What probes found, a row for each way to each node.

import { openTable } from '../state/table.ts';

/** underlay: over the network below. pods: to the node's own address among its pods', so the way that pods' packets take. */
export type Way = 'underlay' | 'pods';

export interface HealthRow {
  readonly node: string;
  readonly way: Way;
  readonly address: string;
  readonly state: 'reachable' | 'unreachable';
  /** Round trip of connection and answer, milliseconds; 0 when there was none. */
  readonly ms: number;
  /** Probes in a row that failed. */
  readonly failures: number;
  /** RFC 3339: when the state last changed, and when it was last looked at. */
  readonly since: string;
  readonly checkedAt: string;
  /** What went wrong; empty when nothing did. */
  readonly error: string;
}

export function healthKey({ node, way }: Pick<HealthRow, 'node' | 'way'>): string {
  return `${node} ${way}`;
}

export function openHealthTable() {
  return openTable<HealthRow>({
    name: 'health',
    key: healthKey,
    columns: {
      node: ({ node }) => node,
      way: ({ way }) => way,
      address: ({ address }) => address,
      state: ({ state }) => state,
      ms: ({ ms }) => ms,
      failures: ({ failures }) => failures,
      since: ({ since }) => since,
      checkedAt: ({ checkedAt }) => checkedAt,
      error: ({ error }) => error,
    },
  });
}
