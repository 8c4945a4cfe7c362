// Rounds: subjects and their yardsticks measured in turn, so that a burst of other load hits both; medians of what came out.

export interface Baseline {
  readonly name: string;
  /** In the metric's unit, of one round. */
  measure(): Promise<number> | number;
}

/**
 * One metric's subject. `isNet`: the baseline's own share is taken off the value. `isPaired`: the ratio is the median of the rounds' own,
 * because both were measured at once.
 */
export interface Comparison {
  readonly metric: string;
  readonly measure: () => Promise<number> | number;
  readonly baseline?: Baseline;
  readonly isNet?: boolean;
  readonly isPaired?: boolean;
}

export interface Measured {
  readonly metric: string;
  readonly value: number;
  readonly baseline?: { readonly name: string; readonly value: number };
  /** Where it is more than the two values say. */
  readonly ratio?: number;
  readonly rounds: number;
  /** Between the first and the third quartile. */
  readonly spread: number;
}

/** Every round measures every comparison once, its baseline right before it; one round more comes first and is not counted. */
export async function measureRounds(comparisons: readonly Comparison[], rounds: number): Promise<Measured[]> {
  const samples = comparisons.map(() => ({ values: [] as number[], baselines: [] as number[] }));
  for (let round = -1; round < rounds; round += 1) {
    for (const [index, comparison] of comparisons.entries()) {
      const { values, baselines } = samples[index] as (typeof samples)[number];
      const baseline = await comparison.baseline?.measure();
      const value = await comparison.measure();
      if (round < 0) continue;
      if (baseline !== undefined) baselines.push(baseline);
      values.push(comparison.isNet ? value - (baseline ?? 0) : value);
    }
  }
  return comparisons.map(({ metric, baseline, isPaired }, index) => {
    const { values, baselines } = samples[index] as (typeof samples)[number];
    return {
      metric,
      value: quantile(values, 0.5),
      ...(baseline && { baseline: { name: baseline.name, value: quantile(baselines, 0.5) } }),
      ...(isPaired && {
        ratio: quantile(
          values.map((value, round) => value / (baselines[round] ?? Number.NaN)),
          0.5,
        ),
      }),
      rounds,
      spread: quantile(values, 0.75) - quantile(values, 0.25),
    };
  });
}

/** By linear interpolation between the two nearest. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}
