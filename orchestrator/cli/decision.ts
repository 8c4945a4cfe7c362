// A decision in words: where a packet goes, and why.

import type { RunResult } from '../datapath/datapath.ts';
import {
  DIRECTION_INGRESS,
  directionName,
  EFFECT_NONE,
  EFFECT_TOUCH,
  NEXT_HOP_DROP,
  NEXT_HOP_LOCAL,
  NEXT_HOP_OVERLAY,
  NEXT_HOP_PROXY,
  REASON_L7_NOT_ENFORCED,
  REASON_POLICY_DENIED,
  REASON_POLICY_DENY,
  REWRITE_SOURCE,
} from '../datapath/generated/enums.ts';
import type { Record as Decision } from '../datapath/generated/layouts.ts';
import { reasonSentence, reasonWords } from '../flows/reasons.ts';
import { readPacket } from '../net/packet-reader.ts';
import { swapPort } from '../net/words.ts';

/** What the numbers of a node mean to its users. */
export interface Names {
  address(text: string): string;
  identity(number: number): string;
  /** The sentence of a policy rule. */
  rule(id: number): string;
}

/** "drop: policy denied", "to pod api", "to the host's stack", "through the tunnel", "to the proxy on port 15001". */
export function describeDecision(result: RunResult, names: Names): string {
  switch (result.nextHop) {
    case NEXT_HOP_DROP:
      return `drop: ${reasonWords(result.reason)}`;
    case NEXT_HOP_LOCAL:
      return `to pod ${names.address(readPacket(result.packet)?.destination ?? '')}`;
    case NEXT_HOP_OVERLAY:
      return 'through the tunnel';
    case NEXT_HOP_PROXY:
      return `to the proxy on port ${swapPort(result.record?.proxyPort ?? 0)}`;
    default:
      return "to the host's stack";
  }
}

/** The rules that decided, the missing one, or what is wrong with the packet. */
export function describeCause({ record, reason, nextHop }: RunResult, names: Names): string {
  if (record === undefined) return 'not the business of the datapath';
  const rules = citeRules(record, names);
  if (reason === REASON_POLICY_DENIED) return [...rules, missingRule(record, names)].join('; but ');
  if (reason === REASON_POLICY_DENY || reason === REASON_L7_NOT_ENFORCED) return rules.join('; but ');
  if (nextHop === NEXT_HOP_DROP) return reasonSentence(reason);
  if (rules.length > 0) return rules.join('; ');
  if (isOfKnownFlow(record)) return 'part of a flow that was allowed';
  // Only a client that is its own backend has its source rewritten as well.
  if (record.reply === 0 && (record.rewrite & REWRITE_SOURCE) !== 0) return 'no policy keeps a pod from itself';
  return 'no policy is enforced on it';
}

/** A flow's packet touches its entry; an ICMP error about one only learns its identities from there. */
function isOfKnownFlow({ conntrack, sourceIdentity }: Decision): boolean {
  return conntrack === EFFECT_TOUCH || (conntrack === EFFECT_NONE && sourceIdentity !== 0);
}

function citeRules(record: Decision, names: Names): string[] {
  return [record.egressRule, record.ingressRule].filter((id) => id !== 0).map((id) => `rule ${id}: ${names.rule(id)}`);
}

function missingRule(record: Decision, names: Names): string {
  const isIngress = record.direction === DIRECTION_INGRESS;
  const peer = names.identity(isIngress ? record.sourceIdentity : record.destinationIdentity);
  return `no ${directionName(record.direction)} rule allows this ${isIngress ? 'from' : 'to'} ${peer}`;
}
