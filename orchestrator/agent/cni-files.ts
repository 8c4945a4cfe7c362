// CNI files: the plugin and its configuration, where the container runtime looks for them. The configuration comes last: it is what tells
// the runtime that there is a network.

import { join } from 'node:path';
import { writeSocketName } from '../api/sockets.ts';
import { installPlugin, writeConflist } from '../cni/install.ts';
import type { Config } from '../config.ts';
import type { RoomLog } from '../log.ts';
import type { Clock } from '../state/clock.ts';

const againMs = 5_000;

export class CniFiles {
  private readonly config: Config;
  private readonly clock: Clock;
  private readonly log: RoomLog;
  private cancel = (): void => {};
  private failures = 0;

  constructor({ config, clock, log }: { readonly config: Config; readonly clock: Clock; readonly log: RoomLog }) {
    this.config = config;
    this.clock = clock;
    this.log = log;
  }

  /** By every life: paths and sockets may be others. What cannot be written is told, and tried again. `mtu`: of pods' interfaces. */
  write(mtu: number): void {
    this.cancel();
    const { cniBinDir, cniConfDir, runDir, stateDir } = this.config;
    try {
      if (cniBinDir !== '') installPlugin({ binFolder: cniBinDir });
      if (cniConfDir !== '') {
        writeConflist({ folder: cniConfDir, socket: join(runDir, writeSocketName), deleteQueue: join(stateDir, 'delete-queue'), mtu });
      }
      this.failures = 0;
    } catch (error) {
      if (this.failures++ === 0) this.log.error('the runtime cannot be told of this network', { error });
      this.cancel = this.clock.timer(againMs, () => this.write(mtu));
    }
  }

  close(): void {
    this.cancel();
  }
}
