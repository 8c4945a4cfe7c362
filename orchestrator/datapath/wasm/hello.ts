// Hello: what the datapath process says of itself: what a client needs to take part, and what it has counted.

export interface Hello {
  readonly pid: number;
  /** They have the areas from 0 on. */
  readonly workers: number;
  /** File of the linear memory. */
  readonly memory: string;
  /** Names this memory; another one has forgotten all flows and entries. */
  readonly id: string;
  readonly layoutHash: string;
  readonly pages: number;
  readonly sizes: Readonly<Record<string, number>>;
}

/** Sums since the process started. */
export interface PortCounters {
  readonly number: number;
  readonly received: number;
  readonly receivedBytes: number;
  readonly sent: number;
  readonly sentBytes: number;
  /** Packets that the device or socket did not take. */
  readonly refused: number;
  /** Of the host's port: packets for its stack that had come from it, and pods' neighbour discovery. */
  readonly useless: number;
}

export interface ProcessStatus {
  readonly pid: number;
  readonly workers: number;
  readonly uptimeMs: number;
  readonly ports: readonly PortCounters[];
  /** Ports that are to be there and could not be opened, and why. */
  readonly missing: readonly { readonly number: number; readonly error: string }[];
  /** What else may go wrong, in sentences; a process of an older release says nothing of it. */
  readonly problems?: readonly string[];
}
