// CNI files: the plugin and its configuration, where the container runtime looks for them. The configuration comes last: it is what tells
// the runtime that there is a network.

import { join } from 'node:path';
import { writeSocketName } from '../api/sockets.ts';
import { installPlugin, writeConflist } from '../cni/install.ts';
import type { Config } from '../config.ts';
import type { RoomLog } from '../log.ts';

/** What cannot be written is told; answers whether everything is there. */
export function writeCniFiles({ cniBinDir, cniConfDir, runDir, stateDir }: Config, mtu: number, log: RoomLog): boolean {
  try {
    if (cniBinDir !== '') installPlugin({ binFolder: cniBinDir });
    if (cniConfDir !== '') {
      writeConflist({ folder: cniConfDir, socket: join(runDir, writeSocketName), deleteQueue: join(stateDir, 'delete-queue'), mtu });
    }
    return true;
  } catch (error) {
    log.error('the runtime cannot be told of this network', { error });
    return false;
  }
}
