// Sites: the rules of a manifest as they are written, with what stands around them; what lint looks at.

import type { Direction, Policy, PolicyKind } from '../rule.ts';
import type { Field } from '../translate/field.ts';

export interface Site {
  readonly element: Field;
  readonly direction: Direction;
  readonly action: 'allow' | 'deny';
  /** Rules in the same list, this one among them. */
  readonly among: number;
}

export interface LintView {
  readonly kind: PolicyKind;
  readonly policy: Policy;
  /** `spec`, and elements of `specs`. */
  readonly specs: readonly Field[];
  readonly sites: readonly Site[];
}

export interface LintRule {
  /** Class of its warnings. */
  readonly class: string;
  /** What it is about, for the list of all. */
  readonly about: string;
  readonly find: (view: LintView) => Iterable<readonly [place: Field, message: string]>;
}

const lists = [
  ['ingress', 'ingress', 'allow'],
  ['ingressDeny', 'ingress', 'deny'],
  ['egress', 'egress', 'allow'],
  ['egressDeny', 'egress', 'deny'],
] as const;

export function viewOf(root: Field, policy: Policy): LintView {
  const { kind } = policy.ref;
  const specs = [root.get('spec'), ...root.get('specs').items].filter(({ present }) => present);
  const sites = specs.flatMap((spec) =>
    lists.flatMap(([name, direction, action]) =>
      spec.get(name).items.map((element): Site => ({ element, direction, action, among: spec.get(name).count })),
    ),
  );
  return { kind, policy, specs, sites };
}

/** Selectors of pods, subjects and peers, by whatever field. Those of namespaces, services and groups are none. */
export function* podSelectors({ kind, specs, sites }: LintView): Iterable<Field> {
  const isKubernetes = kind === 'NetworkPolicy';
  for (const spec of specs) yield spec.get(isKubernetes ? 'podSelector' : 'endpointSelector');
  for (const { element, direction } of sites) {
    if (isKubernetes) for (const peer of element.get(direction === 'ingress' ? 'from' : 'to').items) yield peer.get('podSelector');
    else yield* element.get(direction === 'ingress' ? 'fromEndpoints' : 'toEndpoints').items;
  }
}

/** Keys of a selector, each with its place. */
export function* keysOf(selector: Field): Iterable<readonly [key: string, place: Field]> {
  for (const [key, value] of selector.get('matchLabels').members) yield [key, value];
  for (const expression of selector.get('matchExpressions').items) yield [expression.get('key').text ?? '', expression.get('key')];
}
