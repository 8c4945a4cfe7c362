// Conntrack: the life of a flow, as pure functions of its flags.

import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_SCTP, PROTOCOL_TCP, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from './enum/protocol';
import {
  EXPIRY_GRANULARITY,
  LIFETIME_ICMP,
  LIFETIME_OTHER,
  LIFETIME_SCTP_REPLIED,
  LIFETIME_TCP_CLOSING,
  LIFETIME_TCP_ESTABLISHED,
  LIFETIME_TCP_SYN,
  LIFETIME_UDP_REPLIED,
} from './enum/time';
import {
  CONNTRACK_ORIGIN_CLOSED,
  CONNTRACK_ORIGIN_HIGH,
  CONNTRACK_ORIGIN_NON_SYN,
  CONNTRACK_REPLIED,
  CONNTRACK_RESET,
  CONNTRACK_RESPONDER_CLOSED,
  CONNTRACK_RESPONDER_NON_SYN,
} from './layout/conntrack';

export const CONNTRACK_BOTH_CLOSED: u32 = CONNTRACK_ORIGIN_CLOSED | CONNTRACK_RESPONDER_CLOSED;
const CONNTRACK_HANDSHAKE_DONE: u32 = CONNTRACK_REPLIED | CONNTRACK_ORIGIN_NON_SYN;

/** 1 when a packet whose source is the key's high side (`sourceHigh`) travels from responder to originator. */
export function isReply(flags: u32, sourceHigh: u32): u32 {
  return (flags & CONNTRACK_ORIGIN_HIGH) == sourceHigh ? 0 : 1;
}

/** Flags that a packet adds to its flow. */
export function conntrackTransition(protocol: u8, tcpFlags: u8, reply: u32): u32 {
  let added: u32 = reply != 0 ? CONNTRACK_REPLIED : 0;
  if (protocol != PROTOCOL_TCP) return added;
  if ((tcpFlags & TCP_RST) != 0) return added | CONNTRACK_BOTH_CLOSED | CONNTRACK_RESET;
  if ((tcpFlags & TCP_FIN) != 0) added |= reply != 0 ? CONNTRACK_RESPONDER_CLOSED : CONNTRACK_ORIGIN_CLOSED;
  if ((tcpFlags & TCP_SYN) == 0) added |= reply != 0 ? CONNTRACK_RESPONDER_NON_SYN : CONNTRACK_ORIGIN_NON_SYN;
  return added;
}

/** Ticks for which a flow in this state lives without a packet. A TCP flow counts as established once the handshake's third segment was seen. */
export function conntrackLifetime(protocol: u8, flags: u32): u32 {
  if (protocol == PROTOCOL_TCP) {
    if ((flags & CONNTRACK_BOTH_CLOSED) == CONNTRACK_BOTH_CLOSED) return LIFETIME_TCP_CLOSING;
    return (flags & CONNTRACK_HANDSHAKE_DONE) == CONNTRACK_HANDSHAKE_DONE ? LIFETIME_TCP_ESTABLISHED : LIFETIME_TCP_SYN;
  }
  if (protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6) return LIFETIME_ICMP;
  if ((flags & CONNTRACK_REPLIED) == 0) return LIFETIME_OTHER;
  return protocol == PROTOCOL_SCTP ? LIFETIME_SCTP_REPLIED : LIFETIME_UDP_REPLIED;
}

/** Whether a packet starts a new flow although its key is taken: a SYN on a flow that a side has closed. */
export function conntrackReopens(protocol: u8, tcpFlags: u8, flags: u32): bool {
  return protocol == PROTOCOL_TCP && (tcpFlags & (TCP_SYN | TCP_ACK)) == TCP_SYN && (flags & CONNTRACK_BOTH_CLOSED) != 0;
}

/** New expiry of an entry, or 0 to leave it: moved forward in steps of the granularity, backward (closing) at once. Never 0 otherwise. */
export function conntrackExpiry(expires: u32, now: u32, lifetime: u32): u32 {
  const wanted: u32 = now + lifetime;
  const ahead: i32 = <i32>(wanted - expires);
  if (ahead >= 0 && ahead < <i32>EXPIRY_GRANULARITY) return 0;
  return wanted == 0 ? 1 : wanted;
}
