// DNS passage: what the proxy is to know while the datapath is being changed, so that no pod is refused what it may ask for before and after,
// or told an address that it cannot reach yet.

import type { DnsAllowed, DnsEndpoint, DnsGranted, DnsSet } from '../../dns/rules.ts';
import { matchesName } from '../../model/policy/name-match.ts';
import type { NameSelector } from '../../model/policy/rule.ts';
import type { WantedDns } from './wanted-rules.ts';

const mostRemembered = 8;

/**
 * Told before the datapath changes, where it is not `before`; after that comes `after`. Selectors that are no longer allowed are gone from it,
 * those that come are not there yet, unless their server's traffic did not come to the proxy at all. Grants of both hold: they
 * are nothing without entries in the datapath.
 */
export function dnsPassage(before: WantedDns, after: WantedDns): WantedDns {
  const [allowed, granted] = [remembered(passingAllowed), remembered(grantedBy)];
  const both = (one: DnsSet, other: DnsSet): DnsSet => {
    return { set: other.set, allowed: allowed(one.allowed, other.allowed), granted: granted(one.granted, other.granted) };
  };
  const sets = merged(before.sets, after.sets, { keyOf: ({ set }) => set, both, isSame: isSameSet });
  const endpoints = merged(before.endpoints, after.endpoints, { keyOf: ({ id }) => id, both: passingEndpoint, isSame: isSameText });
  return { endpoints, sets: withComing(sets, endpoints, after) };
}

/** They say the same. */
export function isSameDns(one: WantedDns, other: WantedDns): boolean {
  if (one === other) return true;
  return isSameList(one.endpoints, other.endpoints, isSameText) && isSameList(one.sets, other.sets, isSameSet);
}

/** Whoever gets another set is judged by the one that it had until the datapath has changed. */
function passingEndpoint(before: DnsEndpoint, after: DnsEndpoint): DnsEndpoint {
  const isOther = before.namespace !== after.namespace || before.pod !== after.pod;
  // The number has come to another pod, which has nothing to do with the one before.
  return isOther || before.set === after.set ? after : { ...after, set: before.set };
}

/** Who is on the way to another set is granted already what that one grants: it counts as soon as the datapath has changed. */
function withComing(sets: readonly DnsSet[], endpoints: readonly DnsEndpoint[], after: WantedDns): DnsSet[] {
  const coming = new Map<number, Map<number, readonly DnsGranted[]>>();
  const now = new Map(after.sets.map((set) => [set.set, set]));
  const passing = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint.set]));
  for (const { id, set } of after.endpoints) {
    const from = passing.get(id);
    if (from === undefined || from === set) continue;
    const all = coming.get(from) ?? new Map<number, readonly DnsGranted[]>();
    coming.set(from, all.set(set, now.get(set)?.granted ?? []));
  }
  return sets.map((set) => {
    const more = coming.get(set.set);
    const granted = more && grantedBy(set.granted, ...more.values());
    return granted === undefined || granted.length === set.granted.length ? set : { ...set, granted };
  });
}

/** Each identity once, with what the last list says of it: it is never another selector's soon after. */
function grantedBy(...lists: readonly (readonly DnsGranted[])[]): readonly DnsGranted[] {
  const [first = [], ...others] = lists;
  if (others.every((list) => list.length === first.length && list.every((grant, at) => grant === first[at]))) return first;
  const granted = new Map(first.map((grant) => [grant.identity, grant]));
  for (const list of others) for (const grant of list) granted.set(grant.identity, grant);
  return [...granted.values()].sort(byIdentity);
}

/** Sets of pods that the same rules select say the same, and it is worked out once. */
function remembered<Item>(work: (before: readonly Item[], after: readonly Item[]) => readonly Item[]): typeof work {
  const last: { readonly before: readonly Item[]; readonly after: readonly Item[]; readonly result: readonly Item[] }[] = [];
  const isSame = (one: readonly Item[], other: readonly Item[]) => isSameList(one, other, () => false);
  return (before, after) => {
    const known = last.find((one) => isSame(one.before, before) && isSame(one.after, after));
    if (known !== undefined) return known.result;
    const result = work(before, after);
    last.unshift({ before, after, result });
    last.length = Math.min(last.length, mostRemembered);
    return result;
  };
}

function passingAllowed(before: readonly DnsAllowed[], after: readonly DnsAllowed[]): readonly DnsAllowed[] {
  const [old, now] = [Map.groupBy(before, portText), Map.groupBy(after, portText)];
  const rows = [...new Set([...old.keys(), ...now.keys()])].flatMap((port) => passingRows(old.get(port) ?? [], now.get(port) ?? []));
  return rows.sort(byIdentity);
}

