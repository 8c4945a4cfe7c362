// Stage fragment: later fragments carry no ports; the first one's are remembered for them.

import { EFFECT_REPLACE } from '../enum/effect';
import { REASON_FORWARDED, REASON_FRAGMENT_UNKNOWN } from '../enum/reason';
import { LIFETIME_FRAGMENT } from '../enum/time';
import { lookupFragment } from '../host';
import { FACT_FIRST_FRAGMENT, Facts, Record } from '../layout/packet';
import { fragmentKey, newFragmentPorts, Scratch } from '../layout/scratch';
import { hasExpired } from '../time';

/** Gives a later fragment its ports, or has a first one's remembered; a reason to drop otherwise. */
export function fragment(facts: Facts, record: Record, scratch: Scratch): u32 {
  const key = fragmentKey(scratch);
  key.sourceHi = facts.sourceHi;
  key.sourceLo = facts.sourceLo;
  key.destinationHi = facts.destinationHi;
  key.destinationLo = facts.destinationLo;
  key.id = facts.fragmentId;
  key.protocol = facts.protocol;
  key.pad0 = 0;
  key.pad1 = 0;
  if ((facts.flags & FACT_FIRST_FRAGMENT) != 0) {
    const ports = newFragmentPorts(scratch);
    ports.sourcePort = facts.sourcePort;
    ports.destinationPort = facts.destinationPort;
    ports.expires = facts.now + LIFETIME_FRAGMENT;
    record.fragment = EFFECT_REPLACE;
    return REASON_FORWARDED;
  }
  const known = lookupFragment(key);
  if (known == null || hasExpired(known.expires, facts.now)) return REASON_FRAGMENT_UNKNOWN;
  facts.sourcePort = known.sourcePort;
  facts.destinationPort = known.destinationPort;
  return REASON_FORWARDED;
}
