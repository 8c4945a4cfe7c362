// Events of a datapath as tests make them, and what their numbers mean.

import type { DatapathEvent } from '../../orchestrator/datapath/datapath.ts';
import { EVENT_DROP, Reason } from '../../orchestrator/datapath/generated/enums.ts';
import { type FlowNames, noNames } from '../../orchestrator/flows/names.ts';
import { addressWords, swapPort } from '../../orchestrator/net/words.ts';

export type PacketEvent = Extract<DatapathEvent, { type: 'event' }>;

export interface Packet {
  readonly from?: string;
  readonly to?: string;
  readonly port?: number;
}

export function event({ from = '10.0.0.1', to = '10.0.0.2', port = 80 }: Packet = {}, rest: Partial<PacketEvent> = {}): PacketEvent {
  const [source, destination] = [addressWords(from), addressWords(to)];
  return {
    type: 'event',
    sourceHi: source.hi,
    sourceLo: source.lo,
    destinationHi: destination.hi,
    destinationLo: destination.lo,
    sourcePort: swapPort(40_000),
    destinationPort: swapPort(port),
    protocol: 6,
    family: from.includes(':') ? 6 : 4,
    kind: EVENT_DROP,
    reason: Reason.policyDenied,
    hook: 1,
    direction: 0,
    tcpFlags: 2,
    icmpType: 0,
    length: 60,
    now: 0,
    port: 1,
    endpoint: 0,
    sourceIdentity: 100,
    destinationIdentity: 200,
    egressRule: 0,
    ingressRule: 0,
    service: 0,
    backend: 0,
    proxyPort: 0,
    namespace: 0n,
    ...rest,
  };
}

export const names: FlowNames = {
  ...noNames,
  address: (text) => ({ '10.0.0.1': { namespace: 'shop', pod: 'web' }, '10.0.0.2': { namespace: 'shop', pod: 'db', endpoint: 7 } })[text],
  identity: (number) => ({ 1: ['reserved:host='], 2: ['reserved:world='], 100: ['k8s:app=web'], 200: ['k8s:app=db'] })[number],
  namespace: (cookie) => (cookie === 41n ? { address: '10.0.0.1' } : cookie === 1n ? { identity: 1 } : undefined),
  rule: (number) =>
    ({ 5: 'cnp/shop/web spec.egress[0]', 6: 'netpol/shop/db spec.ingress[1]', 7: 'ccnp/closed spec.ingressDeny[0]', 8: 'default allow' })[
      number
    ],
  service: (number) => (number === 3 ? { namespace: 'shop', name: 'db' } : undefined),
};
