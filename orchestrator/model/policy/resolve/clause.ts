// Clauses: the traffic of one rule as what entries can match: everything, a protocol, or a prefix of its ports.

import type { NamedPort } from '../../identity.ts';
import type { PolicyRow } from '../entry.ts';
import type { Layer7, NameSelector, PortRange, Rule, Traffic } from '../rule.ts';

export type Proxy = PolicyRow['proxy'];

/** What an entry matches and what it says, without the peer. */
export interface Clause {
  /** See `clauseKey`. */
  readonly key: number;
  readonly precedence: number;
  readonly proxy: Proxy;
  /** Of the proxy `dns`: what may be asked for. */
  readonly names?: readonly NameSelector[];
}

export const precedences = { allow: 1, redirect: 2, deny: 255 } as const;
/** Order of proxies where several are asked for, as users of Cilium know it: the lower wins. A listener may have its own, 1-100. */
const proxyOrder = { http: 101, tls: 116, dns: 121, listener: 126 } as const;

/** Every protocol. */
export const everything = 0;
const protocolGiven = 1 << 29;
const [protocolShift, bitsShift] = [21, 16];

/**
 * A number that orders clauses: within a protocol broader ones come first, and what covers everything comes before all.
 *
 *  29  28       21 20    16 15    0
 * +---+-----------+--------+-------+
 * | 1 | protocol  |  bits  | port  |     0: every protocol
 * +---+-----------+--------+-------+
 */
export function clauseKey(protocol: number, bits: number, port: number): number {
  return protocolGiven | (protocol << protocolShift) | (bits << bitsShift) | port;
}

export function keyFields(key: number): Pick<PolicyRow, 'protocol' | 'anyProtocol' | 'port' | 'portBits'> {
  if (key === everything) return { protocol: 0, anyProtocol: true, port: 0, portBits: 0 };
  return { protocol: (key >> protocolShift) & 0xff, anyProtocol: false, port: key & 0xffff, portBits: portBits(key) };
}

export function portBits(key: number): number {
  return (key >> bitsShift) & 0x1f;
}

/** The key of the same port with fewer bits of it. */
export function widerKey(key: number, bits: number): number {
  return (key & ~0x1fffff) | (bits << bitsShift) | (key & 0xffff & (0xffff0000 >> bits));
}

/** Every packet of the other key is one of this key. */
export function coversKey(key: number, other: number): boolean {
  return key === everything || (other !== everything && portBits(key) <= portBits(other) && widerKey(other, portBits(key)) === key);
}

/** Numbers that a port name stands for; which pods are asked is the caller's business. */
export type PortNumbers = (name: string, protocol: number | undefined) => Iterable<number>;

/** A name that stands for no number, or for several, allows nothing. */
export function clausesOf(rule: Pick<Rule, 'action' | 'traffic'>, numbers: PortNumbers): Clause[] {
  return rule.traffic.flatMap((traffic) => {
    const says = {
      precedence: precedenceOf(rule.action, traffic.layer7),
      proxy: rule.action === 'deny' ? undefined : traffic.layer7?.kind,
    };
    const names = says.proxy === 'dns' ? { names: traffic.layer7?.names ?? [] } : {};
    return keysOf(traffic, numbers).map((key) => ({ key, ...says, ...names }));
  });
}

export function hasPortName({ traffic }: Pick<Rule, 'traffic'>): boolean {
  return traffic.some(({ ports }) => 'name' in ports);
}

/** The ports of one pod. */
export function ownNumbers(ports: readonly NamedPort[]): PortNumbers {
  return (name, protocol) => new Set(ports.filter((port) => port.name === name && port.protocol === protocol).map(({ port }) => port));
}

/** The fewest prefixes that cover a range, lowest first; none when it is empty. */
export function portPrefixes({ first, last }: PortRange): { port: number; bits: number }[] {
  const prefixes: { port: number; bits: number }[] = [];
  for (let port = first; port <= last; ) {
    let size = 1;
    while (port % (size * 2) === 0 && port + size * 2 - 1 <= last) size *= 2;
    prefixes.push({ port, bits: 16 - Math.log2(size) });
    port += size;
  }
  return prefixes;
}

function keysOf({ protocol, ports }: Traffic, numbers: PortNumbers): number[] {
  if (protocol === undefined) return 'name' in ports ? [] : [everything];
  return portPrefixes('name' in ports ? onlyNumber(numbers(ports.name, protocol)) : ports).map(({ port, bits }) =>
    clauseKey(protocol, bits, port),
  );
}

function onlyNumber(numbers: Iterable<number>): PortRange {
  const [number, ...others] = numbers;
  return number === undefined || others.length > 0 ? { first: 1, last: 0 } : { first: number, last: number };
}

function precedenceOf(action: Rule['action'], layer7: Layer7 | undefined): number {
  if (action === 'deny') return precedences.deny;
  if (layer7 === undefined) return precedences.allow;
  const order = (layer7.kind === 'listener' ? layer7.priority : undefined) ?? proxyOrder[layer7.kind];
  return Math.min(precedences.deny - 1, Math.max(precedences.redirect, precedences.deny - order));
}
