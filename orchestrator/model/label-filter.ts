// Label filter: which labels make an identity. Labels that differ from pod to pod would make an identity of every pod.

import { type Label, Labels } from './labels.ts';

/** One line of a filter: the beginning of a key, as a regular expression; labels of other sources are no match. */
export interface LabelPattern {
  /** Undefined: any source. */
  readonly source: string | undefined;
  readonly ignores: boolean;
  readonly expression: RegExp;
}

export interface LabelFilter {
  readonly patterns: readonly LabelPattern[];
  /** Only labels that a pattern includes are kept; else all that none ignores. */
  readonly onlyIncluded: boolean;
}

const defaultLines = [
  'reserved:.*',
  'io\\.kubernetes\\.pod\\.namespace',
  'io\\.cilium\\.k8s\\.namespace\\.labels',
  'app\\.kubernetes\\.io',
  'io\\.cilium\\.k8s\\.policy\\.cluster',
  'io\\.cilium\\.k8s\\.policy\\.serviceaccount',
  '!io\\.kubernetes',
  '!kubernetes\\.io',
  '!statefulset\\.kubernetes\\.io/pod-name',
  '!apps\\.kubernetes\\.io/pod-index',
  '!batch\\.kubernetes\\.io/job-completion-index',
  '!batch\\.kubernetes\\.io/controller-uid',
  '!.*beta\\.kubernetes\\.io',
  '!k8s\\.io',
  '!pod-template-',
  '!controller-revision-hash',
  '!controller-uid',
  '!annotation.*',
  '!etcd_node',
  '!topology\\.kubernetes\\.io',
];

export const defaultLabelFilter: LabelFilter = { patterns: defaultLines.map(readPattern), onlyIncluded: false };

/**
 * The default filter and lines of a user's own: `[source:][!]expression`. One line that includes makes the filter keep nothing but what
 * is included. Throws a TypeError that quotes a line which is none.
 */
export function makeLabelFilter(lines: readonly string[], base: LabelFilter = defaultLabelFilter): LabelFilter {
  const added = lines.map(readPattern);
  return { patterns: [...base.patterns, ...added], onlyIncluded: base.onlyIncluded || added.some(({ ignores }) => !ignores) };
}

/** Included beats ignored where it matches more of the key: `io.kubernetes.pod.namespace` is kept though `io.kubernetes` is ignored. */
export function keepsLabel(filter: LabelFilter, label: Label): boolean {
  let included = 0;
  let ignored = 0;
  for (const pattern of filter.patterns) {
    const length = matchLength(pattern, label);
    if (length === 0) continue;
    if (!pattern.ignores) included = Math.max(included, length);
    else if (ignored === 0 || length < ignored) ignored = length;
  }
  return included > ignored || (ignored === 0 && !filter.onlyIncluded);
}

export function filterLabels(filter: LabelFilter, labels: Iterable<Label>): Labels {
  return new Labels([...labels].filter((label) => keepsLabel(filter, label)));
}

function matchLength({ source, expression }: LabelPattern, label: Label): number {
  if (source !== undefined && source !== label.source) return 0;
  expression.lastIndex = 0;
  return expression.exec(label.key)?.[0].length ?? 0;
}

function readPattern(line: string): LabelPattern {
  const colon = line.indexOf(':');
  const source = colon > 0 ? line.slice(0, colon) : undefined;
  const rest = line.slice(colon + 1);
  const ignores = rest.startsWith('!');
  const expression = ignores ? rest.slice(1) : rest;
  if (expression === '') throw new TypeError(`label filter: no expression: "${line}"`);
  try {
    // Sticky: it matches at the beginning of a key or not at all.
    return { source, ignores, expression: new RegExp(expression, 'y') };
  } catch (error) {
    throw new TypeError(`label filter: not a regular expression: "${line}"`, { cause: error });
  }
}
