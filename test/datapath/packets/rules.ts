// Policy rules in one line, and the entries of the policy map that they become.
//
//   '#12 egress allow 200 tcp 80'      rule 12: to identity 200, TCP port 80
//   'ingress deny any'                 from everybody, everything
//   'egress allow any udp 8000-8999'   a range, as the prefixes that cover it
//   'egress redirect any tcp 80 proxy 15001'

import type { PolicyEntry, PolicyKey } from '../../../orchestrator/datapath/generated/layouts.ts';
import { protocolNumbers } from '../../../orchestrator/net/transport.ts';
import { swapPort } from '../../../orchestrator/net/words.ts';

const directions = { ingress: 0, egress: 1 } as const;
const precedences = { allow: 1, redirect: 2, deny: 255 } as const;
/** Bits of the key that are always matched, ahead of the protocol. */
const peerBits = 72;
const syntax = /^(?:#(\d+) )?(ingress|egress) (allow|redirect|deny) (any|\d+)(?: (\w+)(?: (\d+)(?:-(\d+))?)?)?(?: proxy (\d+))?$/;

/** Entries of one rule of a set. */
export function policyEntries(set: number, line: string): [PolicyKey, PolicyEntry][] {
  const match = syntax.exec(line);
  if (match === null) throw new TypeError(`policy rule: not understood: "${line}"`);
  const [, rule = '0', direction = '', action = '', identity = '', protocol, first, last, proxy = '0'] = match;
  const base = {
    set,
    identity: identity === 'any' ? 0 : Number(identity),
    direction: directions[direction as keyof typeof directions],
    protocol: protocol === undefined ? 0 : protocolOf(protocol),
  };
  const entry = {
    rule: Number(rule),
    proxyPort: swapPort(Number(proxy)),
    precedence: precedences[action as keyof typeof precedences],
  };
  const fixedBits = protocol === undefined ? 0 : 8;
  const ports = first === undefined ? [{ port: 0, bits: 0 }] : portPrefixes(Number(first), Number(last ?? first));
  return ports.map(({ port, bits }) => [
    { ...base, prefixLength: peerBits + fixedBits + bits, port: swapPort(port) },
    { ...entry, matchLength: fixedBits + bits + 1 },
  ]);
}

/** The fewest port prefixes that cover a range, lowest first. */
export function portPrefixes(first: number, last: number): { port: number; bits: number }[] {
  const prefixes: { port: number; bits: number }[] = [];
  let port = first;
  while (port <= last) {
    let size = 1;
    while (port % (size * 2) === 0 && port + size * 2 - 1 <= last) size *= 2;
    prefixes.push({ port, bits: 16 - Math.log2(size) });
    port += size;
  }
  return prefixes;
}

function protocolOf(name: string): number {
  const number = (protocolNumbers as Record<string, number>)[name] ?? Number(name);
  if (!Number.isInteger(number)) throw new TypeError(`policy rule: not a protocol: "${name}"`);
  return number;
}
