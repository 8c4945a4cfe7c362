// Start of the datapath process by somebody who needs it and finds nobody: in a session of its own, so that it outlives who started it.

import { startApart } from '../../processes/own-program.ts';

export interface StartOptions {
  readonly runDir: string;
  /** One for two processors without. */
  readonly workers?: number | undefined;
  readonly mapEntries?: Readonly<Record<string, number>>;
}

/** Returns at once; `openSharedDatapath` waits for it. Where another one has been started meanwhile, this one ends. */
export function startDatapathProcess({ runDir, workers, mapEntries = {} }: StartOptions): void {
  const entries = Object.entries(mapEntries).map(([name, count]) => `${name}=${count}`);
  const args = [
    `--run-dir=${runDir}`,
    ...(workers === undefined ? [] : [`--workers=${workers}`]),
    ...(entries.length === 0 ? [] : [`--map-entries=${entries.join(',')}`]),
  ];
  startDatapath(args);
}

/** `args` are those of the command `datapath`. */
export function startDatapath(args: readonly string[]): void {
  startApart(['datapath', ...args]);
}
