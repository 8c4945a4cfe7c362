// Sockets: a socket's call to a frontend becomes one to a backend before there is any packet, so that no packet of it is translated. Whatever
// is in doubt is left as it was called: then packets are translated one by one, by the same tables.

import { EFFECT_NONE, EFFECT_REPLACE } from './enum/effect';
import { PROTOCOL_TCP, PROTOCOL_UDP } from './enum/protocol';
import { REASON_FORWARDED, REASON_NO_BACKEND, REASON_SERVICE_PORT_UNKNOWN } from './enum/reason';
import { CALL_SEND, SOCKET_REFUSED, SOCKET_TRANSLATED, SOCKET_UNTOUCHED } from './enum/socket';
import { addressSlot, scaleHash, socketHash } from './hash';
import {
  lookupAffinity,
  lookupBackend,
  lookupEpoch,
  lookupFrontend,
  lookupSocketConfig,
  lookupSocketFlow,
  lookupSocketReverse,
} from './host';
import { HINT_FRONTEND, Translation } from './layout/conntrack';
import { Frontend, FRONTEND_AFFINITY, FRONTEND_CLOSED, FRONTEND_SOURCE_RANGES, SCOPE_INTERNAL } from './layout/service';
import {
  callAffinity,
  callAffinityKey,
  callFrontendKey,
  callKey,
  callOrigin,
  callPeer,
  callTranslation,
  SocketCall,
  SocketFrontend,
} from './layout/socket';
import { copyTranslation, offerBackend, selectSlot } from './service';
import { hasExpired } from './time';

/** The first half of the client's address in `affinity` when the client is a network namespace: no address of a client begins so. */
const NAMESPACE_CLIENT: u64 = 0xffffffffffffffff;
/** ::ffff:0:0/96 in the low word, and the first byte of an IPv4 address behind it. */
const MAPPED_MASK: u64 = 0xffffffff;
const MAPPED: u64 = 0xffff0000;
const FIRST_BYTE_SHIFT: u64 = 32;
const LOOPBACK4: u64 = 127;
const LOOPBACK6: u64 = 0x0100000000000000;

function isIpv4(hi: u64, lo: u64): bool {
  return hi == 0 && (lo & MAPPED_MASK) == MAPPED;
}

function isLoopback(hi: u64, lo: u64): bool {
  if (isIpv4(hi, lo)) return ((lo >> FIRST_BYTE_SHIFT) & 0xff) == LOOPBACK4;
  return hi == 0 && lo == LOOPBACK6;
}

/** Whether the socket is in the node's own network namespace. */
function isOnNode(call: SocketCall): bool {
  const config = lookupSocketConfig();
  return config != null && config.hostNamespace != 0 && config.hostNamespace == call.namespace;
}

/**
 * Whether a call may be translated at all. A connected UDP socket could not leave a backend that is gone, which its packets can; but the
 * node's own are seen by nobody else. A loopback address is another one in each namespace, and frontends mean the node's.
 */
export function isSocketsOwn(call: SocketCall): bool {
  if (call.protocol == PROTOCOL_TCP) {
    if (!isLoopback(call.hi, call.lo)) return true;
  } else {
    if (call.protocol != PROTOCOL_UDP) return false;
    if (call.kind == CALL_SEND && !isLoopback(call.hi, call.lo)) return true;
  }
  return isOnNode(call);
}

function hasFrontends(call: SocketCall): bool {
  const slot = lookupEpoch(addressSlot(call.hi, call.lo));
  return slot != null && (slot.hints & HINT_FRONTEND) != 0;
}

function socketFrontend(call: SocketCall, port: u16, protocol: u8): Frontend | null {
  const key = callFrontendKey(call);
  key.hi = call.hi;
  key.lo = call.lo;
  key.port = port;
  key.protocol = protocol;
  key.scope = SCOPE_INTERNAL;
  key.pad0 = 0;
  return lookupFrontend(key);
}

/** Takes the backend that this socket's datagrams to the frontend went to, unless it is gone; 1 if there is one. */
export function keepSocketFlow(call: SocketCall): u32 {
  const found = lookupSocketFlow(callKey(call));
  if (found == null) return 0;
  const backend = lookupBackend(found.backend);
  if (backend == null || backend.generation != found.generation) return 0;
  copyTranslation(found, callTranslation(call));
  return 1;
}

/** The Maglev slot of a socket among `size` > 0. */
export function socketIndex(call: SocketCall, size: u32): u32 {
  return scaleHash(socketHash(call.cookie), size);
}

/** Picks by Maglev and the socket's number among `size` > 0 slots. */
export function selectSocketSlot(call: SocketCall, offset: u32, size: u32): u8 {
  return selectSlot(callTranslation(call), offset, size, socketIndex(call, size));
}