/** Of one protocol and port. */
function passingRows(before: readonly DnsAllowed[], after: readonly DnsAllowed[]): readonly DnsAllowed[] {
  // What does not come to the proxy yet needs no care, nor does what will not come to it any more.
  if (before.length === 0) return after;
  if (after.length === 0) return before;
  const [old, now] = [before, after].map((rows) => Map.groupBy(rows, ({ identity }) => identity));
  const of = (rows: typeof old, identity: number) => [...(rows?.get(identity) ?? []), ...(identity === 0 ? [] : (rows?.get(0) ?? []))];
  const forAll = common(of(old, 0), of(now, 0));
  const identities = new Set([...before, ...after].map(({ identity }) => identity));
  identities.delete(0);
  const own = [...identities].flatMap((identity) => {
    const rows = of(now, identity);
    const found = rows.length === 0 ? (old?.get(identity) ?? []) : common(of(old, identity), rows);
    return found.filter((row) => !forAll.includes(row)).map((row) => (row.identity === identity ? row : { ...row, identity }));
  });
  return now?.has(0) === true || !old?.has(0) ? [...forAll, ...own] : [...(old.get(0) ?? []), ...own];
}

/**
 * What both allow; rules of the later ones are named. Of two patterns it is not worked out which names both match: where one goes and another
 * comes, the one that goes stays meanwhile, so that nothing is refused in between.
 */
function common(before: readonly DnsAllowed[], after: readonly DnsAllowed[]): readonly DnsAllowed[] {
  const isEvery = ({ names }: DnsAllowed) => names === 'every';
  if (before.some(isEvery)) return after;
  const wide = after.find(isEvery);
  if (wide !== undefined) return before.map((row) => ({ ...row, identity: wide.identity }));
  const [old, now] = [selectorsOf(before), selectorsOf(after)];
  const matches = (all: typeof old, { kind, value }: NameSelector) =>
    kind === 'name' && [...all.values()].some((other) => matchesName(other, value));
  const isNewPattern = [...now.values()].some(({ kind, text }) => kind === 'pattern' && !old.has(text));
  const stays = (name: NameSelector) => !now.has(name.text) && (matches(now, name) || (name.kind === 'pattern' && isNewPattern));
  return [...only(after, (name) => old.has(name.text) || matches(old, name)), ...only(before, stays)];
}

function selectorsOf(rows: readonly DnsAllowed[]): ReadonlyMap<string, NameSelector> {
  return new Map(rows.flatMap(({ names }) => (names === 'every' ? [] : names)).map((name) => [name.text, name]));
}

/** Rows with these of their names; the same object where that is all of them. */
function only(rows: readonly DnsAllowed[], isKept: (name: NameSelector) => boolean): DnsAllowed[] {
  return rows.flatMap((row) => {
    const names = row.names === 'every' ? [] : row.names.filter(isKept);
    if (names.length === 0) return [];
    return [names.length === row.names.length ? row : { ...row, names }];
  });
}

function portText({ protocol, port, portBits }: DnsAllowed): string {
  return `${protocol} ${port}/${portBits}`;
}

function byIdentity(a: { readonly identity: number }, b: { readonly identity: number }): number {
  return a.identity - b.identity;
}

interface Merging<Item> {
  readonly keyOf: (item: Item) => number;
  readonly both: (before: Item, after: Item) => Item;
  readonly isSame: (one: Item, other: Item) => boolean;
}

/** One of each key; what says the same as one of both is that object. */
function merged<Item>(before: readonly Item[], after: readonly Item[], { keyOf, both, isSame }: Merging<Item>): Item[] {
  const all = new Map(before.map((item) => [keyOf(item), item]));
  for (const item of after) {
    const other = all.get(keyOf(item));
    if (other === undefined || other === item) {
      all.set(keyOf(item), item);
      continue;
    }
    const found = both(other, item);
    all.set(keyOf(item), isSame(found, item) ? item : isSame(found, other) ? other : found);
  }
  return [...all.values()].sort((a, b) => keyOf(a) - keyOf(b));
}

function isSameSet(one: DnsSet, other: DnsSet): boolean {
  if (one.set !== other.set) return false;
  return isSameList(one.allowed, other.allowed, isSameText) && isSameList(one.granted, other.granted, isSameText);
}

function isSameText(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function isSameList<Item>(one: readonly Item[], other: readonly Item[], isSame: (one: Item, other: Item) => boolean): boolean {
  return one.length === other.length && one.every((item, at) => item === other[at] || isSame(item, other[at] as Item));
}
