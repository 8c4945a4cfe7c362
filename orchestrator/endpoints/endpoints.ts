// Endpoints: pods' interfaces on this node, from the runtime's request to the row that everybody else follows.

import type { CniAnswer, CniRequest } from '../cni/request.ts';
import type { RoomLog } from '../log.ts';
import type { Clock } from '../state/clock.ts';
import type { Disk } from './disk.ts';
import type { InterfaceTable, PodInterface } from './interfaces.ts';
import { Life } from './life.ts';

/** A pod's interface as the host shall make it. Addresses have no length. */
export type PodDeviceSpec = Pick<PodInterface, 'device' | 'netns' | 'ifname' | 'mac' | 'gatewayMac' | 'addresses' | 'mtu'>;

/** What this room needs of the host's network. */
export interface PodDevices {
  /** The number of its datapath port. Repeating it repairs; what fails leaves nothing. */
  addPodDevice(spec: PodDeviceSpec): number;
  /** Absent is fine. */
  removePodDevice(device: string): void;
  /** Sentences; none when everything is as it was made. */
  checkPodDevice(spec: PodDeviceSpec): string[];
  podDevices(): readonly { readonly device: string; readonly port: number }[];
}

export interface EndpointsOptions {
  /** Files go to `endpoints/` and come from `delete-queue/` below it. */
  readonly stateFolder: string;
  readonly host: PodDevices;
  readonly clock: Clock;
  readonly log: RoomLog;
  /** MTU of pods' interfaces that are made from now on. */
  readonly mtu: () => number;
  /**
   * Ends once the endpoint's policy is written; what an ADD waits for. Throws when the hooks cannot be put on its port: then nothing would
   * judge the pod's packets, and the ADD is undone.
   */
  readonly enforced: (endpoint: number, signal: AbortSignal) => Promise<void>;
  /** Flows of these addresses are forgotten, before anybody else may have them. May be repeated. */
  readonly forget: (addresses: readonly string[]) => Promise<void>;
  /** Why pods that are here may have limited connectivity; undefined when all is well. For STATUS. */
  readonly limits?: () => string | undefined;
  /** How long an ADD waits to be enforced; 10 seconds. */
  readonly enforcedWithinMs?: number;
  /** How long a device that no file knows is left alone; 60 seconds. */
  readonly strayGraceMs?: number;
  readonly disk?: Disk;
}

export interface PoolState {
  readonly prefix: string;
  /** Addresses that pods may have. */
  readonly size: number;
  readonly used: number;
}

export interface Endpoints {
  readonly table: InterfaceTable;
  /** The pod prefixes of this node, at any time; addresses outside that are in use stay served. Until the first call an ADD is told to try again. */
  setPrefixes(prefixes: readonly string[]): void;
  /** Never throws: what goes wrong is an answer. */
  cni(request: CniRequest): Promise<CniAnswer>;
  pools(): PoolState[];
  /** What is wrong and stays so: files that could not be read, devices that nobody knows. */
  problems(): string[];
  /** Deletes what was queued while nobody listened, then what is left over, and goes on to look; ends with the signal. */
  run(options: { signal: AbortSignal }): Promise<void>;
}

/** Restores what is on disk: the table is complete when this ends. Throws STATE_UNREADABLE when the folder cannot be read. */
export async function openEndpoints(options: EndpointsOptions): Promise<Endpoints> {
  return Life.open(options);
}
