// Metrics: counters, gauges and histograms with labels, and their text for Prometheus (exposition format 0.0.4).

/** One number, as a room that keeps its own may give it. */
export interface Sample {
  readonly name: string;
  /** One sentence; the same for all samples of a name. */
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricOptions<Label extends string> {
  /** `axoneme_room_what_unit`, and `_total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

export interface HistogramOptions<Label extends string> extends MetricOptions<Label> {
  /** Upper ends, growing; one for all that is greater is added. */
  readonly buckets: readonly number[];
}

type Labels<Label extends string> = Readonly<Record<Label, string>>;

export interface Counter<Label extends string> {
  add(labels: Labels<Label>, by?: number): void;
}

export interface Gauge<Label extends string> {
  set(labels: Labels<Label>, value: number): void;
  /** What it spoke of is gone. */
  remove(labels: Labels<Label>): void;
}

export interface Histogram<Label extends string> {
  observe(labels: Labels<Label>, value: number): void;
}

/** Of the text, for the header of an answer. */
export const contentType = 'text/plain; version=0.0.4; charset=utf-8';

interface Family {
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly lines: () => Iterable<string>;
}

/** Names that are not valid, or that are there twice, are faults of the program: TypeError. */
export class Metrics {
  readonly #families = new Map<string, Family>();
  readonly #collectors = new Set<() => Iterable<Sample>>();

  counter<Label extends string = never>({ name, help, labels = [] }: MetricOptions<Label>): Counter<Label> {
    const series = new Series(name, labels, () => ({ value: 0 }));
    this.#register(name, { help, type: 'counter', lines: () => series.lines(({ value }, text) => [line(name, text, value)]) });
    return {
      add(labels, by = 1) {
        if (!(by >= 0)) throw new RangeError(`metric ${name}: a counter cannot grow by ${by}`);
        series.at(labels).value += by;
      },
    };
  }

  gauge<Label extends string = never>({ name, help, labels = [] }: MetricOptions<Label>): Gauge<Label> {
    const series = new Series(name, labels, () => ({ value: 0 }));
    this.#register(name, { help, type: 'gauge', lines: () => series.lines(({ value }, text) => [line(name, text, value)]) });
    return {
      set(labels, value) {
        series.at(labels).value = value;
      },
      remove: (labels) => series.remove(labels),
    };
  }

  histogram<Label extends string = never>({ name, help, labels = [], buckets }: HistogramOptions<Label>): Histogram<Label> {
    const isGrowing = buckets.every((end, i) => Number.isFinite(end) && (i === 0 || end > buckets[i - 1]));
    if (!isGrowing || (labels as readonly string[]).includes('le'))
      throw new TypeError(`metric ${name}: buckets have to grow, and "le" is theirs`);
    const series = new Series(name, labels, () => ({ sum: 0, numbers: new Array<number>(buckets.length + 1).fill(0) }));
    this.#register(name, { help, type: 'histogram', lines: () => series.lines((one, text) => histogramLines(name, buckets, one, text)) });
    return {
      observe(labels, value) {
        const one = series.at(labels);
        const at = buckets.findIndex((end) => value <= end);
        one.numbers[at < 0 ? buckets.length : at] += 1;
        one.sum += value;
      },
    };
  }

  /** Asked whenever the text is. The function returned ends that. */
  collect(samples: () => Iterable<Sample>): () => void {
    this.#collectors.add(samples);
    return () => void this.#collectors.delete(samples);
  }

  /** All of it, names in order, each name once. */
  text(): string {
    const families = new Map(this.#families);
    for (const [name, family] of this.#collected()) {
      if (families.has(name)) throw new TypeError(`metric ${name}: it is there twice`);
      families.set(name, family);
    }
    const sorted = [...families].sort(([a], [b]) => (a < b ? -1 : 1));
    const parts = sorted.flatMap(([name, { help, type, lines }]) => [
      `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
      `# TYPE ${name} ${type}`,
      ...lines(),
    ]);
    return parts.length === 0 ? '' : `${parts.join('\n')}\n`;
  }

  #collected(): Map<string, Family> {
    const families = new Map<string, Family & { readonly said: Map<string, string> }>();
    for (const samples of this.#collectors) {
      for (const { name, help, type, labels = {}, value } of samples()) {
        let family = families.get(name);
        if (family === undefined) {
          checkNames(name, Object.keys(labels));
          const said = new Map<string, string>();
          family = { help, type, said, lines: () => said.values() };
          families.set(name, family);
        }
        const text = labelText(Object.entries(labels));
        if (family.said.has(text)) throw new TypeError(`metric ${name}: {${text}} is there twice`);
        family.said.set(text, line(name, text, value));
      }
    }
    return families;
  }

  #register(name: string, family: Family): void {
    if (this.#families.has(name)) throw new TypeError(`metric ${name}: it is there twice`);
    this.#families.set(name, family);
  }
}

/** One value for each set of labels. */
class Series<Value> {
  readonly #name: string;
  readonly #labels: readonly string[];
  readonly #initial: () => Value;
  readonly #values = new Map<string, Value>();

  constructor(name: string, labels: readonly string[], initial: () => Value) {
    checkNames(name, labels);
    this.#name = name;
    this.#labels = labels;
    this.#initial = initial;
    // What has no labels is there from the beginning, so that nobody takes nothing for not known.
    if (labels.length === 0) this.at({});
  }

  at(labels: Readonly<Record<string, string>>): Value {
    const key = this.#key(labels);
    let value = this.#values.get(key);
    if (value === undefined) {
      value = this.#initial();
      this.#values.set(key, value);
    }
    return value;
  }

  remove(labels: Readonly<Record<string, string>>): void {
    this.#values.delete(this.#key(labels));
  }

  *lines(tell: (value: Value, labels: string) => Iterable<string>): Iterable<string> {
    for (const [labels, value] of this.#values) yield* tell(value, labels);
  }

  #key(labels: Readonly<Record<string, string>>): string {
    if (Object.keys(labels).length !== this.#labels.length || this.#labels.some((label) => labels[label] === undefined))
      throw new TypeError(`metric ${this.#name}: its labels are ${this.#labels.join(', ') || 'none'}`);
    return labelText(this.#labels.map((label) => [label, labels[label]]));
  }
}

function* histogramLines(
  name: string,
  buckets: readonly number[],
  { sum, numbers }: { readonly sum: number; readonly numbers: readonly number[] },
  labels: string,
): Iterable<string> {
  let count = 0;
  for (const [at, number] of numbers.entries()) {
    count += number;
    const end = labelText([['le', numberText(buckets[at] ?? Number.POSITIVE_INFINITY)]]);
    yield line(`${name}_bucket`, labels === '' ? end : `${labels},${end}`, count);
  }
  yield line(`${name}_sum`, labels, sum);
  yield line(`${name}_count`, labels, count);
}

function checkNames(name: string, labels: readonly string[]): void {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw new TypeError(`metric: no name: "${name}"`);
  const odd = labels.find((label) => !/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/.test(label));
  if (odd !== undefined) throw new TypeError(`metric ${name}: no name of a label: "${odd}"`);
}

function line(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${numberText(value)}`;
}

function labelText(labels: readonly (readonly [string, string])[]): string {
  const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return labels.map(([name, value]) => `${name}="${escaped(value)}"`).join(',');
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
