// Outside classes: the addresses outside the cluster that rules tell apart, each with one address that stands for all of it.

import type { NameSelector, Policy } from '../../../model/policy/rule.ts';
import { formatAddress } from '../../../net/address.ts';
import { containsPrefix, type Prefix, parsePrefix } from '../../../net/prefix.ts';

export interface OutsideClass {
  readonly address: string;
  readonly names: readonly string[];
  /** `10.0.0.0/8`, `*.example.com`, `the rest of the world`. */
  readonly text: string;
}

/** Everything of a family; without a rule that names it, the world as such. */
const wholes = [parsePrefix('0.0.0.0/0'), parsePrefix('::/0')];
/** Where addresses that stand for something look like it: kept for documentation and tests, never routed. */
const favoured = { 4: parsePrefix('198.18.0.0/15'), 6: parsePrefix('2001:db8::/32') };

export function outsideClasses(policies: readonly Policy[], more: readonly Prefix[] = []): OutsideClass[] {
  const peers = policies.flatMap(({ sections }) => sections.flatMap(({ rules }) => rules.flatMap((rule) => rule.peers)));
  const named = peers.flatMap((peer) =>
    peer.kind === 'prefix' ? [peer.prefix, ...peer.except] : peer.kind === 'group' ? peer.except : [],
  );
  const prefixes = [...new Map([...wholes, ...named, ...more].map((prefix) => [prefix.text, prefix])).values()];
  const selectors = new Map(peers.flatMap((peer) => (peer.kind === 'name' ? [[peer.name.text, peer.name] as const] : [])));
  const ofPrefixes = prefixes.flatMap((prefix): OutsideClass[] => {
    const address = freeAddress(prefix, prefixes, 0n);
    const text = prefix.length > 0 ? prefix.text : `other IPv${prefix.family} addresses`;
    return address === undefined ? [] : [{ address, names: [], text }];
  });
  const ofNames = [...selectors.values()].flatMap((selector, index): OutsideClass[] => {
    const address = freeAddress(wholes[0], prefixes, BigInt(index + 1));
    return address === undefined ? [] : [{ address, names: [exampleName(selector)], text: selector.value }];
  });
  return [...ofPrefixes, ...ofNames];
}

/** The `skip`-th address of a prefix that lies in none of the narrower ones. */
function freeAddress(prefix: Prefix, prefixes: readonly Prefix[], skip: bigint): string | undefined {
  const narrower = prefixes.filter((other) => other !== prefix && containsPrefix(prefix, other));
  const width = prefix.family === 4 ? 32 : 128;
  const end = prefix.value + (1n << BigInt(width - prefix.length));
  const start = prefix.length === 0 ? favoured[prefix.family].value : prefix.value;
  for (const from of [start + (width - prefix.length > 1 ? 1n : 0n) + skip, prefix.value + 1n + skip]) {
    let value = from;
    for (let around = narrower.find((other) => isWithin(value, other)); around; around = narrower.find((other) => isWithin(value, other))) {
      value = around.value + (1n << BigInt(width - around.length)) + skip;
    }
    if (value < end)
      return formatAddress(Uint8Array.from({ length: width / 8 }, (_, index) => Number((value >> BigInt(width - 8 - 8 * index)) & 0xffn)));
  }
  return undefined;
}

function isWithin(value: bigint, { family, value: first, length }: Prefix): boolean {
  return value >> BigInt((family === 4 ? 32 : 128) - length) === first >> BigInt((family === 4 ? 32 : 128) - length);
}

/** A name that the selector matches. */
function exampleName({ kind, value }: NameSelector): string {
  return kind === 'name' ? value : value.replace(/^\*\*\./, 'any.').replaceAll(/\*+/g, 'any');
}
