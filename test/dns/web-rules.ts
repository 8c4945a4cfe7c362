// Rules of the tests' pods: whoever is asked, names right below example.com are allowed, and what they stand for is granted.

import type { DnsAllowed, DnsGranted } from '../../orchestrator/dns/rules.ts';
import { readName } from '../../orchestrator/model/policy/name-match.ts';
import type { NameSelector } from '../../orchestrator/model/policy/rule.ts';

export function selector(text: string): NameSelector {
  return readName(text.includes('*') ? { matchPattern: text } : { matchName: text }) as NameSelector;
}

/** The first of the local scope. */
export const identity = 0x1000001;

/** Over UDP. */
export const row: DnsAllowed = {
  identity: 0,
  protocol: 17,
  port: 53,
  portBits: 16,
  names: [selector('*.example.com')],
  rule: 'cnp/shop/web spec.egress[0]',
};

/** Over UDP and TCP. */
export const rows: readonly DnsAllowed[] = [row, { ...row, protocol: 6 }];

export const grant: DnsGranted = { name: selector('*.example.com'), identity, minTtl: 0, grace: 0, each: false };
