// Message: requests of nf_tables, one a function. Numbers in them are in network order, and nested attributes say so.

import { attribute, joined, netlinkFlag } from '../../datapath/kernel/netlink.ts';
import { bigEndian } from '../attributes.ts';
import type { Change } from '../session.ts';

/** NETLINK_NETFILTER, and NFNL_SUBSYS_NFTABLES there. */
export const [netfilterProtocol, subsystem] = [12, 10] as const;

export const message = {
  newTable: 0,
  getTable: 1,
  removeTable: 2,
  newChain: 3,
  getChain: 4,
  newRule: 6,
  newSet: 9,
  newElements: 12,
} as const;
export const tableAttribute = { name: 1, data: 6 } as const;
export const chainAttribute = { table: 1, name: 3, hook: 4, policy: 5, rules: 6, type: 7 } as const;
const ruleAttribute = { table: 1, chain: 2, expressions: 4 } as const;
const setAttribute = { table: 1, name: 2, flags: 3, keyType: 4, keyLength: 5, number: 10 } as const;
const elementsAttribute = { table: 1, set: 2, elements: 3 } as const;
const elementAttribute = { key: 1, flags: 3 } as const;
const hookAttribute = { number: 1, priority: 2 } as const;
const [listElement, dataValue] = [1, 1];
/** NFT_SET_INTERVAL; NFT_SET_ELEM_INTERVAL_END. */
const [intervalSet, intervalEnd] = [4, 1];
/** What nft calls ipv4_addr and ipv6_addr. */
const keyTypes = { 2: { type: 7, length: 4 }, 10: { type: 8, length: 16 } } as const;
/** A message's attribute has 16 bits for its length. */
const elementsPerMessage = 800;

export type Family = keyof typeof keyTypes;

/** `message`'s number with the subsystem's. */
export function typeOf(number: number): number {
  return (subsystem << 8) | number;
}

/** struct nfgenmsg. */
export function header(family: number): Uint8Array {
  return Uint8Array.of(family, 0, 0, 0);
}

export function nested(type: number, ...parts: Uint8Array[]): Uint8Array {
  const nestedFlag = 0x8000;
  return attribute(type | nestedFlag, joined(...parts));
}

export function number(type: number, value: number): Uint8Array {
  return attribute(type, bigEndian(value >>> 0, 4));
}

export function value(type: number, bytes: Uint8Array): Uint8Array {
  return nested(type, attribute(dataValue, bytes));
}

/** A table and, where it is new, a comment that nft shows. */
export function newTable(family: Family, name: string, comment?: string): Change {
  const data = comment === undefined ? [] : [attribute(tableAttribute.data, commentData(comment))];
  return change(family, message.newTable, 'create', netlinkFlag.create, attribute(tableAttribute.name, name), ...data);
}

export function removeTable(family: Family, name: string): Change {
  return change(family, message.removeTable, 'remove', 0, attribute(tableAttribute.name, name));
}

export interface BaseChain {
  readonly name: string;
  readonly type: 'nat' | 'filter';
  readonly hook: number;
  readonly priority: number;
}

export function newChain(family: Family, table: string, { name, type, hook, priority }: BaseChain): Change {
  const place = nested(chainAttribute.hook, number(hookAttribute.number, hook), number(hookAttribute.priority, priority));
  return change(
    family,
    message.newChain,
    `chain ${name}`,
    netlinkFlag.create,
    attribute(chainAttribute.table, table),
    attribute(chainAttribute.name, name),
    place,
    attribute(chainAttribute.type, type),
  );
}

/** Expressions are those of `expression.ts`. */
export function newRule(family: Family, table: string, chain: string, expressions: readonly Uint8Array[]): Change {
  const append = 0x800;
  return change(
    family,
    message.newRule,
    `rule in ${chain}`,
    netlinkFlag.create | append,
    attribute(ruleAttribute.table, table),
    attribute(ruleAttribute.chain, chain),
    nested(ruleAttribute.expressions, ...expressions.map((expression) => nested(listElement, expression))),
  );
}

/** A set of address ranges, each with its first and its last address; they must not touch one another. */
export function newSet(family: Family, table: string, name: string, id: number, ranges: readonly Range[]): Change[] {
  const { type, length } = keyTypes[family];
  const elements = ranges.flatMap((range) => rangeElements(range, length));
  return newSetOf({ family, table, name, id, flags: intervalSet, type, length }, elements);
}

/** What nft calls inet_proto . inet_service: each part begins a word. */
const portType = { type: (12 << 6) | 13, length: 8 } as const;

/** A set of ports, each of a protocol. */
export function newPortSet(
  family: Family,
  table: string,
  name: string,
  id: number,
  ports: readonly (readonly [protocol: number, port: number])[],
): Change[] {
  const elements = ports.map(([protocol, port]) => {
    const key = joined(Uint8Array.of(protocol, 0, 0, 0), bigEndian(port, 2), Uint8Array.of(0, 0));
    return nested(listElement, value(elementAttribute.key, key));
  });
  return newSetOf({ family, table, name, id, flags: 0, ...portType }, elements);
}

interface SetForm {
  readonly family: Family;
  readonly table: string;
  readonly name: string;
  /** Within the transaction. */
  readonly id: number;
  readonly flags: number;
  readonly type: number;
  /** Bytes of a key. */
  readonly length: number;
}

function newSetOf({ family, table, name, id, flags, type, length }: SetForm, elements: readonly Uint8Array[]): Change[] {
  const set = change(
    family,
    message.newSet,
    `set ${name}`,
    netlinkFlag.create,
    attribute(setAttribute.table, table),
    attribute(setAttribute.name, name),
    number(setAttribute.flags, flags),
    number(setAttribute.keyType, type),
    number(setAttribute.keyLength, length),
    number(setAttribute.number, id),
  );
  return [
    set,
    ...chunks(elements, elementsPerMessage).map((part) =>
      change(
        family,
        message.newElements,
        `elements of set ${name}`,
        netlinkFlag.create,
        attribute(elementsAttribute.table, table),
        attribute(elementsAttribute.set, name),
        nested(elementsAttribute.elements, ...part),
      ),
    ),
  ];
}

export interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

/** A range's start, and what is no longer in it: nothing when it reaches to the end of all addresses. */
function rangeElements({ first, last }: Range, length: number): Uint8Array[] {
  const start = nested(listElement, value(elementAttribute.key, addressBytes(first, length)));
  if (last === (1n << BigInt(8 * length)) - 1n) return [start];
  const end = nested(
    listElement,
    value(elementAttribute.key, addressBytes(last + 1n, length)),
    number(elementAttribute.flags, intervalEnd),
  );
  return [start, end];
}

function addressBytes(address: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => Number((address >> BigInt(8 * (length - 1 - index))) & 0xffn));
}

function change(family: number, type: number, step: string, flags: number, ...attributes: Uint8Array[]): Change {
  return { step, type: typeOf(type), flags, body: joined(header(family), ...attributes) };
}

/** As nft writes comments: type 0, length, text with a zero byte. */
function commentData(comment: string): Uint8Array {
  const text = new TextEncoder().encode(`${comment}\0`);
  return joined(Uint8Array.of(0, text.length), text);
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}
