// Policy lookups: the entry that decides about a peer and a port, found in the map as the core finds it. For those who explain; a map of
// longest prefixes answers only for exact keys here, so every length is asked for.

import type { DatapathMap } from '../datapath.ts';
import { POLICY_ANY_IDENTITY, PRECEDENCE_DENY } from '../generated/enums.ts';
import type { PolicyEntry, PolicyKey } from '../generated/layouts.ts';
import { entryRow, fixedBits, policyKey, type WrittenRow } from './policy-entry.ts';
import type { PolicyRow } from './rows.ts';

export type PolicyQuestion = Pick<PolicyRow, 'set' | 'direction' | 'identity' | 'protocol' | 'port'>;
type PolicyMap = Pick<DatapathMap<PolicyKey, PolicyEntry>, 'get'>;

/** Undefined when no entry speaks of it. */
export async function lookupPolicy(map: PolicyMap, question: PolicyQuestion): Promise<WrittenRow | undefined> {
  const own = await longestMatch(map, question);
  // A deny of the peer's own is not looked beyond.
  if (own?.precedence === PRECEDENCE_DENY) return own;
  const everybodys = await longestMatch(map, { ...question, identity: POLICY_ANY_IDENTITY });
  return betterRow(own, everybodys);
}

/** The first one where both are as good. */
export function betterRow(one: WrittenRow | undefined, other: WrittenRow | undefined): WrittenRow | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const better = other.precedence - one.precedence || fixedBits(other) - fixedBits(one);
  return better > 0 ? other : one;
}

async function longestMatch(map: PolicyMap, question: PolicyQuestion): Promise<WrittenRow | undefined> {
  for (let portBits = 16; portBits >= 0; portBits -= 1) {
    const port = question.port & (0xffff0000 >> portBits) & 0xffff;
    const found = await rowOf(map, policyKey({ ...question, port, portBits, anyProtocol: false }));
    if (found !== undefined) return found;
  }
  return rowOf(map, policyKey({ ...question, port: 0, portBits: 0, protocol: 0, anyProtocol: true }));
}

async function rowOf(map: PolicyMap, key: PolicyKey): Promise<WrittenRow | undefined> {
  const entry = await map.get(key);
  return entry && entryRow(key, entry);
}
