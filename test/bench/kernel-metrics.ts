// What is measured of the kernel machine: packets through from_pod as it ships, less what the entry program itself costs.

import { KernelBench } from './kernel.ts';
import type { Comparison } from './rounds.ts';
import { benchSizes, forgetFlows, settleFlows, type Traffic, traffic } from './traffic.ts';
import type { Effort } from './wasm-metrics.ts';

const manyFlows = 65536;
const packets = 1 << 19;
/** Denied packets whose events fit the ring. */
const toldAtOnce = 4096;

export interface KernelComparisons {
  /** Measured one group after the other: the second forgets the flows of the first. */
  readonly groups: readonly (readonly Comparison[])[];
  close(): Promise<void>;
}

/** A sentence instead, where the kernel does not let us. */
export async function kernelComparisons(wanted: (metric: string) => boolean, { scale }: Effort): Promise<KernelComparisons | string> {
  const bench = await KernelBench.open();
  if (typeof bench === 'string') return bench;
  const count = Math.ceil(packets * scale);
  const flowCounts = (name: string): [metric: string, flows: number][] => [
    [name, 1],
    [`${name}_65536`, manyFlows],
  ];
  const steady = [
    ...flowCounts('kernel.established_allowed').map(([metric, flows]) => established(bench, metric, traffic.pods, count, flows)),
    ...flowCounts('kernel.service_10').map(([metric, flows]) => established(bench, metric, traffic.service10, count, flows)),
    ...flowCounts('kernel.service_10000').map(([metric, flows]) => established(bench, metric, traffic.service10000, count, flows)),
    ...flowCounts('kernel.denied').map(([metric, flows]) => dropped(bench, metric, traffic.denied, count, flows)),
    told(bench),
    ...flowCounts('kernel.policy_16k').map(([metric, flows]) => dropped(bench, metric, traffic.ranged, count, flows)),
  ];
  const groups = [steady, [newFlow(bench), newFlowEvicting(bench)]];
  return { groups: groups.map((group) => group.filter(({ metric }) => wanted(metric))), close: () => bench.close() };
}

function net(bench: KernelBench, metric: string, kind: Traffic, flows: number, measure: () => Promise<number>): Comparison {
  return {
    metric,
    measure,
    isNet: true,
    baseline: { name: 'entry and an empty program', measure: () => bench.decideNothing(kind, packets, flows) },
  };
}

/** The flows are opened when first measured, and no other metric of the group forgets them. */
function established(bench: KernelBench, metric: string, kind: Traffic, count: number, flows: number): Comparison {
  let opened = false;
  return net(bench, metric, kind, flows, async () => {
    if (!opened) {
      await bench.decide(kind, flows, flows);
      await settleFlows(bench.datapath);
      opened = true;
    }
    return bench.decide(kind, count, flows);
  });
}

function dropped(bench: KernelBench, metric: string, kind: Traffic, count: number, flows: number): Comparison {
  return net(bench, metric, kind, flows, () => bench.decide(kind, count, flows));
}

function newFlow(bench: KernelBench): Comparison {
  return net(bench, 'kernel.new_flow', traffic.pods, manyFlows, async () => {
    await forgetFlows(bench.datapath);
    return bench.decide(traffic.pods, manyFlows, manyFlows);
  });
}

/** A port more for every 65,536 flows: none of them comes twice before the map has gone round. */
function newFlowEvicting(bench: KernelBench): Comparison {
  let port = 1000;
  const next = (): Promise<number> => {
    port += 1;
    return bench.decide({ ...traffic.pods, destinationPort: port }, manyFlows, manyFlows);
  };
  return net(bench, 'kernel.new_flow_evicting', traffic.pods, manyFlows, async () => {
    for (let filled = port === 1000 ? 0 : benchSizes.conntrack; filled < benchSizes.conntrack; filled += manyFlows) await next();
    return next();
  });
}

/** Batches that fit the ring, each read to its last event before the next begins. */
function told(bench: KernelBench): Comparison {
  let seen = 0;
  let reading = false;
  const read = async (): Promise<void> => {
    for await (const event of bench.datapath.events()) seen += event.type === 'lost' ? event.count : 1;
  };
  return net(bench, 'kernel.denied_told', traffic.denied, 1, async () => {
    if (!reading) void read();
    reading = true;
    const rounds = 8;
    let sum = 0;
    for (let round = 0; round < rounds; round += 1) {
      const wanted = seen + toldAtOnce;
      sum += await bench.decide(traffic.denied, toldAtOnce, 1);
      const until = Date.now() + 2000;
      while (seen < wanted && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return sum / rounds;
  });
}
