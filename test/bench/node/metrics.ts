// What is measured of a node: a sandbox with real agents, opened for what is wanted of it.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isBuilt } from '../../../orchestrator/sandbox/program.ts';
import { sandboxSkip } from '../../support/sandbox.ts';
import type { Comparison } from '../rounds.ts';
import type { Effort } from '../wasm-metrics.ts';
import { attachmentComparisons, attachmentMetrics } from './attachments.ts';
import { enforcementComparisons, enforcementMetrics } from './enforcement.ts';
import { pathComparisons, pathMetrics } from './paths.ts';
import { startComparisons, startMetrics } from './start.ts';
import { openWorld, type World } from './world.ts';

export interface OpenGroup {
  readonly comparisons: readonly Comparison[];
  close(): Promise<void>;
}

type Group = (world: World, wanted: (metric: string) => boolean, effort: Effort) => Promise<Comparison[]>;

const groups: readonly (readonly [metrics: readonly string[], open: Group])[] = [
  [pathMetrics, pathComparisons],
  [enforcementMetrics, enforcementComparisons],
  [attachmentMetrics, attachmentComparisons],
];

/** Each in a sandbox of its own, the last ones in one for each measurement; a sentence instead, where none can be had. */
export function nodeGroups(wanted: (metric: string) => boolean, effort: Effort): (() => Promise<OpenGroup | string>)[] {
  const inWorld = groups
    .filter(([metrics]) => metrics.some(wanted))
    .map(([, open]) => async () => {
      const world = await openWorld();
      try {
        return { comparisons: await open(world, wanted, effort), close: () => world.close() };
      } catch (error) {
        await world.close();
        throw error;
      }
    });
  const starts = async () => ({ comparisons: startComparisons(effort), async close() {} });
  const all: (() => Promise<OpenGroup>)[] = startMetrics.some(wanted) ? [...inWorld, starts] : inWorld;
  return all.map((open) => async () => {
    const skip = await sandboxSkip();
    if (skip !== false) return skip;
    buildPackage();
    return open();
  });
}

/** What ships is what is measured: sandboxes run it as long as no source is newer. */
function buildPackage(): void {
  const script = fileURLToPath(new URL('../../../scripts/build-package.ts', import.meta.url));
  if (!isBuilt()) spawnSync(process.execPath, [script], { stdio: 'inherit' });
}
