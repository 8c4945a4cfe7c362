// What is measured of the datapath process: between two pods, beside a copier in C between the same two, and veth.

import { setTimeout as sleep } from 'node:timers/promises';
import { networkSkip } from '../../support/netns.ts';
import type { Comparison } from '../rounds.ts';
import type { Effort } from '../wasm-metrics.ts';
import { type Nodes, openNodes } from './nodes.ts';
import { openWorld, type Way, type World, worldSkip } from './world.ts';

const slices = 5;
const idleMs = 2000;

export interface OpenedComparisons {
  readonly comparisons: readonly Comparison[];
  close(): Promise<void>;
}

/** A sentence where namespaces or devices cannot be had. */
export async function userspaceComparisons(wanted: (metric: string) => boolean, { scale }: Effort): Promise<OpenedComparisons | string> {
  const skip = worldSkip() ?? (await networkSkip());
  if (skip) return skip;
  const world = await openWorld();
  const count = Math.max(1, Math.round(slices * scale));
  const slirp = wanted(slirpMetric) ? await world.openSlirp() : undefined;
  if (slirp !== undefined) console.log(`${slirpMetric}: skipped: ${slirp}`);
  const all = [
    ...rates(world, count, streamOf('userspace.tcp_stream')),
    ...rates(world, count, { metric: 'userspace.tcp_rr', kind: 'rr', on: 'two', unit: 1 }),
    ...(slirp === undefined ? [beside(world, count, streamOf(slirpMetric), ['slirp4netns', 'slirp'])] : []),
    costs(world, count),
    idle(world),
  ];
  const nodes = wanted(vxlanMetric) ? await openNodes() : undefined;
  if (nodes !== undefined) all.push(between(nodes, count));
  const close = async () => {
    await nodes?.close();
    await world.close();
  };
  return { comparisons: all.filter(({ metric }) => wanted(metric)), close };
}

const vxlanMetric = 'userspace.vxlan_stream';

/** From pod to pod of another node, beside the two nodes with VXLAN devices of the kernel and no pods. */
function between(nodes: Nodes, count: number): Comparison {
  const rate = async (way: 'datapath' | 'kernel') => (await nodes.stream(way, count)) / (1e9 / 8);
  return {
    metric: vxlanMetric,
    isPaired: true,
    baseline: { name: 'kernel VXLAN', measure: () => rate('kernel') },
    measure: () => rate('datapath'),
  };
}

interface Load {
  readonly metric: string;
  readonly kind: 'stream' | 'rr';
  readonly on: 'one' | 'two';
  /** Of what is counted, in one of the metric's. */
  readonly unit: number;
}

const slirpMetric = 'userspace.tcp_stream_slirp';
const streamOf = (metric: string): Load => ({ metric, kind: 'stream', on: 'two', unit: 1e9 / 8 });

function rates(world: World, count: number, load: Load): Comparison[] {
  const again = { ...load, metric: `${load.metric}_veth` };
  return [beside(world, count, load, ['C copier', 'copier']), beside(world, count, again, ['veth', 'veth'])];
}

/** Both take turns within one run of the program; the baseline is asked for first. */
function beside(world: World, count: number, { metric, kind, on, unit }: Load, [name, way]: readonly [string, Way]): Comparison {
  let ours = Number.NaN;
  const measure = async () => {
    const [own = 0, other = 0] = await world.run(kind, count, ['datapath', way], on);
    ours = own / unit;
    return other / unit;
  };
  return { metric, isPaired: true, baseline: { name, measure }, measure: () => ours };
}

/** Processor time of the process for each datagram that arrived. */
function costs(world: World, count: number): Comparison {
  const cost = async (way: 'datapath' | 'copier') => {
    const before = world.seconds(way);
    const [perSecond = 0] = await world.run('udp', count, [way], 'two');
    return ((world.seconds(way) - before) * 1e9) / (perSecond * count * 0.2);
  };
  return {
    metric: 'userspace.cpu_per_packet',
    isPaired: true,
    baseline: { name: 'C copier', measure: () => cost('copier') },
    measure: () => cost('datapath'),
  };
}

function idle(world: World): Comparison {
  return {
    metric: 'userspace.idle_cpu',
    async measure() {
      const [before, started] = [world.seconds('datapath'), performance.now()];
      await sleep(idleMs);
      return ((world.seconds('datapath') - before) / (performance.now() - started)) * 1e5;
    },
  };
}