/** Picks the backend that the socket's namespace keeps, or by Maglev and keeps it. */
export function selectKeptForSocket(call: SocketCall, frontend: Frontend): u8 {
  const key = callAffinityKey(call);
  key.clientHi = NAMESPACE_CLIENT;
  key.clientLo = call.namespace;
  key.service = frontend.service;
  key.pad0 = 0;
  const kept = lookupAffinity(key);
  let reason: u8 = REASON_NO_BACKEND;
  if (kept != null && !hasExpired(kept.expires, call.now) && offerBackend(callTranslation(call), kept.backend) != 0)
    reason = REASON_FORWARDED;
  if (reason != REASON_FORWARDED) reason = selectSocketSlot(call, frontend.offset, frontend.size);
  if (reason != REASON_FORWARDED) return reason;
  const affinity = callAffinity(call);
  affinity.backend = callTranslation(call).backend;
  affinity.expires = call.now + frontend.affinityTicks;
  call.affinity = EFFECT_REPLACE;
  return REASON_FORWARDED;
}

function selectForSocket(call: SocketCall, frontend: Frontend): u8 {
  if (frontend.size == 0) return REASON_NO_BACKEND;
  callTranslation(call).service = frontend.service;
  if ((frontend.flags & FRONTEND_AFFINITY) != 0) return selectKeptForSocket(call, frontend);
  return selectSocketSlot(call, frontend.offset, frontend.size);
}

function isOrigin(call: SocketCall, known: SocketFrontend): bool {
  return known.hi == call.hi && known.lo == call.lo && known.port == call.port;
}

/** Sends the call to the translation's backend, and has the way back noted where it is not. */
export function applyToCall(call: SocketCall): u32 {
  const translation: Translation = callTranslation(call);
  // The call cannot change its family.
  if (isIpv4(translation.backendHi, translation.backendLo) != isIpv4(call.hi, call.lo)) {
    call.affinity = EFFECT_NONE;
    call.flow = EFFECT_NONE;
    return SOCKET_UNTOUCHED;
  }
  const peer = callPeer(call);
  peer.cookie = call.cookie;
  peer.hi = translation.backendHi;
  peer.lo = translation.backendLo;
  peer.port = translation.backendPort;
  peer.protocol = call.protocol;
  peer.pad0 = 0;
  peer.pad1 = 0;
  const known = lookupSocketReverse(peer);
  if (known == null || !isOrigin(call, known)) {
    const origin = callOrigin(call);
    origin.hi = call.hi;
    origin.lo = call.lo;
    origin.port = call.port;
    origin.pad0 = 0;
    origin.service = translation.service;
    call.reverse = EFFECT_REPLACE;
  }
  return SOCKET_TRANSLATED;
}

function refuse(call: SocketCall, reason: u8): u32 {
  call.reason = reason;
  return SOCKET_REFUSED;
}

/** What becomes of a call; of a translated one the effects that must be done before it, and in the peer where it goes. */
export function socketTranslate(call: SocketCall): u32 {
  call.reason = REASON_FORWARDED;
  call.affinity = EFFECT_NONE;
  call.flow = EFFECT_NONE;
  call.reverse = EFFECT_NONE;
  call.service = 0;
  if (!hasFrontends(call) || !isSocketsOwn(call)) return SOCKET_UNTOUCHED;
  if (call.kind == CALL_SEND && keepSocketFlow(call) != 0) {
    call.service = callTranslation(call).service;
    return applyToCall(call);
  }
  const frontend = socketFrontend(call, call.port, call.protocol);
  if (frontend == null) {
    const closed = socketFrontend(call, 0, 0);
    if (closed == null || (closed.flags & FRONTEND_CLOSED) == 0) return SOCKET_UNTOUCHED;
    call.service = closed.service;
    return refuse(call, REASON_SERVICE_PORT_UNKNOWN);
  }
  // Whether this client may is known by its address, and its address only by its packets.
  if ((frontend.flags & FRONTEND_SOURCE_RANGES) != 0) return SOCKET_UNTOUCHED;
  call.service = frontend.service;
  const reason = selectForSocket(call, frontend);
  if (reason != REASON_FORWARDED) return refuse(call, reason);
  if (call.kind == CALL_SEND) call.flow = EFFECT_REPLACE;
  return applyToCall(call);
}

/** Who its user knows as the peer with which the call begins: the call's origin; SOCKET_UNTOUCHED if it is the peer itself. */
export function socketOrigin(call: SocketCall): u32 {
  const known = lookupSocketReverse(callKey(call));
  if (known == null) return SOCKET_UNTOUCHED;
  const origin = callOrigin(call);
  origin.hi = known.hi;
  origin.lo = known.lo;
  origin.port = known.port;
  origin.pad0 = 0;
  origin.service = known.service;
  return SOCKET_TRANSLATED;
}
