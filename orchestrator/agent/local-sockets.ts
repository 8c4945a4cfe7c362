// Local sockets: those of every namespace of this node, its own and its pods', for who ends connections.

import type { InterfaceTable } from '../endpoints/interfaces.ts';
import type { LocalSockets } from '../enforcement/service-reset.ts';
import { AgentError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { ConnectedSocket } from '../host/socket-diag.ts';

export function localSockets(host: Pick<Host, 'connected' | 'endSockets'>, interfaces: Pick<InterfaceTable, 'rows'>): LocalSockets {
  return {
    async end(isMeant, { isDryRun }) {
      const sockets: ConnectedSocket[] = [];
      const problems = new Set<string>();
      const look = (netns: string | undefined) => {
        const meant = host.connected(netns).filter(isMeant);
        if (isDryRun || meant.length === 0) return sockets.push(...meant);
        const { ended, problem } = host.endSockets(meant, netns);
        if (problem !== undefined) problems.add(problem);
        return sockets.push(...ended);
      };
      for (const netns of new Set([undefined, ...Array.from(interfaces.rows(), (row) => row.netns)])) {
        try {
          look(netns);
        } catch (error) {
          if (!(error instanceof AgentError)) throw error;
          problems.add(`sockets of ${netns ?? 'the node'}: ${error.message}`);
        }
        // Each takes its time, and others wait for this thread.
        await new Promise((resolve) => setImmediate(resolve));
      }
      return { sockets, problems: [...problems] };
    },
  };
}
