// Precedence: which of several rules that speak of a packet decides. Deny before redirect before allow, whatever is more specific.

import type { Layer7, PortRange, Rule, Traffic } from '../rule.ts';

export const allowPrecedence = 1;
export const denyPrecedence = 255;

/** Order in which proxies come when several are asked for; the lower one wins. A listener has its own, 1-100. */
const proxyOrder = { http: 101, tls: 116, dns: 121, listener: 126 } as const;

export function precedence(rule: Pick<Rule, 'action'>, traffic: Pick<Traffic, 'layer7'>): number {
  if (rule.action === 'deny') return denyPrecedence;
  return traffic.layer7 === undefined ? allowPrecedence : redirectPrecedence(traffic.layer7);
}

function redirectPrecedence({ kind, priority }: Layer7): number {
  return denyPrecedence - (kind === 'listener' ? (priority ?? proxyOrder.listener) : proxyOrder[kind]);
}

/**
 * How many bits of protocol and port an entry for this traffic fixes at this port: 0 for everything, 8 for a protocol, and up to 16 more
 * for the largest aligned block of ports around it that lies in the range, since a range is written as such blocks.
 */
export function matchLength(protocol: number | undefined, { first, last }: PortRange, port: number): number {
  if (protocol === undefined) return 0;
  for (let bits = 0; bits < 16; bits++) {
    const size = 1 << (16 - bits);
    const start = port - (port % size);
    if (start >= first && start + size - 1 <= last) return 8 + bits;
  }
  return 24;
}
