// Faults: what a service or its slices say that means nothing, or not what their author may think. The rest of them works.

import type { ServiceFacts, SliceFacts } from './rows.ts';

export interface ServiceFault {
  /** The same for as long as the fault is the same. */
  readonly key: string;
  /** `service shop/web`. */
  readonly subject: string;
  readonly message: string;
}

const algorithms = ['', 'maglev', 'random'];
const forwardings = ['', 'snat', 'dsr'];
const resets = ['', 'true', 'false'];
/** What Kubernetes lets a slice have. */
const mostEndpoints = 1000;

export function faultsOf(service: ServiceFacts, slices: readonly SliceFacts[]): ServiceFault[] {
  const faults: ServiceFault[] = [];
  const about = `service ${service.key}`;
  const add = (kind: string, message: string, subject = about) => void faults.push({ key: `${subject} ${kind}`, subject, message });
  const hasAddress = service.clusterAddresses.length > 0;
  if (service.rejected === undefined && service.type !== 'ExternalName' && hasAddress && service.ports.length === 0) {
    add('ports', 'it has no ports: its addresses answer nobody');
  }
  if (!algorithms.includes(service.algorithm)) add('algorithm', `no such lb-algorithm: "${service.algorithm}": maglev is taken`);
  if (!forwardings.includes(service.forwarding)) add('forwarding', `no such forwarding-mode: "${service.forwarding}": snat is taken`);
  if (!resets.includes(service.resetRemoved)) {
    add('reset', `no such value of axoneme.io/reset-removed-backends: "${service.resetRemoved}": false is taken`);
  }
  for (const slice of slices) {
    const subject = `endpoint slice ${slice.key}`;
    const twice = firstTwice(slice);
    if (twice !== undefined) add('twice', `${twice} is in it twice or more: it counts once`, subject);
    if (slice.endpoints.length > mostEndpoints)
      add('size', `${slice.endpoints.length} endpoints, more than Kubernetes allows: all count`, subject);
  }
  return faults;
}

function firstTwice({ endpoints }: SliceFacts): string | undefined {
  const seen = new Set<string>();
  for (const {
    addresses: [address],
  } of endpoints) {
    if (address === undefined) continue;
    if (seen.has(address)) return address;
    seen.add(address);
  }
  return undefined;
}
