// Policy entries: rows of resolution as the machines of a simulated cluster hold them. Every kind of proxy has a port in each direction, so
// that no packet drops for want of a proxy, and a decision tells whose redirect it was.

import type { PolicyEntry, PolicyKey } from '../datapath/generated/layouts.ts';
import { policyEntry, writtenRow } from '../datapath/reconcile/policy-entry.ts';
import type { PolicyRow } from '../model/policy/entry.ts';
import type { Direction } from '../model/policy/rule.ts';

const proxyPorts = {
  ingress: { http: 10001, dns: 10002, tls: 10003, listener: 10004 },
  egress: { http: 20001, dns: 20002, tls: 20003, listener: 20004 },
} as const;

export function entryOf(row: PolicyRow): [PolicyKey, PolicyEntry] {
  return policyEntry(writtenRow(row, proxyPorts[row.direction]));
}

/** The direction whose redirect a proxy's port belongs to; undefined: no redirect. */
export function redirectedBy(proxyPort: number): Direction | undefined {
  if (proxyPort === 0) return undefined;
  return proxyPort < proxyPorts.egress.http ? 'ingress' : 'egress';
}
