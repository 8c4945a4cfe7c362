// Drop reasons in words for people: what each one says about the packet or the node.

import { Reason, reasonName } from '../datapath/generated/enums.ts';

const sentences: Readonly<Record<keyof typeof Reason, string>> = {
  forwarded: 'it was not dropped',
  invalidSource: 'no endpoint with this source address is behind the port it came in by',
  policyDenied: 'policy is enforced and no rule allows it',
  invalidPacket: 'its headers contradict its bytes',
  unsupportedL3: 'it is neither IPv4 nor IPv6',
  unsupportedL4: 'no policy can speak of its protocol',
  unknownTarget: 'its destination is not where it was sent to',
  mapFull: 'a map has no room for what must be remembered',
  invalidExtensionHeader: 'its extension headers are out of order, repeated, too many or cut off',
  fragmentUnsupported: 'its first fragment does not hold the whole transport header',
  noBackend: 'the service has no backend that takes new flows',
  noTunnelEndpoint: 'the node of its destination is not known',
  noConfig: 'the datapath is not configured yet',
  noSourcePort: "no source port is free at the router's address for one more client of its backend",
  sourceRange: 'the service takes no clients from this address',
  invalidIdentity: 'the tunnel header carries no identity that another node can give',
  fragmentUnknown: 'the fragment with its ports has not been seen',
  invalidNeighbour: 'neighbour discovery that did not start on this link',
  policyDeny: 'a rule denies it',
  l7NotEnforced: 'a rule wants a proxy, and there is none',
  translationClash: 'another flow has the same addresses and ports behind the service',
  icmpUnsolicited: 'it is a fragment of an answer to an echo that nobody asked for',
  grantExpired: 'the DNS name under which it was allowed has expired',
  servicePortUnknown: 'the address is a service, the port is not',
  hairpinUnsupported: 'the node has no address for pods that reach themselves',
  relatedUnknown: 'it reports on a packet of which it does not quote enough',
  conntrackConflict: 'its flow was created twice at once',
  rewriteFailed: 'the packet could not be rewritten',
};

const byNumber = new Map<number, string>(
  Object.entries(Reason).map(([name, number]) => [number, name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)]),
);

/** "policy denied" for REASON_POLICY_DENIED; "reason 7" for a number without a name. */
export function reasonWords(reason: number): string {
  return byNumber.get(reason) ?? `reason ${reason}`;
}

export function reasonSentence(reason: number): string {
  const name = reasonName(reason);
  return name === undefined ? 'this build has no name for it' : sentences[name];
}
