// What is measured of a node: a sandbox with real agents, opened for what is wanted of it.

import { sandboxSkip } from '../../support/sandbox.ts';
import type { Comparison } from '../rounds.ts';
import type { Effort } from '../wasm-metrics.ts';
import { attachmentComparisons, attachmentMetrics } from './attachments.ts';
import { pathComparisons, pathMetrics } from './paths.ts';
import { openWorld, type World } from './world.ts';

export interface OpenGroup {
  readonly comparisons: readonly Comparison[];
  close(): Promise<void>;
}

type Group = (world: World, wanted: (metric: string) => boolean, effort: Effort) => Promise<Comparison[]>;

const groups: readonly (readonly [metrics: readonly string[], open: Group])[] = [
  [pathMetrics, pathComparisons],
  [attachmentMetrics, attachmentComparisons],
];

/** Each in a sandbox of its own; a sentence instead, where none can be had. */
export function nodeGroups(wanted: (metric: string) => boolean, effort: Effort): (() => Promise<OpenGroup | string>)[] {
  return groups
    .filter(([metrics]) => metrics.some(wanted))
    .map(([, open]) => async () => {
      const skip = await sandboxSkip();
      if (skip !== false) return skip;
      const world = await openWorld();
      try {
        return { comparisons: await open(world, wanted, effort), close: () => world.close() };
      } catch (error) {
        await world.close();
        throw error;
      }
    });
}
