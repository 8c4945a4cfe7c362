// Policy entries: rows of resolution as the machines of a simulated cluster hold them. Every kind of proxy has a port in each direction, so
// that no packet drops for want of a proxy, and a decision tells whose redirect it was.

import { DIRECTION_EGRESS, DIRECTION_INGRESS, POLICY_PREFIX_PEER } from '../datapath/generated/enums.ts';
import type { PolicyEntry, PolicyKey } from '../datapath/generated/layouts.ts';
import type { PolicyRow } from '../model/policy/entry.ts';
import type { Direction } from '../model/policy/rule.ts';
import { swapPort } from '../net/words.ts';

const directions = { ingress: DIRECTION_INGRESS, egress: DIRECTION_EGRESS } as const;
const firstPort = { ingress: 10000, egress: 20000 } as const;
const proxies = ['http', 'dns', 'tls', 'listener'] as const;
const protocolBits = 8;

export function policyKey(row: PolicyRow): PolicyKey {
  return {
    prefixLength: POLICY_PREFIX_PEER + fixedBits(row),
    set: row.set,
    identity: row.identity,
    direction: directions[row.direction],
    protocol: row.anyProtocol ? 0 : row.protocol,
    port: swapPort(row.port),
  };
}

export function policyEntry(row: PolicyRow): [PolicyKey, PolicyEntry] {
  const proxyPort = row.proxy === undefined ? 0 : firstPort[row.direction] + proxies.indexOf(row.proxy);
  const { rule, precedence } = row;
  return [policyKey(row), { rule, proxyPort: swapPort(proxyPort), matchLength: fixedBits(row) + 1, precedence }];
}

/** The direction whose redirect a proxy's port belongs to; undefined: no redirect. */
export function redirectedBy(proxyPort: number): Direction | undefined {
  if (proxyPort === 0) return undefined;
  return proxyPort < firstPort.egress ? 'ingress' : 'egress';
}

function fixedBits({ anyProtocol, portBits }: PolicyRow): number {
  return anyProtocol ? 0 : protocolBits + portBits;
}
