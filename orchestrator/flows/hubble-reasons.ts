// Drop reasons in Hubble's words. Reasons of ours that it has no word for are told in ours, in the same letters.

import { Reason } from '../datapath/generated/enums.ts';

const words: Partial<Record<keyof typeof Reason, string>> = {
  invalidSource: 'INVALID_SOURCE_IP',
  invalidPacket: 'INVALID_PACKET_DROPPED',
  unsupportedL3: 'UNSUPPORTED_L3_PROTOCOL',
  unsupportedL4: 'UNKNOWN_L4_PROTOCOL',
  unknownTarget: 'UNKNOWN_L3_TARGET_ADDRESS',
  mapFull: 'CT_MAP_INSERTION_FAILED',
  invalidExtensionHeader: 'INVALID_IPV6_EXTENSION_HEADER',
  fragmentUnsupported: 'IP_FRAGMENTATION_NOT_SUPPORTED',
  noBackend: 'SERVICE_BACKEND_NOT_FOUND',
  noTunnelEndpoint: 'NO_TUNNEL_OR_ENCAPSULATION_ENDPOINT',
  noConfig: 'NO_CONFIGURATION_AVAILABLE_TO_PERFORM_POLICY_DECISION',
  fragmentUnknown: 'FIRST_LOGICAL_DATAGRAM_FRAGMENT_NOT_FOUND',
  invalidNeighbour: 'FORBIDDEN_ICMPV6_MESSAGE',
};

const byNumber = new Map<number, string>(
  (Object.entries(Reason) as [keyof typeof Reason, number][]).map(([name, number]) => [
    number,
    words[name] ?? name.replace(/[A-Z]/g, '_$&').toUpperCase(),
  ]),
);

/** `POLICY_DENIED` for 133. */
export function hubbleReason(reason: number): string {
  return byNumber.get(reason) ?? 'DROP_REASON_UNKNOWN';
}
