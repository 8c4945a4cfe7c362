// Socket balancing: whether and where processes of this node have services' addresses turned into backends' before there is a packet. Without
// it the same happens packet by packet, but to those of the node's own processes.

import { readFileSync } from 'node:fs';
import type { Config } from '../config.ts';
import type { SocketBalancer } from '../datapath/datapath.ts';
import { unifiedHierarchy } from '../datapath/kernel/hierarchy.ts';
import type { RoomLog } from '../log.ts';

export interface SocketBalancing {
  readonly state: 'on' | 'off' | 'refused';
  /** Where it is on, or why it is not. */
  readonly message: string;
}

/** Whatever an earlier life left is renewed or taken off. */
export async function balanceSockets(
  { socketLb, cgroupRoot }: Pick<Config, 'socketLb' | 'cgroupRoot'>,
  datapath: SocketBalancer,
  log: RoomLog,
): Promise<SocketBalancing> {
  if (!socketLb) {
    await datapath.detachSockets();
    return { state: 'off', message: '--socket-lb false' };
  }
  try {
    const root = cgroupRoot ?? unifiedHierarchy(readFileSync('/proc/self/mountinfo', 'utf8'));
    if (root === undefined) throw new Error('no cgroup2 is mounted here, and --cgroup-root names none');
    await datapath.attachSockets(root);
    return { state: 'on', message: root };
  } catch (error) {
    log.warn('sockets are not balanced: services are balanced packet by packet', { error });
    return { state: 'refused', message: (error as Error).message.split('\n')[0] ?? '' };
  }
}
