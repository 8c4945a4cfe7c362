// Packing: which slice says what. Endpoints stay in the slice that they are in, so that a pod's change is a change of one slice.
import { isSame, type Json, type KubeObject, listAt, recordAt, textAt } from '../object.ts';
import type { Stored } from '../storage/stored.ts';
import type { SliceGroup } from './slice-groups.ts';

/** Endpoints of one slice, as in a cluster that nobody has tuned. */
const most = 100;

export interface Content {
  readonly addressType: string;
  readonly ports: readonly Json[];
  readonly endpoints: readonly Json[];
}

export interface Packing {
  readonly changed: readonly { readonly old: Stored; readonly content: Content }[];
  readonly made: readonly Content[];
  readonly gone: readonly Stored[];
  readonly kept: readonly Stored[];
}

/** An endpoint is the same while it is the same pod, or for want of one the same addresses. */
const idOf = (endpoint: unknown): string => {
  const target = recordAt(endpoint, 'targetRef');
  return `${textAt(target, 'kind')}/${textAt(target, 'uid') || textAt(target, 'name')}/${listAt(endpoint, 'addresses').join()}`;
};

const fits = ({ object }: Stored, { addressType, ports }: SliceGroup) =>
  object.addressType === addressType && isSame(listAt(object, 'ports'), ports);

export function pack(there: readonly Stored[], groups: readonly SliceGroup[]): Packing {
  const changed: { old: Stored; content: Content }[] = [];
  const made: Content[] = [];
  const kept: Stored[] = [];
  const left = new Set(there);
  for (const group of groups) {
    const own = [...left].filter((stored) => fits(stored, group));
    for (const stored of own) left.delete(stored);
    const plan = packGroup(own, group);
    changed.push(...plan.changed);
    made.push(...plan.made);
    kept.push(...plan.kept);
    for (const stored of plan.gone) left.add(stored);
  }
  // A slice that would go is written anew rather than another one made.
  for (const [index, content] of made.entries()) {
    const old = [...left].find(({ object }) => object.addressType === content.addressType);
    if (old === undefined) continue;
    left.delete(old);
    changed.push({ old, content });
    delete made[index];
  }
  return { changed, made: made.filter((content) => content !== undefined), gone: [...left], kept };
}

function packGroup(own: readonly Stored[], { addressType, ports, endpoints }: SliceGroup): Packing {
  const wanted = new Map(endpoints.map((endpoint) => [idOf(endpoint), endpoint]));
  const plans = own.map((old) => planOf(old, wanted));
  const rest = [...wanted.values()];
  // The fullest first, and those that are written anyway before those that are not.
  const order = [...plans].sort((a, b) => Number(b.touched) - Number(a.touched) || b.endpoints.length - a.endpoints.length);
  for (const plan of order) {
    if (rest.length === 0) break;
    const room = most - plan.endpoints.length;
    if (room <= 0 || (!plan.touched && rest.length > room)) continue;
    plan.endpoints.push(...rest.splice(0, room));
    plan.touched = true;
  }
  const made: Content[] = [];
  while (rest.length > 0) made.push({ addressType, ports, endpoints: rest.splice(0, most) });
  const empty = plans.filter((plan) => plan.endpoints.length === 0);
  const full = plans.filter((plan) => plan.endpoints.length > 0);
  // Of nothing there is one slice that says so.
  if (full.length === 0 && made.length === 0) {
    const first = empty.shift();
    if (first === undefined) made.push({ addressType, ports, endpoints: [] });
    else full.push(first);
  }
  return {
    changed: full
      .filter(({ touched }) => touched)
      .map((plan) => ({ old: plan.old, content: { addressType, ports, endpoints: plan.endpoints } })),
    made,
    gone: empty.map(({ old }) => old),
    kept: full.filter(({ touched }) => !touched).map(({ old }) => old),
  };
}

/** What stays in a slice, as it is wanted now; that is taken out of `wanted`. */
function planOf(old: Stored, wanted: Map<string, Json>): { old: Stored; endpoints: Json[]; touched: boolean } {
  const endpoints: Json[] = [];
  let touched = false;
  for (const endpoint of listAt(old.object as KubeObject, 'endpoints')) {
    const id = idOf(endpoint);
    const now = wanted.get(id);
    if (now !== undefined) endpoints.push(now);
    wanted.delete(id);
    touched ||= now === undefined || !isSame(now, endpoint);
  }
  return { old, endpoints, touched };
}
