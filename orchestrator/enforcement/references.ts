// References: services, their addresses and groups, from the rows that the sources write, as policies refer to them.

import { Labels } from '../model/labels.ts';
import type { AddressFact, GroupFact, References, ServiceFact } from '../model/policy/references.ts';
import { isMeant } from '../model/policy/translate/prefixes.ts';
import { type Prefix, parsePrefix } from '../net/prefix.ts';
import type { EndpointSliceRow } from '../sources/kubernetes/rows/endpoint-slices.ts';
import type { ServiceRow } from '../sources/kubernetes/rows/services.ts';

export class LiveReferences implements References {
  readonly services = new Map<string, ServiceFact>();
  readonly addresses = new Map<string, AddressFact>();
  readonly groups = new Map<string, GroupFact>();
  readonly cluster: string;

  constructor(cluster: string) {
    this.cluster = cluster;
  }
}

export function serviceFact({ namespace, name, labels, selector, type }: ServiceRow): ServiceFact {
  const own = Object.entries(labels).map(([key, value]) => ({ source: 'k8s', key, value }));
  // A name that DNS answers for has no pods here, whatever selector it carries.
  const pods = type === 'ExternalName' ? {} : (selector ?? {});
  return { namespace, name, labels: new Labels(own), selector: new Map(Object.entries(pods)) };
}

export function sliceFact({ namespace, service, endpoints }: EndpointSliceRow): AddressFact {
  const found = new Map<string, Prefix>();
  for (const { addresses, isReady, isServing, isTerminating } of endpoints) {
    // One that is shutting down serves until it is gone.
    if (!isReady && !(isServing && isTerminating)) continue;
    for (const address of addresses) {
      const prefix = parsePrefix(address);
      if (isMeant(prefix)) found.set(prefix.text, prefix);
    }
  }
  return { namespace, service, prefixes: [...found.values()] };
}
