// Names of custom kinds: within a group each means one thing, and belongs to whoever came first.
import { type KubeObject, listAt, recordAt, textAt } from '../object.ts';
import type { Resource } from '../resource.ts';

export interface Clash {
  readonly reason: string;
  readonly message: string;
}

/** The last of a definition's names that another has. */
export function clashOf(definition: KubeObject, served: readonly Resource[]): Clash | undefined {
  const spec = recordAt(definition, 'spec');
  const group = textAt(spec, 'group');
  const own = textAt(spec, 'names', 'plural');
  const others = served.filter((resource) => resource.group === group && resource.plural !== own);
  const names = new Set(others.flatMap(({ plural, singular, shortNames }) => [plural, singular, ...shortNames]));
  const kinds = new Set(others.flatMap(({ kind }) => [kind, `${kind}List`]));
  const rows: readonly (readonly [reason: string, name: string, taken: ReadonlySet<string>])[] = [
    ['PluralConflict', own, names],
    ['SingularConflict', textAt(spec, 'names', 'singular'), names],
    ...(listAt(spec, 'names', 'shortNames') as string[]).map((name) => ['ShortNamesConflict', name, names] as const),
    ['KindConflict', textAt(spec, 'names', 'kind'), kinds],
    ['ListKindConflict', textAt(spec, 'names', 'listKind'), kinds],
  ];
  const clash = rows.findLast(([, name, taken]) => taken.has(name));
  return clash === undefined ? undefined : { reason: clash[0], message: `${JSON.stringify(clash[1])} is already in use` };
}
