// Node health: which nodes are probed, and the answers to the probes of the others.

import type { NodeView } from '../enforcement/view.ts';
import type { HealthNode } from '../health/health.ts';
import { openResponder } from '../health/responder.ts';
import type { RoomLog } from '../log.ts';
import type { Table } from '../state/table.ts';

export function healthNodes(nodes: Table<NodeView>): HealthNode[] {
  return [...nodes.rows()].map(({ node, address, router: [pods] }) => ({
    node,
    ...(address !== '' && { underlay: address }),
    ...(pods !== undefined && { pods }),
  }));
}

/** Until the signal is aborted. A port that somebody has is no reason to stop: this node looks ill to the others, and is told so. */
export async function answerProbes(node: string, signal: AbortSignal, log: RoomLog): Promise<void> {
  try {
    await using _responder = await openResponder({ node });
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
      if (signal.aborted) resolve(undefined);
    });
  } catch (error) {
    log.warn('probes of other nodes are not answered', { error });
  }
}
