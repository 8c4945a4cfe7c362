// Policy entries: rows as the policy map spells them.

import { swapPort } from '../../net/words.ts';
import { DIRECTION_EGRESS, DIRECTION_INGRESS, POLICY_PREFIX_PEER } from '../generated/enums.ts';
import type { PolicyEntry, PolicyKey } from '../generated/layouts.ts';
import type { PolicyRow, ProxyKind } from './rows.ts';

/** Ports of the proxies, host order. Where there is none a redirect drops. */
export type ProxyPorts = Partial<Readonly<Record<ProxyKind, number>>>;

/** A row and the port that its proxy had when it was written. */
export interface WrittenRow extends Omit<PolicyRow, 'proxy'> {
  readonly proxyPort: number;
}

const numbers = { ingress: DIRECTION_INGRESS, egress: DIRECTION_EGRESS } as const;
const protocolBits = 8;

type Matched = Pick<PolicyRow, 'direction' | 'identity' | 'protocol' | 'anyProtocol' | 'port' | 'portBits'>;

/** Bits of protocol and port that a row fixes. */
export function fixedBits({ anyProtocol, portBits }: Pick<Matched, 'anyProtocol' | 'portBits'>): number {
  return anyProtocol ? 0 : protocolBits + portBits;
}

/** What a row matches, within its set. */
export function rowKey({ direction, identity, protocol, anyProtocol, port, portBits }: Matched): string {
  return `${direction} ${identity} ${anyProtocol ? 'any' : `${protocol} ${port}/${portBits}`}`;
}

/** Keys of what covers a row, the narrowest first. */
export function* widerKeys(row: Matched): Iterable<string> {
  if (row.anyProtocol) return;
  for (let portBits = row.portBits - 1; portBits >= 0; portBits -= 1) {
    yield rowKey({ ...row, portBits, port: row.port & (0xffff0000 >> portBits) & 0xffff });
  }
  yield rowKey({ ...row, anyProtocol: true });
}

export function writtenRow(row: PolicyRow, ports: ProxyPorts): WrittenRow {
  const { proxy, ...rest } = row;
  return { ...rest, proxyPort: proxy === undefined ? 0 : (ports[proxy] ?? 0) };
}

export function policyKey(row: Matched & Pick<PolicyRow, 'set'>): PolicyKey {
  return {
    prefixLength: POLICY_PREFIX_PEER + fixedBits(row),
    set: row.set,
    identity: row.identity,
    direction: numbers[row.direction],
    protocol: row.protocol,
    port: swapPort(row.port),
  };
}

export function policyEntry(row: WrittenRow): [PolicyKey, PolicyEntry] {
  const { rule, proxyPort, precedence } = row;
  return [policyKey(row), { rule, proxyPort: swapPort(proxyPort), matchLength: fixedBits(row) + 1, precedence }];
}

export function entryRow(key: PolicyKey, { rule, proxyPort, precedence }: PolicyEntry): WrittenRow {
  const bits = key.prefixLength - POLICY_PREFIX_PEER;
  return {
    set: key.set,
    direction: key.direction === DIRECTION_EGRESS ? 'egress' : 'ingress',
    identity: key.identity,
    protocol: key.protocol,
    anyProtocol: bits === 0,
    port: swapPort(key.port),
    portBits: Math.max(0, bits - protocolBits),
    precedence,
    rule,
    proxyPort: swapPort(proxyPort),
  };
}

export function isSameRow(a: WrittenRow, b: WrittenRow): boolean {
  return a.precedence === b.precedence && a.rule === b.rule && a.proxyPort === b.proxyPort;
}
