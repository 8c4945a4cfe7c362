// Labels: source:key=value, as identities carry them and selectors ask for them.

export interface Label {
  /** Who says so: k8s, reserved, … */
  readonly source: string;
  readonly key: string;
  readonly value: string;
}

const none: readonly Label[] = [];

/** A set of labels, one per source and key. Equal sets have equal texts. */
export class Labels implements Iterable<Label> {
  /** Canonical: sorted `source:key=value;`. It is the key under which an identity is allocated. */
  readonly text: string;
  private readonly byKey = new Map<string, Label[]>();
  private readonly all: readonly Label[];

  /** A later label replaces an earlier one of the same source and key. */
  constructor(labels: Iterable<Label>) {
    const kept = new Map<string, Label>();
    for (const label of labels) kept.set(`${label.source}:${label.key}`, label);
    this.all = [...kept.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, label]) => label);
    for (const label of this.all) {
      const same = this.byKey.get(label.key);
      if (same === undefined) this.byKey.set(label.key, [label]);
      else same.push(label);
    }
    this.text = this.all.map(({ source, key, value }) => `${source}:${key}=${value};`).join('');
  }

  /** Values under a key; the source `any` stands for all of them. Empty: there is no such label. */
  values(source: string, key: string): string[] {
    const found = this.byKey.get(key) ?? [];
    return (source === 'any' ? found : found.filter((label) => label.source === source)).map(({ value }) => value);
  }

  /** Labels of every source under a key. */
  under(key: string): readonly Label[] {
    return this.byKey.get(key) ?? none;
  }

  [Symbol.iterator](): Iterator<Label> {
    return this.all[Symbol.iterator]();
  }
}

/** The set whose canonical text this is. Values have no semicolons and keys no equals signs, whatever Kubernetes lets through. */
export function parseLabels(text: string): Labels {
  const labels = text.split(';').flatMap((part): Label[] => {
    const colon = part.indexOf(':');
    const equals = part.indexOf('=', colon);
    if (colon < 0 || equals < 0) return [];
    return [{ source: part.slice(0, colon), key: part.slice(colon + 1, equals), value: part.slice(equals + 1) }];
  });
  return new Labels(labels);
}
