// Refusals: which side of a flow said no. A drop tells the side that spoke last; an audited flow went on to the other side.

import {
  DIRECTION_INGRESS,
  EVENT_AUDIT,
  EVENT_DROP,
  REASON_L7_NOT_ENFORCED,
  REASON_POLICY_DENIED,
  REASON_POLICY_DENY,
} from '../datapath/generated/enums.ts';
import type { PacketEvent } from './named-event.ts';

/** By policy; undefined when policy refused nothing. */
export function refusedDirection(event: PacketEvent): 'ingress' | 'egress' | undefined {
  const last = event.direction === DIRECTION_INGRESS ? 'ingress' : 'egress';
  if (event.kind === EVENT_DROP) return isByPolicy(event.reason) ? last : undefined;
  if (event.kind !== EVENT_AUDIT) return undefined;
  // Without a rule at the last side that side refused by default; with one, the other may have.
  const isRuled = (last === 'ingress' ? event.ingressRule : event.egressRule) !== 0;
  return last === 'ingress' && isRuled && event.egressRule === 0 ? 'egress' : last;
}

function isByPolicy(reason: number): boolean {
  return reason === REASON_POLICY_DENIED || reason === REASON_POLICY_DENY || reason === REASON_L7_NOT_ENFORCED;
}
