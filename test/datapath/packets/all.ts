// All packet cases, by what they are about.

import type { PacketCase } from './case.ts';
import { conntrackCases } from './conntrack.ts';
import { directReturnCases } from './direct-return.ts';
import { epochCases } from './epochs.ts';
import { fragmentCases } from './fragments.ts';
import { grantCases } from './grants.ts';
import { hitCases } from './hits.ts';
import { hookCases, senderCases } from './hooks.ts';
import { hostBackendCases } from './host-backend.ts';
import { icmpCases } from './icmp.ts';
import { strayCases } from './icmp-stray.ts';
import { malformedCases } from './malformed.ts';
import { masqueradeCases } from './masquerade.ts';
import { masqueradeErrorCases } from './masquerade-errors.ts';
import { natCases } from './nat.ts';
import { outsideCases } from './outside.ts';
import { overlayCases } from './overlay.ts';
import { policyCases } from './policy.ts';
import { precedenceCases } from './precedence.ts';
import { serviceLifeCases } from './service-life.ts';
import { serviceCases } from './services.ts';

export const packetCases: Readonly<Record<string, readonly PacketCase[]>> = {
  policy: policyCases,
  precedence: precedenceCases,
  conntrack: conntrackCases,
  epochs: epochCases,
  services: serviceCases,
  'service life': serviceLifeCases,
  hits: hitCases,
  translation: natCases,
  masquerade: masqueradeCases,
  'errors of masqueraded flows': masqueradeErrorCases,
  'direct return': directReturnCases,
  outside: outsideCases,
  'host as backend': hostBackendCases,
  icmp: icmpCases,
  'icmp without a flow': strayCases,
  fragments: fragmentCases,
  grants: grantCases,
  overlay: overlayCases,
  senders: senderCases,
  hooks: hookCases,
  malformed: malformedCases,
};
