// Sockets: what is known of one call of a socket, and what is kept of it. Unlike a packet's scratch a call stands on the stack of its
// program, which may be interrupted by another one at any point: so it is small, and nothing of it is shared.

import { Translation } from './conntrack';
import { Affinity, AffinityKey, FrontendKey } from './service';

/** A peer of one socket: key of `socket_flows` (the peer that its user named) and `socket_reverse` (the one that it has). 32 bytes. */
@unmanaged
export class SocketKey {
  /** Number of the socket, never given twice. */
  cookie: u64;
  hi: u64;
  lo: u64;
  port: u16;
  protocol: u8;
  pad0: u8;
  pad1: u32;
}

/** Value of `socket_reverse`: the frontend that its user named. 24 bytes. */
@unmanaged
export class SocketFrontend {
  hi: u64;
  lo: u64;
  port: u16;
  pad0: u16;
  service: u32;
}

/** Value of `socket_config`. 8 bytes. */
@unmanaged
export class SocketConfig {
  /** Cookie of the node's own network namespace; 0: not known. */
  hostNamespace: u64;
}

/**
 * One call. It begins with its SocketKey: the peer that is named, or that answered. Blocks are plain words, as in Scratch. 200 bytes.
 */
@unmanaged
export class SocketCall {
  cookie: u64;
  hi: u64;
  lo: u64;
  port: u16;
  protocol: u8;
  pad0: u8;
  pad1: u32;
  /** Cookie of the socket's network namespace. */
  namespace: u64;
  /** Tick of the call. */
  now: u32;
  /** CALL_*. */
  kind: u8;
  /** Of a refused call. */
  reason: u8;
  /** EFFECT_* on `affinity`, `socket_flows` and `socket_reverse`. */
  affinity: u8;
  flow: u8;
  reverse: u8;
  pad2: u8;
  pad3: u16;
  /** Number of the frontend's service, if one is meant. */
  service: u32;
  /** SocketKey: the backend as this socket's peer. */
  peer0: u64;
  peer1: u64;
  peer2: u64;
  peer3: u64;
  frontend0: u64;
  frontend1: u64;
  frontend2: u64;
  affinityKey0: u64;
  affinityKey1: u64;
  affinityKey2: u64;
  affinity0: u64;
  translation0: u64;
  translation1: u64;
  translation2: u64;
  translation3: u64;
  /** SocketFrontend: what is kept for the way back. */
  origin0: u64;
  origin1: u64;
  origin2: u64;
}

export function callKey(call: SocketCall): SocketKey {
  return changetype<SocketKey>(changetype<usize>(call) + offsetof<SocketCall>('cookie'));
}
export function callPeer(call: SocketCall): SocketKey {
  return changetype<SocketKey>(changetype<usize>(call) + offsetof<SocketCall>('peer0'));
}
export function callFrontendKey(call: SocketCall): FrontendKey {
  return changetype<FrontendKey>(changetype<usize>(call) + offsetof<SocketCall>('frontend0'));
}
export function callAffinityKey(call: SocketCall): AffinityKey {
  return changetype<AffinityKey>(changetype<usize>(call) + offsetof<SocketCall>('affinityKey0'));
}
export function callAffinity(call: SocketCall): Affinity {
  return changetype<Affinity>(changetype<usize>(call) + offsetof<SocketCall>('affinity0'));
}
export function callTranslation(call: SocketCall): Translation {
  return changetype<Translation>(changetype<usize>(call) + offsetof<SocketCall>('translation0'));
}
export function callOrigin(call: SocketCall): SocketFrontend {
  return changetype<SocketFrontend>(changetype<usize>(call) + offsetof<SocketCall>('origin0'));
}
