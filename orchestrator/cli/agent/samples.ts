// Samples: the text form of Prometheus, read again.

export interface Sample {
  readonly metric: string;
  /** `reason="Policy denied",direction="EGRESS"` */
  readonly labels: string;
  readonly value: string;
}

/** Comments and what is no sample are left out. */
export function readSamples(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, metric, labels = '', value] = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    return metric === undefined || value === undefined ? [] : [{ metric, labels, value }];
  });
}
