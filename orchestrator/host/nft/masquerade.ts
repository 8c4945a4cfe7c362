// Masquerade: pods' traffic to outside the cluster leaves with the node's address. One table a family, written whole in one
// transaction when it is not as planned; its comment says what it was made of.

import { createHash } from 'node:crypto';
import { attribute, joined } from '../../datapath/kernel/netlink.ts';
import { AgentError } from '../../errors.ts';
import { type Prefix, parsePrefix } from '../../net/prefix.ts';
import { Attributes, inet, inet6 } from '../attributes.ts';
import { portsTableName, redirectTableName, tableName } from '../ours.ts';
import type { NodePlan } from '../plan.ts';
import type { Change, Session } from '../session.ts';
import { addressIn, leaveChain, leavesBy, masquerade } from './expression.ts';
import {
  chainAttribute,
  type Family,
  header,
  message,
  newChain,
  newRule,
  newSet,
  newTable,
  type Range,
  removeTable,
  subsystem,
  tableAttribute,
  typeOf,
} from './message.ts';

/** NF_INET_POST_ROUTING, at the place of source NAT. */
const chain = { name: 'postrouting', type: 'nat', hook: 4, priority: 100 } as const;
/** Raised when tables are written in another way. */
const version = 2;
/** Above those that Kubernetes gives to services unless told otherwise. */
const ports = [32_768, 65_535] as const;
export const families = [
  [inet, 4],
  [inet6, 6],
] as const;

/** Makes both tables as planned; what stood in the way, in words. `devices` are beginnings of names of ours. */
export function applyMasquerade(
  session: Session,
  { masquerade: plan, router }: Pick<NodePlan, 'masquerade' | 'router'>,
  devices: readonly string[],
): string[] {
  return families.flatMap(([family, number]) => {
    // Clients of services whom the datapath gave the router's address are answered there.
    const sources = rangesWithout(rangesOf(plan?.sources ?? [], number), rangesOf(router, number));
    const except = rangesOf(plan?.except ?? [], number);
    const isThere = findTable(session, family);
    if (sources.length === 0) return isThere === undefined ? [] : write(session, family, [removeTable(family, tableName)]);
    const open = widestGap(ports, plan?.closed ?? []);
    const rules = rulesOf(family, except.length > 0, devices, open);
    const comment = fingerprint({ sources, except, devices, open });
    if (isThere === comment && countRules(session, family, tableName, chain.name) === rules.length) return [];
    return write(session, family, [
      newTable(family, tableName),
      removeTable(family, tableName),
      newTable(family, tableName, comment),
      ...newSet(family, tableName, 'sources', 1, sources),
      ...(except.length > 0 ? newSet(family, tableName, 'except', 2, except) : []),
      newChain(family, tableName, chain),
      ...rules.map((expressions) => newRule(family, tableName, chain.name, expressions)),
    ]);
  });
}

/** Names of the tables that were removed; a kernel without nf_tables has none. */
export function removeTables(session: Session): string[] {
  return [tableName, portsTableName, redirectTableName].flatMap((name) =>
    families.flatMap(([family, number]) => {
      if (!hasTable(session, family, name)) return [];
      const failed = session.transaction(subsystem, [removeTable(family, name)]);
      return failed.length > 0 ? [] : [`nft table ${number === 4 ? 'ip' : 'ip6'} ${name}`];
    }),
  );
}

function rulesOf(family: Family, hasExcept: boolean, devices: readonly string[], open: PortRange): Uint8Array[][] {
  return [
    [...addressIn(family, 'source', 'sources', true), ...leaveChain()],
    ...devices.map((prefix) => [...leavesBy(prefix), ...leaveChain()]),
    ...(hasExcept ? [[...addressIn(family, 'destination', 'except'), ...leaveChain()]] : []),
    masquerade(open),
  ];
}

type PortRange = readonly [first: number, last: number];

/** The widest part of a range in which none of `closed` is; the whole of it when every port is closed. */
export function widestGap([first, last]: PortRange, closed: readonly number[]): PortRange {
  const inside = closed.filter((port) => port >= first && port <= last).sort((a, b) => a - b);
  const edges = [first - 1, ...inside, last + 1];
  const gaps = edges.slice(1).map((edge, index): PortRange => [(edges[index] as number) + 1, edge - 1]);
  const [widest] = gaps.sort(([a, b], [c, d]) => d - c - (b - a));
  return widest !== undefined && widest[0] <= widest[1] ? widest : [first, last];
}

/** Ranges of the family's prefixes, in order, with a gap between any two. */
export function rangesOf(prefixes: readonly string[], family: 4 | 6): Range[] {
  const ranges = prefixes
    .map(parsePrefix)
    .filter((prefix) => prefix.family === family)
    .map(rangeOf)
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const merged: Range[] = [];
  for (const range of ranges) {
    const before = merged.at(-1);
    if (before === undefined || range.first > before.last + 1n) merged.push(range);
    else if (range.last > before.last) merged[merged.length - 1] = { first: before.first, last: range.last };
  }
  return merged;
}

/** `ranges` with holes where `holes` are; both in order. */
export function rangesWithout(ranges: readonly Range[], holes: readonly Range[]): Range[] {
  return ranges.flatMap((range) => {
    const parts: Range[] = [];
    let { first } = range;
    for (const hole of holes) {
      if (hole.last < first || hole.first > range.last) continue;
      if (hole.first > first) parts.push({ first, last: hole.first - 1n });
      first = hole.last + 1n;
    }
    return first > range.last ? parts : [...parts, { first, last: range.last }];
  });
}

function rangeOf({ family, value, length }: Prefix): Range {
  return { first: value, last: value + (1n << BigInt((family === 4 ? 32 : 128) - length)) - 1n };
}

export function fingerprint(content: unknown): string {
  const text = JSON.stringify([version, content], (_, value) => (typeof value === 'bigint' ? value.toString(16) : value));
  return `${tableName} ${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

/** The table's comment, '' when it has none; undefined when there is no table. */
export function findTable(session: Session, family: Family, name: string = tableName): string | undefined {
  const found = session.get(typeOf(message.getTable), joined(header(family), attribute(tableAttribute.name, name)));
  if (found === undefined) return undefined;
  const data = new Attributes(found.body, header(family).length).bytes(tableAttribute.data) ?? new Uint8Array();
  return new TextDecoder().decode(data.subarray(2, Math.max(2, data.length - 1)));
}

function hasTable(session: Session, family: Family, name: string): boolean {
  try {
    return findTable(session, family, name) !== undefined;
  } catch (error) {
    if (error instanceof AgentError) return false;
    throw error;
  }
}

/** 0 when there is no such chain. */
export function countRules(session: Session, family: Family, table: string, name: string): number {
  const which = [attribute(chainAttribute.table, table), attribute(chainAttribute.name, name)];
  const found = session.get(typeOf(message.getChain), joined(header(family), ...which));
  const bytes = found && new Attributes(found.body, header(family).length).bytes(chainAttribute.rules);
  return bytes === undefined ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

export function write(session: Session, family: Family, changes: readonly Change[]): string[] {
  const [first] = session.transaction(subsystem, changes);
  return first === undefined ? [] : [`IPv${family === inet ? 4 : 6}: ${first.change.step}: ${first.message}`];
}
