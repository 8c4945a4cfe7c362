// Host hook: as whom a packet comes that the host's own stack has sent, and to which pod one goes that its proxy answers with.

import { HOOK_FROM_NETWORK, HOOK_FROM_POD } from '../core/enum/hook';
import { FAMILY_IPV4, FAMILY_IPV6 } from '../core/enum/protocol';
import { lookupEndpoint } from '../core/host';
import { Endpoint, ENDPOINT_HOST } from '../core/layout/endpoint';
import { addressKey } from '../core/layout/scratch';
import { areaScratch } from './area';
import { VIRTIO_HEADER } from './gso';
import { IPV4_HEADER } from './parse-ipv4';
import { IPV6_HEADER } from './parse-ipv6';
import { mappedLow } from './parse-network';

/** Where the addresses lie in the two headers. */
const SOURCES: u32 = 0;
const DESTINATIONS: u32 = 1;

/**
 * HOOK_FROM_POD when the source of the packet in [packet, packet + length) is an address of the host's, which is an endpoint here, else
 * HOOK_FROM_NETWORK: the host only passes it on.
 */
export function hostHook(packet: u32, length: u32): u32 {
  const sender = endpointOf(packet, length, SOURCES);
  return sender != null && (sender.flags & ENDPOINT_HOST) != 0 ? HOOK_FROM_POD : HOOK_FROM_NETWORK;
}

/** The port of the pod that the packet in [packet, packet + length) is addressed to; 0 when it is none's here. */
export function podPort(packet: u32, length: u32): u32 {
  const receiver = endpointOf(packet, length, DESTINATIONS);
  return receiver != null && (receiver.flags & ENDPOINT_HOST) == 0 ? receiver.port : 0;
}

function endpointOf(packet: u32, length: u32, which: u32): Endpoint | null {
  if (length <= VIRTIO_HEADER) return null;
  const network = packet + VIRTIO_HEADER;
  const family = <u32>load<u8>(network) >> 4;
  const key = addressKey(areaScratch());
  if (family == FAMILY_IPV4 && length >= VIRTIO_HEADER + IPV4_HEADER) {
    key.hi = 0;
    key.lo = mappedLow(load<u32>(network + 4 * which, 12));
  } else if (family == FAMILY_IPV6 && length >= VIRTIO_HEADER + IPV6_HEADER) {
    key.hi = load<u64>(network + 16 * which, 8);
    key.lo = load<u64>(network + 16 * which, 16);
  } else {
    return null;
  }
  return lookupEndpoint(key);
}
