/* Generated from datapath-as/core by kernel/codegen (npm run generate); do not edit. */
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once
#include <stdbool.h>

/* As bpf/bpf_helpers.h spells them, so that either may come first. */
#ifndef __hidden
#define __hidden __attribute__((visibility("hidden")))
#endif
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;

/* Bytes of a struct that no single field of it names. */
#define core_at(type, base, offset) (*(type *)((u8 *)(base) + (offset)))

static __always_inline u32 rotl32(u32 value, u32 count)
{
	return value << (count & 31) | value >> (-count & 31);
}

static __always_inline u64 rotl64(u64 value, u64 count)
{
	return value << (count & 63) | value >> (-count & 63);
}

/* from datapath-as/core/address.ts */
#define PREFIX_WHOLE 160U

/* from datapath-as/core/conntrack.ts */
#define CONNTRACK_BOTH_CLOSED 48U
#define CONNTRACK_HANDSHAKE_DONE 6U

/* from datapath-as/core/decide.ts */
#define CONNTRACK_ANY_CLOSED 48U
#define CONNTRACK_ANSWERED 1408U
#define OPENS 2U

/* from datapath-as/core/effects.ts */
#define ENDED 0U
#define ALLOWED 1U

/* from datapath-as/core/enum/effect.ts */
#define EFFECT_NONE ((u8)0)
#define EFFECT_CREATE ((u8)1)
#define EFFECT_TOUCH ((u8)2)
#define EFFECT_REPLACE ((u8)3)
#define EFFECT_DELETE ((u8)4)
#define EFFECT_CLAIM ((u8)5)
#define REWRITE_NONE ((u8)0)
#define REWRITE_SOURCE ((u8)1)
#define REWRITE_DESTINATION ((u8)2)
#define REWRITE_EMBEDDED ((u8)4)
#define REWRITE_OUTER_SOURCE ((u8)8)
#define REWRITE_OUTER_DESTINATION ((u8)16)

/* from datapath-as/core/enum/event.ts */
#define EVENT_NONE ((u8)0)
#define EVENT_DROP ((u8)1)
#define EVENT_ALLOW ((u8)2)
#define EVENT_AUDIT ((u8)3)
#define EVENT_OVERFLOW ((u8)4)
#define METRIC_EVENTS_LOST 510U
#define DIRECTION_INGRESS ((u8)0)
#define DIRECTION_EGRESS ((u8)1)

/* from datapath-as/core/enum/hook.ts */
#define HOOK_FROM_POD ((u8)1)
#define HOOK_TO_POD ((u8)2)
#define HOOK_FROM_OVERLAY ((u8)3)
#define HOOK_FROM_NETWORK ((u8)4)
#define HOOK_TO_HOST ((u8)5)
#define HOOK_SOCKET ((u8)6)
#define HOOK_TO_NETWORK ((u8)7)

/* from datapath-as/core/enum/identity.ts */
#define IDENTITY_UNKNOWN 0U
#define IDENTITY_HOST 1U
#define IDENTITY_WORLD 2U
#define IDENTITY_UNMANAGED 3U
#define IDENTITY_HEALTH 4U
#define IDENTITY_INIT 5U
#define IDENTITY_REMOTE_NODE 6U
#define IDENTITY_KUBE_APISERVER 7U
#define IDENTITY_INGRESS 8U
#define IDENTITY_SCOPE_MASK 0xff000000U

/* from datapath-as/core/enum/mark.ts */
#define MARK_PAYLOAD_MASK 0xffff0000U
#define MARK_KIND_MASK 0xf00U
#define MARK_IDENTITY_HIGH_MASK 0xffU
#define MARK_KIND_PROXY 0x200U
#define MARK_KIND_PROXY_TAKEN 0x300U
#define MARK_KIND_OVERLAY 0x400U
#define MARK_KIND_PROXY_ANSWER 0xa00U
#define MARK_KIND_DECRYPTED 0xd00U
#define MARK_KIND_ENCRYPT 0xe00U
#define MARK_KIND_IDENTITY 0xf00U

/* from datapath-as/core/enum/next-hop.ts */
#define NEXT_HOP_DROP ((u8)0)
#define NEXT_HOP_STACK ((u8)1)
#define NEXT_HOP_LOCAL ((u8)2)
#define NEXT_HOP_OVERLAY ((u8)3)
#define NEXT_HOP_PROXY ((u8)4)

/* from datapath-as/core/enum/policy.ts */
#define PRECEDENCE_NONE ((u8)0)
#define PRECEDENCE_ALLOW ((u8)1)
#define PRECEDENCE_REDIRECT ((u8)2)
#define PRECEDENCE_DENY ((u8)255)
#define POLICY_ANY_IDENTITY 0U
#define POLICY_PREFIX_PEER 72U
#define POLICY_PREFIX_PROTOCOL 80U
#define POLICY_PREFIX_PORT 96U

/* from datapath-as/core/enum/protocol.ts */
#define PROTOCOL_ICMP ((u8)1)
#define PROTOCOL_TCP ((u8)6)
#define PROTOCOL_UDP ((u8)17)
#define PROTOCOL_ICMPV6 ((u8)58)
#define PROTOCOL_SCTP ((u8)132)
#define FAMILY_IPV4 ((u8)4)
#define FAMILY_IPV6 ((u8)6)
#define TCP_FIN ((u8)0x1)
#define TCP_SYN ((u8)0x2)
#define TCP_RST ((u8)0x4)
#define TCP_ACK ((u8)0x10)
#define ICMP_ECHO_REPLY ((u8)0)
#define ICMP_ECHO_REQUEST ((u8)8)
#define ICMPV6_ECHO_REQUEST ((u8)128)
#define ICMPV6_ECHO_REPLY ((u8)129)
#define ICMPV6_ROUTER_SOLICITATION ((u8)133)
#define ICMPV6_NEIGHBOUR_ADVERTISEMENT ((u8)136)
#define ICMPV6_REDIRECT ((u8)137)

/* from datapath-as/core/enum/reason.ts */
#define REASON_FORWARDED ((u8)0)
#define REASON_INVALID_SOURCE ((u8)132)
#define REASON_POLICY_DENIED ((u8)133)
#define REASON_INVALID_PACKET ((u8)134)
#define REASON_UNSUPPORTED_L3 ((u8)139)
#define REASON_UNSUPPORTED_L4 ((u8)142)
#define REASON_UNKNOWN_TARGET ((u8)150)
#define REASON_MAP_FULL ((u8)155)
#define REASON_INVALID_EXTENSION_HEADER ((u8)156)
#define REASON_FRAGMENT_UNSUPPORTED ((u8)157)
#define REASON_NO_BACKEND ((u8)158)
#define REASON_NO_TUNNEL_ENDPOINT ((u8)160)
#define REASON_NO_CONFIG ((u8)165)
#define REASON_NO_SOURCE_PORT ((u8)167)
#define REASON_INVALID_IDENTITY ((u8)171)
#define REASON_FRAGMENT_UNKNOWN ((u8)175)
#define REASON_INVALID_NEIGHBOUR ((u8)176)
#define REASON_SOURCE_RANGE ((u8)177)
#define REASON_POLICY_DENY ((u8)181)
#define REASON_L7_NOT_ENFORCED ((u8)210)
#define REASON_TRANSLATION_CLASH ((u8)211)
#define REASON_ICMP_UNSOLICITED ((u8)212)
#define REASON_GRANT_EXPIRED ((u8)213)
#define REASON_SERVICE_PORT_UNKNOWN ((u8)214)
#define REASON_HAIRPIN_UNSUPPORTED ((u8)215)
#define REASON_RELATED_UNKNOWN ((u8)216)
#define REASON_CONNTRACK_CONFLICT ((u8)217)
#define REASON_REWRITE_FAILED ((u8)218)

/* from datapath-as/core/enum/socket.ts */
#define CALL_CONNECT ((u8)1)
#define CALL_SEND ((u8)2)
#define SOCKET_UNTOUCHED 0U
#define SOCKET_TRANSLATED 1U
#define SOCKET_REFUSED 2U

/* from datapath-as/core/enum/time.ts */
#define TICK_SHIFT 24U
#define LIFETIME_TCP_CLOSING 596U
#define LIFETIME_TCP_SYN 3576U
#define LIFETIME_TCP_ESTABLISHED 476837U
#define LIFETIME_OTHER 3576U
#define LIFETIME_UDP_REPLIED 10728U
#define LIFETIME_SCTP_REPLIED 476837U
#define LIFETIME_ICMP 1788U
#define LIFETIME_FRAGMENT 298U
#define EXPIRY_GRANULARITY 60U
#define TRANSLATION_RENEWAL 298U

/* from datapath-as/core/hash.ts */
#define JHASH_INITVAL 0xdeadbeefU
#define WORDS6 24U
#define SPREAD_LOW 0x9e3779b97f4a7c15ULL
#define SPREAD_HIGH 0xc2b2ae3d27d4eb4fULL
#define SLOT_SHIFT 48ULL

/* from datapath-as/core/layout/config.ts */
#define CONFIG_ALLOW_EVENTS 2U

/* from datapath-as/core/layout/conntrack.ts */
#define CONNTRACK_ORIGIN_HIGH 1U
#define CONNTRACK_REPLIED 2U
#define CONNTRACK_ORIGIN_NON_SYN 4U
#define CONNTRACK_RESPONDER_NON_SYN 8U
#define CONNTRACK_ORIGIN_CLOSED 16U
#define CONNTRACK_RESPONDER_CLOSED 32U
#define CONNTRACK_RESET 64U
#define CONNTRACK_TRANSLATED 128U
#define CONNTRACK_HAIRPIN 256U
#define CONNTRACK_PROXY 512U
#define CONNTRACK_MASQUERADED 1024U
#define TRANSLATION_HAIRPIN ((u16)1)
#define TRANSLATION_MASQUERADED ((u16)2)
#define TRANSLATION_DSR ((u16)4)
#define HINT_FRONTEND 1U
#define HINT_ENDPOINT 2U

/* from datapath-as/core/layout/endpoint.ts */
#define ENDPOINT_EGRESS_ENFORCED 1U
#define ENDPOINT_INGRESS_ENFORCED 2U
#define ENDPOINT_HOST 4U
#define ENDPOINT_AUDIT 8U
#define ENDPOINT_EGRESS_PEERS_ONLY 16U
#define ENDPOINT_INGRESS_PEERS_ONLY 32U
#define NODE_MODE_NATIVE ((u8)0)
#define NODE_MODE_OVERLAY ((u8)1)

/* from datapath-as/core/layout/packet.ts */
#define FACT_ICMP_ERROR ((u8)1)
#define FACT_FIRST_FRAGMENT ((u8)2)
#define FACT_LATER_FRAGMENT ((u8)4)
#define FACT_NEIGHBOUR ((u8)8)

/* from datapath-as/core/layout/scratch.ts */
#define HIDDEN_HAIRPIN 1U
#define HIDDEN_MASQUERADE 2U

/* from datapath-as/core/layout/service.ts */
#define SCOPE_EXTERNAL ((u8)0)
#define SCOPE_INTERNAL ((u8)1)
#define FRONTEND_AFFINITY 1U
#define FRONTEND_CLOSED 2U
#define FRONTEND_SOURCE_RANGES 4U
#define FRONTEND_DSR 8U
#define BACKEND_ACTIVE ((u8)0)
#define BACKEND_TERMINATING ((u8)1)
#define BACKEND_QUARANTINED ((u8)2)

/* from datapath-as/core/policy.ts */
#define PRECEDENCE_SHIFT 56ULL
#define ORDER_SHIFT 48ULL
#define PROXY_SHIFT 32ULL
#define MATCH_GRANT_EXPIRED 1ULL

/* from datapath-as/core/service.ts */
#define SELECT_ATTEMPTS 4U
#define CLIENT_SEED 0U

/* from datapath-as/core/socket.ts */
#define NAMESPACE_CLIENT 0xffffffffffffffffULL
#define MAPPED_MASK 0xffffffffULL
#define MAPPED 0xffff0000ULL
#define FIRST_BYTE_SHIFT 32ULL
#define LOOPBACK4 127ULL
#define LOOPBACK6 0x100000000000000ULL

/* from datapath-as/core/stages/masquerade.ts */
#define CLAIM_ATTEMPTS 8U

/* from datapath-as/core/stages/translate.ts */
#define TRANSLATE_NONE ((u8)0)
#define TRANSLATE_DONE ((u8)1)
#define TRANSLATE_ELSEWHERE ((u8)2)
#define RANGE_WHOLE 160U

/* from datapath-as/core/layout/config.ts */
struct config {
	u32 flags;
	u32 node;
	u32 cluster;
	u32 overlay_port;
	u64 hairpin4;
	u64 hairpin6_hi;
	u64 hairpin6_lo;
	u64 host_mac;
	u64 router4;
	u64 router6_hi;
	u64 router6_lo;
	u16 masq_port_min;
	u16 masq_port_max;
	u16 tunnel_port;
	u16 pad0;
};
_Static_assert(__builtin_offsetof(struct config, flags) == 0, "struct config.flags");
_Static_assert(__builtin_offsetof(struct config, node) == 4, "struct config.node");
_Static_assert(__builtin_offsetof(struct config, cluster) == 8, "struct config.cluster");
_Static_assert(__builtin_offsetof(struct config, overlay_port) == 12, "struct config.overlay_port");
_Static_assert(__builtin_offsetof(struct config, hairpin4) == 16, "struct config.hairpin4");
_Static_assert(__builtin_offsetof(struct config, hairpin6_hi) == 24, "struct config.hairpin6_hi");
_Static_assert(__builtin_offsetof(struct config, hairpin6_lo) == 32, "struct config.hairpin6_lo");
_Static_assert(__builtin_offsetof(struct config, host_mac) == 40, "struct config.host_mac");
_Static_assert(__builtin_offsetof(struct config, router4) == 48, "struct config.router4");
_Static_assert(__builtin_offsetof(struct config, router6_hi) == 56, "struct config.router6_hi");
_Static_assert(__builtin_offsetof(struct config, router6_lo) == 64, "struct config.router6_lo");
_Static_assert(__builtin_offsetof(struct config, masq_port_min) == 72, "struct config.masq_port_min");
_Static_assert(__builtin_offsetof(struct config, masq_port_max) == 74, "struct config.masq_port_max");
_Static_assert(__builtin_offsetof(struct config, tunnel_port) == 76, "struct config.tunnel_port");
_Static_assert(__builtin_offsetof(struct config, pad0) == 78, "struct config.pad0");
_Static_assert(sizeof(struct config) == 80, "struct config");

/* from datapath-as/core/layout/conntrack.ts */
struct conntrack {
	u32 flags;
	u32 expires;
	u32 origin_epoch;
	u32 responder_epoch;
	u32 origin_port;
	u32 responder_port;
	u64 origin_packets;
	u64 origin_bytes;
	u64 responder_packets;
	u64 responder_bytes;
	u32 remote_node;
	u32 renewed;
	u64 frontend_hi;
	u64 frontend_lo;
	u16 frontend_port;
	u16 proxy_port;
	u32 service;
	u32 backend;
	u32 generation;
	u32 origin_identity;
	u32 responder_identity;
	u32 egress_rule;
	u32 ingress_rule;
	u64 client_hi;
	u64 client_lo;
	u16 client_port;
	u16 pad0;
	u32 pad1;
};
_Static_assert(__builtin_offsetof(struct conntrack, flags) == 0, "struct conntrack.flags");
_Static_assert(__builtin_offsetof(struct conntrack, expires) == 4, "struct conntrack.expires");
_Static_assert(__builtin_offsetof(struct conntrack, origin_epoch) == 8, "struct conntrack.origin_epoch");
_Static_assert(__builtin_offsetof(struct conntrack, responder_epoch) == 12, "struct conntrack.responder_epoch");
_Static_assert(__builtin_offsetof(struct conntrack, origin_port) == 16, "struct conntrack.origin_port");
_Static_assert(__builtin_offsetof(struct conntrack, responder_port) == 20, "struct conntrack.responder_port");
_Static_assert(__builtin_offsetof(struct conntrack, origin_packets) == 24, "struct conntrack.origin_packets");
_Static_assert(__builtin_offsetof(struct conntrack, origin_bytes) == 32, "struct conntrack.origin_bytes");
_Static_assert(__builtin_offsetof(struct conntrack, responder_packets) == 40, "struct conntrack.responder_packets");
_Static_assert(__builtin_offsetof(struct conntrack, responder_bytes) == 48, "struct conntrack.responder_bytes");
_Static_assert(__builtin_offsetof(struct conntrack, remote_node) == 56, "struct conntrack.remote_node");
_Static_assert(__builtin_offsetof(struct conntrack, renewed) == 60, "struct conntrack.renewed");
_Static_assert(__builtin_offsetof(struct conntrack, frontend_hi) == 64, "struct conntrack.frontend_hi");
_Static_assert(__builtin_offsetof(struct conntrack, frontend_lo) == 72, "struct conntrack.frontend_lo");
_Static_assert(__builtin_offsetof(struct conntrack, frontend_port) == 80, "struct conntrack.frontend_port");
_Static_assert(__builtin_offsetof(struct conntrack, proxy_port) == 82, "struct conntrack.proxy_port");
_Static_assert(__builtin_offsetof(struct conntrack, service) == 84, "struct conntrack.service");
_Static_assert(__builtin_offsetof(struct conntrack, backend) == 88, "struct conntrack.backend");
_Static_assert(__builtin_offsetof(struct conntrack, generation) == 92, "struct conntrack.generation");
_Static_assert(__builtin_offsetof(struct conntrack, origin_identity) == 96, "struct conntrack.origin_identity");
_Static_assert(__builtin_offsetof(struct conntrack, responder_identity) == 100, "struct conntrack.responder_identity");
_Static_assert(__builtin_offsetof(struct conntrack, egress_rule) == 104, "struct conntrack.egress_rule");
_Static_assert(__builtin_offsetof(struct conntrack, ingress_rule) == 108, "struct conntrack.ingress_rule");
_Static_assert(__builtin_offsetof(struct conntrack, client_hi) == 112, "struct conntrack.client_hi");
_Static_assert(__builtin_offsetof(struct conntrack, client_lo) == 120, "struct conntrack.client_lo");
_Static_assert(__builtin_offsetof(struct conntrack, client_port) == 128, "struct conntrack.client_port");
_Static_assert(__builtin_offsetof(struct conntrack, pad0) == 130, "struct conntrack.pad0");
_Static_assert(__builtin_offsetof(struct conntrack, pad1) == 132, "struct conntrack.pad1");
_Static_assert(sizeof(struct conntrack) == 136, "struct conntrack");

struct translation {
	u64 backend_hi;
	u64 backend_lo;
	u16 backend_port;
	u16 flags;
	u32 backend;
	u32 service;
	u32 generation;
	u16 source_port;
	u16 pad0;
	u32 pad1;
};
_Static_assert(__builtin_offsetof(struct translation, backend_hi) == 0, "struct translation.backend_hi");
_Static_assert(__builtin_offsetof(struct translation, backend_lo) == 8, "struct translation.backend_lo");
_Static_assert(__builtin_offsetof(struct translation, backend_port) == 16, "struct translation.backend_port");
_Static_assert(__builtin_offsetof(struct translation, flags) == 18, "struct translation.flags");
_Static_assert(__builtin_offsetof(struct translation, backend) == 20, "struct translation.backend");
_Static_assert(__builtin_offsetof(struct translation, service) == 24, "struct translation.service");
_Static_assert(__builtin_offsetof(struct translation, generation) == 28, "struct translation.generation");
_Static_assert(__builtin_offsetof(struct translation, source_port) == 32, "struct translation.source_port");
_Static_assert(__builtin_offsetof(struct translation, pad0) == 34, "struct translation.pad0");
_Static_assert(__builtin_offsetof(struct translation, pad1) == 36, "struct translation.pad1");
_Static_assert(sizeof(struct translation) == 40, "struct translation");

struct fragment_key {
	u64 source_hi;
	u64 source_lo;
	u64 destination_hi;
	u64 destination_lo;
	u32 id;
	u8 protocol;
	u8 pad0;
	u16 pad1;
};
_Static_assert(__builtin_offsetof(struct fragment_key, source_hi) == 0, "struct fragment_key.source_hi");
_Static_assert(__builtin_offsetof(struct fragment_key, source_lo) == 8, "struct fragment_key.source_lo");
_Static_assert(__builtin_offsetof(struct fragment_key, destination_hi) == 16, "struct fragment_key.destination_hi");
_Static_assert(__builtin_offsetof(struct fragment_key, destination_lo) == 24, "struct fragment_key.destination_lo");
_Static_assert(__builtin_offsetof(struct fragment_key, id) == 32, "struct fragment_key.id");
_Static_assert(__builtin_offsetof(struct fragment_key, protocol) == 36, "struct fragment_key.protocol");
_Static_assert(__builtin_offsetof(struct fragment_key, pad0) == 37, "struct fragment_key.pad0");
_Static_assert(__builtin_offsetof(struct fragment_key, pad1) == 38, "struct fragment_key.pad1");
_Static_assert(sizeof(struct fragment_key) == 40, "struct fragment_key");

struct fragment_ports {
	u16 source_port;
	u16 destination_port;
	u32 expires;
};
_Static_assert(__builtin_offsetof(struct fragment_ports, source_port) == 0, "struct fragment_ports.source_port");
_Static_assert(__builtin_offsetof(struct fragment_ports, destination_port) == 2, "struct fragment_ports.destination_port");
_Static_assert(__builtin_offsetof(struct fragment_ports, expires) == 4, "struct fragment_ports.expires");
_Static_assert(sizeof(struct fragment_ports) == 8, "struct fragment_ports");

struct address_slot {
	u32 epoch;
	u32 hints;
};
_Static_assert(__builtin_offsetof(struct address_slot, epoch) == 0, "struct address_slot.epoch");
_Static_assert(__builtin_offsetof(struct address_slot, hints) == 4, "struct address_slot.hints");
_Static_assert(sizeof(struct address_slot) == 8, "struct address_slot");

/* from datapath-as/core/layout/endpoint.ts */
struct endpoint {
	u32 port;
	u32 id;
	u32 identity;
	u32 policy_set;
	u32 flags;
	u32 pad0;
	u64 mac;
	u64 gateway_mac;
	u64 pad1;
};
_Static_assert(__builtin_offsetof(struct endpoint, port) == 0, "struct endpoint.port");
_Static_assert(__builtin_offsetof(struct endpoint, id) == 4, "struct endpoint.id");
_Static_assert(__builtin_offsetof(struct endpoint, identity) == 8, "struct endpoint.identity");
_Static_assert(__builtin_offsetof(struct endpoint, policy_set) == 12, "struct endpoint.policy_set");
_Static_assert(__builtin_offsetof(struct endpoint, flags) == 16, "struct endpoint.flags");
_Static_assert(__builtin_offsetof(struct endpoint, pad0) == 20, "struct endpoint.pad0");
_Static_assert(__builtin_offsetof(struct endpoint, mac) == 24, "struct endpoint.mac");
_Static_assert(__builtin_offsetof(struct endpoint, gateway_mac) == 32, "struct endpoint.gateway_mac");
_Static_assert(__builtin_offsetof(struct endpoint, pad1) == 40, "struct endpoint.pad1");
_Static_assert(sizeof(struct endpoint) == 48, "struct endpoint");

struct prefix_key {
	u32 prefix_length;
	u32 zone;
	u64 hi;
	u64 lo;
};
_Static_assert(__builtin_offsetof(struct prefix_key, prefix_length) == 0, "struct prefix_key.prefix_length");
_Static_assert(__builtin_offsetof(struct prefix_key, zone) == 4, "struct prefix_key.zone");
_Static_assert(__builtin_offsetof(struct prefix_key, hi) == 8, "struct prefix_key.hi");
_Static_assert(__builtin_offsetof(struct prefix_key, lo) == 16, "struct prefix_key.lo");
_Static_assert(sizeof(struct prefix_key) == 24, "struct prefix_key");

struct prefix {
	u32 identity;
	u32 node;
	u32 flags;
	u32 pad0;
};
_Static_assert(__builtin_offsetof(struct prefix, identity) == 0, "struct prefix.identity");
_Static_assert(__builtin_offsetof(struct prefix, node) == 4, "struct prefix.node");
_Static_assert(__builtin_offsetof(struct prefix, flags) == 8, "struct prefix.flags");
_Static_assert(__builtin_offsetof(struct prefix, pad0) == 12, "struct prefix.pad0");
_Static_assert(sizeof(struct prefix) == 16, "struct prefix");

struct node {
	u64 address_hi;
	u64 address_lo;
	u8 mode;
	u8 key_state;
	u16 mtu;
	u32 cluster;
	u32 flags;
	u32 pad0;
	u64 pad1;
};
_Static_assert(__builtin_offsetof(struct node, address_hi) == 0, "struct node.address_hi");
_Static_assert(__builtin_offsetof(struct node, address_lo) == 8, "struct node.address_lo");
_Static_assert(__builtin_offsetof(struct node, mode) == 16, "struct node.mode");
_Static_assert(__builtin_offsetof(struct node, key_state) == 17, "struct node.key_state");
_Static_assert(__builtin_offsetof(struct node, mtu) == 18, "struct node.mtu");
_Static_assert(__builtin_offsetof(struct node, cluster) == 20, "struct node.cluster");
_Static_assert(__builtin_offsetof(struct node, flags) == 24, "struct node.flags");
_Static_assert(__builtin_offsetof(struct node, pad0) == 28, "struct node.pad0");
_Static_assert(__builtin_offsetof(struct node, pad1) == 32, "struct node.pad1");
_Static_assert(sizeof(struct node) == 40, "struct node");

/* from datapath-as/core/layout/packet.ts */
struct facts {
	u64 source_hi;
	u64 source_lo;
	u64 destination_hi;
	u64 destination_lo;
	u16 source_port;
	u16 destination_port;
	u8 protocol;
	u8 pad0;
	u16 pad1;
	u64 outer_source_hi;
	u64 outer_source_lo;
	u64 outer_destination_hi;
	u64 outer_destination_lo;
	u32 now;
	u32 random;
	u32 port;
	u32 length;
	u32 fragment_id;
	u32 tunnel_identity;
	u32 mark;
	u8 hook;
	u8 family;
	u8 tcp_flags;
	u8 icmp_type;
	u16 icmp_id;
	u8 flags;
	u8 invalid;
	u8 icmp_code;
	u8 outer_icmp_type;
	u16 pad3;
};
_Static_assert(__builtin_offsetof(struct facts, source_hi) == 0, "struct facts.source_hi");
_Static_assert(__builtin_offsetof(struct facts, source_lo) == 8, "struct facts.source_lo");
_Static_assert(__builtin_offsetof(struct facts, destination_hi) == 16, "struct facts.destination_hi");
_Static_assert(__builtin_offsetof(struct facts, destination_lo) == 24, "struct facts.destination_lo");
_Static_assert(__builtin_offsetof(struct facts, source_port) == 32, "struct facts.source_port");
_Static_assert(__builtin_offsetof(struct facts, destination_port) == 34, "struct facts.destination_port");
_Static_assert(__builtin_offsetof(struct facts, protocol) == 36, "struct facts.protocol");
_Static_assert(__builtin_offsetof(struct facts, pad0) == 37, "struct facts.pad0");
_Static_assert(__builtin_offsetof(struct facts, pad1) == 38, "struct facts.pad1");
_Static_assert(__builtin_offsetof(struct facts, outer_source_hi) == 40, "struct facts.outer_source_hi");
_Static_assert(__builtin_offsetof(struct facts, outer_source_lo) == 48, "struct facts.outer_source_lo");
_Static_assert(__builtin_offsetof(struct facts, outer_destination_hi) == 56, "struct facts.outer_destination_hi");
_Static_assert(__builtin_offsetof(struct facts, outer_destination_lo) == 64, "struct facts.outer_destination_lo");
_Static_assert(__builtin_offsetof(struct facts, now) == 72, "struct facts.now");
_Static_assert(__builtin_offsetof(struct facts, random) == 76, "struct facts.random");
_Static_assert(__builtin_offsetof(struct facts, port) == 80, "struct facts.port");
_Static_assert(__builtin_offsetof(struct facts, length) == 84, "struct facts.length");
_Static_assert(__builtin_offsetof(struct facts, fragment_id) == 88, "struct facts.fragment_id");
_Static_assert(__builtin_offsetof(struct facts, tunnel_identity) == 92, "struct facts.tunnel_identity");
_Static_assert(__builtin_offsetof(struct facts, mark) == 96, "struct facts.mark");
_Static_assert(__builtin_offsetof(struct facts, hook) == 100, "struct facts.hook");
_Static_assert(__builtin_offsetof(struct facts, family) == 101, "struct facts.family");
_Static_assert(__builtin_offsetof(struct facts, tcp_flags) == 102, "struct facts.tcp_flags");
_Static_assert(__builtin_offsetof(struct facts, icmp_type) == 103, "struct facts.icmp_type");
_Static_assert(__builtin_offsetof(struct facts, icmp_id) == 104, "struct facts.icmp_id");
_Static_assert(__builtin_offsetof(struct facts, flags) == 106, "struct facts.flags");
_Static_assert(__builtin_offsetof(struct facts, invalid) == 107, "struct facts.invalid");
_Static_assert(__builtin_offsetof(struct facts, icmp_code) == 108, "struct facts.icmp_code");
_Static_assert(__builtin_offsetof(struct facts, outer_icmp_type) == 109, "struct facts.outer_icmp_type");
_Static_assert(__builtin_offsetof(struct facts, pad3) == 110, "struct facts.pad3");
_Static_assert(sizeof(struct facts) == 112, "struct facts");

struct record {
	u8 next_hop;
	u8 reason;
	u8 event;
	u8 direction;
	u8 conntrack;
	u8 translation;
	u8 affinity;
	u8 fragment;
	u8 rewrite;
	u8 reply;
	u8 audited;
	u8 pad0;
	u16 proxy_port;
	u16 pad1;
	u32 touch_flags;
	u32 touch_expires;
	u64 new_source_hi;
	u64 new_source_lo;
	u64 new_destination_hi;
	u64 new_destination_lo;
	u16 new_source_port;
	u16 new_destination_port;
	u32 out_port;
	u64 tunnel_hi;
	u64 tunnel_lo;
	u64 destination_mac;
	u64 source_mac;
	u32 source_identity;
	u32 destination_identity;
	u32 egress_rule;
	u32 ingress_rule;
	u32 endpoint;
	u32 service;
	u32 backend;
	u32 touch_renewed;
};
_Static_assert(__builtin_offsetof(struct record, next_hop) == 0, "struct record.next_hop");
_Static_assert(__builtin_offsetof(struct record, reason) == 1, "struct record.reason");
_Static_assert(__builtin_offsetof(struct record, event) == 2, "struct record.event");
_Static_assert(__builtin_offsetof(struct record, direction) == 3, "struct record.direction");
_Static_assert(__builtin_offsetof(struct record, conntrack) == 4, "struct record.conntrack");
_Static_assert(__builtin_offsetof(struct record, translation) == 5, "struct record.translation");
_Static_assert(__builtin_offsetof(struct record, affinity) == 6, "struct record.affinity");
_Static_assert(__builtin_offsetof(struct record, fragment) == 7, "struct record.fragment");
_Static_assert(__builtin_offsetof(struct record, rewrite) == 8, "struct record.rewrite");
_Static_assert(__builtin_offsetof(struct record, reply) == 9, "struct record.reply");
_Static_assert(__builtin_offsetof(struct record, audited) == 10, "struct record.audited");
_Static_assert(__builtin_offsetof(struct record, pad0) == 11, "struct record.pad0");
_Static_assert(__builtin_offsetof(struct record, proxy_port) == 12, "struct record.proxy_port");
_Static_assert(__builtin_offsetof(struct record, pad1) == 14, "struct record.pad1");
_Static_assert(__builtin_offsetof(struct record, touch_flags) == 16, "struct record.touch_flags");
_Static_assert(__builtin_offsetof(struct record, touch_expires) == 20, "struct record.touch_expires");
_Static_assert(__builtin_offsetof(struct record, new_source_hi) == 24, "struct record.new_source_hi");
_Static_assert(__builtin_offsetof(struct record, new_source_lo) == 32, "struct record.new_source_lo");
_Static_assert(__builtin_offsetof(struct record, new_destination_hi) == 40, "struct record.new_destination_hi");
_Static_assert(__builtin_offsetof(struct record, new_destination_lo) == 48, "struct record.new_destination_lo");
_Static_assert(__builtin_offsetof(struct record, new_source_port) == 56, "struct record.new_source_port");
_Static_assert(__builtin_offsetof(struct record, new_destination_port) == 58, "struct record.new_destination_port");
_Static_assert(__builtin_offsetof(struct record, out_port) == 60, "struct record.out_port");
_Static_assert(__builtin_offsetof(struct record, tunnel_hi) == 64, "struct record.tunnel_hi");
_Static_assert(__builtin_offsetof(struct record, tunnel_lo) == 72, "struct record.tunnel_lo");
_Static_assert(__builtin_offsetof(struct record, destination_mac) == 80, "struct record.destination_mac");
_Static_assert(__builtin_offsetof(struct record, source_mac) == 88, "struct record.source_mac");
_Static_assert(__builtin_offsetof(struct record, source_identity) == 96, "struct record.source_identity");
_Static_assert(__builtin_offsetof(struct record, destination_identity) == 100, "struct record.destination_identity");
_Static_assert(__builtin_offsetof(struct record, egress_rule) == 104, "struct record.egress_rule");
_Static_assert(__builtin_offsetof(struct record, ingress_rule) == 108, "struct record.ingress_rule");
_Static_assert(__builtin_offsetof(struct record, endpoint) == 112, "struct record.endpoint");
_Static_assert(__builtin_offsetof(struct record, service) == 116, "struct record.service");
_Static_assert(__builtin_offsetof(struct record, backend) == 120, "struct record.backend");
_Static_assert(__builtin_offsetof(struct record, touch_renewed) == 124, "struct record.touch_renewed");
_Static_assert(sizeof(struct record) == 128, "struct record");

struct event {
	u64 source_hi;
	u64 source_lo;
	u64 destination_hi;
	u64 destination_lo;
	u16 source_port;
	u16 destination_port;
	u8 protocol;
	u8 family;
	u8 kind;
	u8 reason;
	u8 hook;
	u8 direction;
	u8 tcp_flags;
	u8 icmp_type;
	u32 length;
	u32 now;
	u32 port;
	u32 endpoint;
	u32 source_identity;
	u32 destination_identity;
	u32 egress_rule;
	u32 ingress_rule;
	u32 service;
	u32 backend;
	u16 proxy_port;
	u16 pad0;
	u64 namespace;
};
_Static_assert(__builtin_offsetof(struct event, source_hi) == 0, "struct event.source_hi");
_Static_assert(__builtin_offsetof(struct event, source_lo) == 8, "struct event.source_lo");
_Static_assert(__builtin_offsetof(struct event, destination_hi) == 16, "struct event.destination_hi");
_Static_assert(__builtin_offsetof(struct event, destination_lo) == 24, "struct event.destination_lo");
_Static_assert(__builtin_offsetof(struct event, source_port) == 32, "struct event.source_port");
_Static_assert(__builtin_offsetof(struct event, destination_port) == 34, "struct event.destination_port");
_Static_assert(__builtin_offsetof(struct event, protocol) == 36, "struct event.protocol");
_Static_assert(__builtin_offsetof(struct event, family) == 37, "struct event.family");
_Static_assert(__builtin_offsetof(struct event, kind) == 38, "struct event.kind");
_Static_assert(__builtin_offsetof(struct event, reason) == 39, "struct event.reason");
_Static_assert(__builtin_offsetof(struct event, hook) == 40, "struct event.hook");
_Static_assert(__builtin_offsetof(struct event, direction) == 41, "struct event.direction");
_Static_assert(__builtin_offsetof(struct event, tcp_flags) == 42, "struct event.tcp_flags");
_Static_assert(__builtin_offsetof(struct event, icmp_type) == 43, "struct event.icmp_type");
_Static_assert(__builtin_offsetof(struct event, length) == 44, "struct event.length");
_Static_assert(__builtin_offsetof(struct event, now) == 48, "struct event.now");
_Static_assert(__builtin_offsetof(struct event, port) == 52, "struct event.port");
_Static_assert(__builtin_offsetof(struct event, endpoint) == 56, "struct event.endpoint");
_Static_assert(__builtin_offsetof(struct event, source_identity) == 60, "struct event.source_identity");
_Static_assert(__builtin_offsetof(struct event, destination_identity) == 64, "struct event.destination_identity");
_Static_assert(__builtin_offsetof(struct event, egress_rule) == 68, "struct event.egress_rule");
_Static_assert(__builtin_offsetof(struct event, ingress_rule) == 72, "struct event.ingress_rule");
_Static_assert(__builtin_offsetof(struct event, service) == 76, "struct event.service");
_Static_assert(__builtin_offsetof(struct event, backend) == 80, "struct event.backend");
_Static_assert(__builtin_offsetof(struct event, proxy_port) == 84, "struct event.proxy_port");
_Static_assert(__builtin_offsetof(struct event, pad0) == 86, "struct event.pad0");
_Static_assert(__builtin_offsetof(struct event, namespace) == 88, "struct event.namespace");
_Static_assert(sizeof(struct event) == 96, "struct event");

struct metric {
	u64 packets;
	u64 bytes;
};
_Static_assert(__builtin_offsetof(struct metric, packets) == 0, "struct metric.packets");
_Static_assert(__builtin_offsetof(struct metric, bytes) == 8, "struct metric.bytes");
_Static_assert(sizeof(struct metric) == 16, "struct metric");

/* from datapath-as/core/layout/policy.ts */
struct policy_key {
	u32 prefix_length;
	u32 set;
	u32 identity;
	u8 direction;
	u8 protocol;
	u16 port;
};
_Static_assert(__builtin_offsetof(struct policy_key, prefix_length) == 0, "struct policy_key.prefix_length");
_Static_assert(__builtin_offsetof(struct policy_key, set) == 4, "struct policy_key.set");
_Static_assert(__builtin_offsetof(struct policy_key, identity) == 8, "struct policy_key.identity");
_Static_assert(__builtin_offsetof(struct policy_key, direction) == 12, "struct policy_key.direction");
_Static_assert(__builtin_offsetof(struct policy_key, protocol) == 13, "struct policy_key.protocol");
_Static_assert(__builtin_offsetof(struct policy_key, port) == 14, "struct policy_key.port");
_Static_assert(sizeof(struct policy_key) == 16, "struct policy_key");

struct policy_entry {
	u32 rule;
	u16 proxy_port;
	u8 match_length;
	u8 precedence;
};
_Static_assert(__builtin_offsetof(struct policy_entry, rule) == 0, "struct policy_entry.rule");
_Static_assert(__builtin_offsetof(struct policy_entry, proxy_port) == 4, "struct policy_entry.proxy_port");
_Static_assert(__builtin_offsetof(struct policy_entry, match_length) == 6, "struct policy_entry.match_length");
_Static_assert(__builtin_offsetof(struct policy_entry, precedence) == 7, "struct policy_entry.precedence");
_Static_assert(sizeof(struct policy_entry) == 8, "struct policy_entry");

struct policy_matches {
	u64 peer;
	u64 every_peer;
};
_Static_assert(__builtin_offsetof(struct policy_matches, peer) == 0, "struct policy_matches.peer");
_Static_assert(__builtin_offsetof(struct policy_matches, every_peer) == 8, "struct policy_matches.every_peer");
_Static_assert(sizeof(struct policy_matches) == 16, "struct policy_matches");

struct grant_key {
	u64 hi;
	u64 lo;
	u32 endpoint;
	u32 pad0;
};
_Static_assert(__builtin_offsetof(struct grant_key, hi) == 0, "struct grant_key.hi");
_Static_assert(__builtin_offsetof(struct grant_key, lo) == 8, "struct grant_key.lo");
_Static_assert(__builtin_offsetof(struct grant_key, endpoint) == 16, "struct grant_key.endpoint");
_Static_assert(__builtin_offsetof(struct grant_key, pad0) == 20, "struct grant_key.pad0");
_Static_assert(sizeof(struct grant_key) == 24, "struct grant_key");

struct grant {
	u32 identity0;
	u32 expires0;
	u32 identity1;
	u32 expires1;
	u32 identity2;
	u32 expires2;
	u32 identity3;
	u32 expires3;
};
_Static_assert(__builtin_offsetof(struct grant, identity0) == 0, "struct grant.identity0");
_Static_assert(__builtin_offsetof(struct grant, expires0) == 4, "struct grant.expires0");
_Static_assert(__builtin_offsetof(struct grant, identity1) == 8, "struct grant.identity1");
_Static_assert(__builtin_offsetof(struct grant, expires1) == 12, "struct grant.expires1");
_Static_assert(__builtin_offsetof(struct grant, identity2) == 16, "struct grant.identity2");
_Static_assert(__builtin_offsetof(struct grant, expires2) == 20, "struct grant.expires2");
_Static_assert(__builtin_offsetof(struct grant, identity3) == 24, "struct grant.identity3");
_Static_assert(__builtin_offsetof(struct grant, expires3) == 28, "struct grant.expires3");
_Static_assert(sizeof(struct grant) == 32, "struct grant");

/* from datapath-as/core/layout/scratch.ts */
struct scratch {
	u64 tuple0;
	u64 tuple1;
	u64 tuple2;
	u64 tuple3;
	u64 tuple4;
	u64 origin0;
	u64 origin1;
	u64 origin2;
	u64 origin3;
	u64 origin4;
	u64 flow0;
	u64 flow1;
	u64 flow2;
	u64 flow3;
	u64 flow4;
	u64 client0;
	u64 client1;
	u64 client2;
	u64 client3;
	u64 client4;
	u64 address0;
	u64 address1;
	u64 prefix0;
	u64 prefix1;
	u64 prefix2;
	u64 grant0;
	u64 grant1;
	u64 grant2;
	u64 frontend0;
	u64 frontend1;
	u64 frontend2;
	u64 source_range0;
	u64 source_range1;
	u64 source_range2;
	u64 affinity_key0;
	u64 affinity_key1;
	u64 affinity_key2;
	u64 affinity0;
	u64 fragment_key0;
	u64 fragment_key1;
	u64 fragment_key2;
	u64 fragment_key3;
	u64 fragment_key4;
	u64 fragment_ports0;
	u64 translation0;
	u64 translation1;
	u64 translation2;
	u64 translation3;
	u64 translation4;
	u64 conntrack0;
	u64 conntrack1;
	u64 conntrack2;
	u64 conntrack3;
	u64 conntrack4;
	u64 conntrack5;
	u64 conntrack6;
	u64 conntrack7;
	u64 conntrack8;
	u64 conntrack9;
	u64 conntrack10;
	u64 conntrack11;
	u64 conntrack12;
	u64 conntrack13;
	u64 conntrack14;
	u64 conntrack15;
	u64 conntrack16;
	u32 source_epoch;
	u32 destination_epoch;
	u32 origin_identity;
	u32 responder_identity;
	u32 origin_port;
	u32 responder_port;
	u32 remote_node;
	u32 source_high;
	u32 now;
	u32 hints;
	u32 hidden;
	u32 keeps_grants;
	u32 traffic;
	u32 stale;
};
_Static_assert(__builtin_offsetof(struct scratch, tuple0) == 0, "struct scratch.tuple0");
_Static_assert(__builtin_offsetof(struct scratch, tuple1) == 8, "struct scratch.tuple1");
_Static_assert(__builtin_offsetof(struct scratch, tuple2) == 16, "struct scratch.tuple2");
_Static_assert(__builtin_offsetof(struct scratch, tuple3) == 24, "struct scratch.tuple3");
_Static_assert(__builtin_offsetof(struct scratch, tuple4) == 32, "struct scratch.tuple4");
_Static_assert(__builtin_offsetof(struct scratch, origin0) == 40, "struct scratch.origin0");
_Static_assert(__builtin_offsetof(struct scratch, origin1) == 48, "struct scratch.origin1");
_Static_assert(__builtin_offsetof(struct scratch, origin2) == 56, "struct scratch.origin2");
_Static_assert(__builtin_offsetof(struct scratch, origin3) == 64, "struct scratch.origin3");
_Static_assert(__builtin_offsetof(struct scratch, origin4) == 72, "struct scratch.origin4");
_Static_assert(__builtin_offsetof(struct scratch, flow0) == 80, "struct scratch.flow0");
_Static_assert(__builtin_offsetof(struct scratch, flow1) == 88, "struct scratch.flow1");
_Static_assert(__builtin_offsetof(struct scratch, flow2) == 96, "struct scratch.flow2");
_Static_assert(__builtin_offsetof(struct scratch, flow3) == 104, "struct scratch.flow3");
_Static_assert(__builtin_offsetof(struct scratch, flow4) == 112, "struct scratch.flow4");
_Static_assert(__builtin_offsetof(struct scratch, client0) == 120, "struct scratch.client0");
_Static_assert(__builtin_offsetof(struct scratch, client1) == 128, "struct scratch.client1");
_Static_assert(__builtin_offsetof(struct scratch, client2) == 136, "struct scratch.client2");
_Static_assert(__builtin_offsetof(struct scratch, client3) == 144, "struct scratch.client3");
_Static_assert(__builtin_offsetof(struct scratch, client4) == 152, "struct scratch.client4");
_Static_assert(__builtin_offsetof(struct scratch, address0) == 160, "struct scratch.address0");
_Static_assert(__builtin_offsetof(struct scratch, address1) == 168, "struct scratch.address1");
_Static_assert(__builtin_offsetof(struct scratch, prefix0) == 176, "struct scratch.prefix0");
_Static_assert(__builtin_offsetof(struct scratch, prefix1) == 184, "struct scratch.prefix1");
_Static_assert(__builtin_offsetof(struct scratch, prefix2) == 192, "struct scratch.prefix2");
_Static_assert(__builtin_offsetof(struct scratch, grant0) == 200, "struct scratch.grant0");
_Static_assert(__builtin_offsetof(struct scratch, grant1) == 208, "struct scratch.grant1");
_Static_assert(__builtin_offsetof(struct scratch, grant2) == 216, "struct scratch.grant2");
_Static_assert(__builtin_offsetof(struct scratch, frontend0) == 224, "struct scratch.frontend0");
_Static_assert(__builtin_offsetof(struct scratch, frontend1) == 232, "struct scratch.frontend1");
_Static_assert(__builtin_offsetof(struct scratch, frontend2) == 240, "struct scratch.frontend2");
_Static_assert(__builtin_offsetof(struct scratch, source_range0) == 248, "struct scratch.source_range0");
_Static_assert(__builtin_offsetof(struct scratch, source_range1) == 256, "struct scratch.source_range1");
_Static_assert(__builtin_offsetof(struct scratch, source_range2) == 264, "struct scratch.source_range2");
_Static_assert(__builtin_offsetof(struct scratch, affinity_key0) == 272, "struct scratch.affinity_key0");
_Static_assert(__builtin_offsetof(struct scratch, affinity_key1) == 280, "struct scratch.affinity_key1");
_Static_assert(__builtin_offsetof(struct scratch, affinity_key2) == 288, "struct scratch.affinity_key2");
_Static_assert(__builtin_offsetof(struct scratch, affinity0) == 296, "struct scratch.affinity0");
_Static_assert(__builtin_offsetof(struct scratch, fragment_key0) == 304, "struct scratch.fragment_key0");
_Static_assert(__builtin_offsetof(struct scratch, fragment_key1) == 312, "struct scratch.fragment_key1");
_Static_assert(__builtin_offsetof(struct scratch, fragment_key2) == 320, "struct scratch.fragment_key2");
_Static_assert(__builtin_offsetof(struct scratch, fragment_key3) == 328, "struct scratch.fragment_key3");
_Static_assert(__builtin_offsetof(struct scratch, fragment_key4) == 336, "struct scratch.fragment_key4");
_Static_assert(__builtin_offsetof(struct scratch, fragment_ports0) == 344, "struct scratch.fragment_ports0");
_Static_assert(__builtin_offsetof(struct scratch, translation0) == 352, "struct scratch.translation0");
_Static_assert(__builtin_offsetof(struct scratch, translation1) == 360, "struct scratch.translation1");
_Static_assert(__builtin_offsetof(struct scratch, translation2) == 368, "struct scratch.translation2");
_Static_assert(__builtin_offsetof(struct scratch, translation3) == 376, "struct scratch.translation3");
_Static_assert(__builtin_offsetof(struct scratch, translation4) == 384, "struct scratch.translation4");
_Static_assert(__builtin_offsetof(struct scratch, conntrack0) == 392, "struct scratch.conntrack0");
_Static_assert(__builtin_offsetof(struct scratch, conntrack1) == 400, "struct scratch.conntrack1");
_Static_assert(__builtin_offsetof(struct scratch, conntrack2) == 408, "struct scratch.conntrack2");
_Static_assert(__builtin_offsetof(struct scratch, conntrack3) == 416, "struct scratch.conntrack3");
_Static_assert(__builtin_offsetof(struct scratch, conntrack4) == 424, "struct scratch.conntrack4");
_Static_assert(__builtin_offsetof(struct scratch, conntrack5) == 432, "struct scratch.conntrack5");
_Static_assert(__builtin_offsetof(struct scratch, conntrack6) == 440, "struct scratch.conntrack6");
_Static_assert(__builtin_offsetof(struct scratch, conntrack7) == 448, "struct scratch.conntrack7");
_Static_assert(__builtin_offsetof(struct scratch, conntrack8) == 456, "struct scratch.conntrack8");
_Static_assert(__builtin_offsetof(struct scratch, conntrack9) == 464, "struct scratch.conntrack9");
_Static_assert(__builtin_offsetof(struct scratch, conntrack10) == 472, "struct scratch.conntrack10");
_Static_assert(__builtin_offsetof(struct scratch, conntrack11) == 480, "struct scratch.conntrack11");
_Static_assert(__builtin_offsetof(struct scratch, conntrack12) == 488, "struct scratch.conntrack12");
_Static_assert(__builtin_offsetof(struct scratch, conntrack13) == 496, "struct scratch.conntrack13");
_Static_assert(__builtin_offsetof(struct scratch, conntrack14) == 504, "struct scratch.conntrack14");
_Static_assert(__builtin_offsetof(struct scratch, conntrack15) == 512, "struct scratch.conntrack15");
_Static_assert(__builtin_offsetof(struct scratch, conntrack16) == 520, "struct scratch.conntrack16");
_Static_assert(__builtin_offsetof(struct scratch, source_epoch) == 528, "struct scratch.source_epoch");
_Static_assert(__builtin_offsetof(struct scratch, destination_epoch) == 532, "struct scratch.destination_epoch");
_Static_assert(__builtin_offsetof(struct scratch, origin_identity) == 536, "struct scratch.origin_identity");
_Static_assert(__builtin_offsetof(struct scratch, responder_identity) == 540, "struct scratch.responder_identity");
_Static_assert(__builtin_offsetof(struct scratch, origin_port) == 544, "struct scratch.origin_port");
_Static_assert(__builtin_offsetof(struct scratch, responder_port) == 548, "struct scratch.responder_port");
_Static_assert(__builtin_offsetof(struct scratch, remote_node) == 552, "struct scratch.remote_node");
_Static_assert(__builtin_offsetof(struct scratch, source_high) == 556, "struct scratch.source_high");
_Static_assert(__builtin_offsetof(struct scratch, now) == 560, "struct scratch.now");
_Static_assert(__builtin_offsetof(struct scratch, hints) == 564, "struct scratch.hints");
_Static_assert(__builtin_offsetof(struct scratch, hidden) == 568, "struct scratch.hidden");
_Static_assert(__builtin_offsetof(struct scratch, keeps_grants) == 572, "struct scratch.keeps_grants");
_Static_assert(__builtin_offsetof(struct scratch, traffic) == 576, "struct scratch.traffic");
_Static_assert(__builtin_offsetof(struct scratch, stale) == 580, "struct scratch.stale");
_Static_assert(sizeof(struct scratch) == 584, "struct scratch");

/* from datapath-as/core/layout/service.ts */
struct frontend_key {
	u64 hi;
	u64 lo;
	u16 port;
	u8 protocol;
	u8 scope;
	u32 pad0;
};
_Static_assert(__builtin_offsetof(struct frontend_key, hi) == 0, "struct frontend_key.hi");
_Static_assert(__builtin_offsetof(struct frontend_key, lo) == 8, "struct frontend_key.lo");
_Static_assert(__builtin_offsetof(struct frontend_key, port) == 16, "struct frontend_key.port");
_Static_assert(__builtin_offsetof(struct frontend_key, protocol) == 18, "struct frontend_key.protocol");
_Static_assert(__builtin_offsetof(struct frontend_key, scope) == 19, "struct frontend_key.scope");
_Static_assert(__builtin_offsetof(struct frontend_key, pad0) == 20, "struct frontend_key.pad0");
_Static_assert(sizeof(struct frontend_key) == 24, "struct frontend_key");

struct frontend {
	u32 service;
	u32 offset;
	u32 size;
	u32 flags;
	u32 affinity_ticks;
	u32 pad0;
};
_Static_assert(__builtin_offsetof(struct frontend, service) == 0, "struct frontend.service");
_Static_assert(__builtin_offsetof(struct frontend, offset) == 4, "struct frontend.offset");
_Static_assert(__builtin_offsetof(struct frontend, size) == 8, "struct frontend.size");
_Static_assert(__builtin_offsetof(struct frontend, flags) == 12, "struct frontend.flags");
_Static_assert(__builtin_offsetof(struct frontend, affinity_ticks) == 16, "struct frontend.affinity_ticks");
_Static_assert(__builtin_offsetof(struct frontend, pad0) == 20, "struct frontend.pad0");
_Static_assert(sizeof(struct frontend) == 24, "struct frontend");

struct source_range_key {
	u32 prefix_length;
	u32 service;
	u64 hi;
	u64 lo;
};
_Static_assert(__builtin_offsetof(struct source_range_key, prefix_length) == 0, "struct source_range_key.prefix_length");
_Static_assert(__builtin_offsetof(struct source_range_key, service) == 4, "struct source_range_key.service");
_Static_assert(__builtin_offsetof(struct source_range_key, hi) == 8, "struct source_range_key.hi");
_Static_assert(__builtin_offsetof(struct source_range_key, lo) == 16, "struct source_range_key.lo");
_Static_assert(sizeof(struct source_range_key) == 24, "struct source_range_key");

struct source_range {
	u32 flags;
	u32 pad0;
};
_Static_assert(__builtin_offsetof(struct source_range, flags) == 0, "struct source_range.flags");
_Static_assert(__builtin_offsetof(struct source_range, pad0) == 4, "struct source_range.pad0");
_Static_assert(sizeof(struct source_range) == 8, "struct source_range");

struct maglev_slot {
	u32 backend;
};
_Static_assert(__builtin_offsetof(struct maglev_slot, backend) == 0, "struct maglev_slot.backend");
_Static_assert(sizeof(struct maglev_slot) == 4, "struct maglev_slot");

struct backend {
	u64 hi;
	u64 lo;
	u16 port;
	u8 protocol;
	u8 state;
	u32 generation;
	u32 cluster;
	u16 zone;
	u16 flags;
};
_Static_assert(__builtin_offsetof(struct backend, hi) == 0, "struct backend.hi");
_Static_assert(__builtin_offsetof(struct backend, lo) == 8, "struct backend.lo");
_Static_assert(__builtin_offsetof(struct backend, port) == 16, "struct backend.port");
_Static_assert(__builtin_offsetof(struct backend, protocol) == 18, "struct backend.protocol");
_Static_assert(__builtin_offsetof(struct backend, state) == 19, "struct backend.state");
_Static_assert(__builtin_offsetof(struct backend, generation) == 20, "struct backend.generation");
_Static_assert(__builtin_offsetof(struct backend, cluster) == 24, "struct backend.cluster");
_Static_assert(__builtin_offsetof(struct backend, zone) == 28, "struct backend.zone");
_Static_assert(__builtin_offsetof(struct backend, flags) == 30, "struct backend.flags");
_Static_assert(sizeof(struct backend) == 32, "struct backend");

struct backend_hits {
	u64 connections;
	u32 generation;
	u32 pad0;
};
_Static_assert(__builtin_offsetof(struct backend_hits, connections) == 0, "struct backend_hits.connections");
_Static_assert(__builtin_offsetof(struct backend_hits, generation) == 8, "struct backend_hits.generation");
_Static_assert(__builtin_offsetof(struct backend_hits, pad0) == 12, "struct backend_hits.pad0");
_Static_assert(sizeof(struct backend_hits) == 16, "struct backend_hits");

struct affinity_key {
	u64 client_hi;
	u64 client_lo;
	u32 service;
	u32 pad0;
};
_Static_assert(__builtin_offsetof(struct affinity_key, client_hi) == 0, "struct affinity_key.client_hi");
_Static_assert(__builtin_offsetof(struct affinity_key, client_lo) == 8, "struct affinity_key.client_lo");
_Static_assert(__builtin_offsetof(struct affinity_key, service) == 16, "struct affinity_key.service");
_Static_assert(__builtin_offsetof(struct affinity_key, pad0) == 20, "struct affinity_key.pad0");
_Static_assert(sizeof(struct affinity_key) == 24, "struct affinity_key");

struct affinity {
	u32 backend;
	u32 expires;
};
_Static_assert(__builtin_offsetof(struct affinity, backend) == 0, "struct affinity.backend");
_Static_assert(__builtin_offsetof(struct affinity, expires) == 4, "struct affinity.expires");
_Static_assert(sizeof(struct affinity) == 8, "struct affinity");

/* from datapath-as/core/layout/socket.ts */
struct socket_key {
	u64 cookie;
	u64 hi;
	u64 lo;
	u16 port;
	u8 protocol;
	u8 pad0;
	u32 pad1;
};
_Static_assert(__builtin_offsetof(struct socket_key, cookie) == 0, "struct socket_key.cookie");
_Static_assert(__builtin_offsetof(struct socket_key, hi) == 8, "struct socket_key.hi");
_Static_assert(__builtin_offsetof(struct socket_key, lo) == 16, "struct socket_key.lo");
_Static_assert(__builtin_offsetof(struct socket_key, port) == 24, "struct socket_key.port");
_Static_assert(__builtin_offsetof(struct socket_key, protocol) == 26, "struct socket_key.protocol");
_Static_assert(__builtin_offsetof(struct socket_key, pad0) == 27, "struct socket_key.pad0");
_Static_assert(__builtin_offsetof(struct socket_key, pad1) == 28, "struct socket_key.pad1");
_Static_assert(sizeof(struct socket_key) == 32, "struct socket_key");

struct socket_frontend {
	u64 hi;
	u64 lo;
	u16 port;
	u16 pad0;
	u32 service;
};
_Static_assert(__builtin_offsetof(struct socket_frontend, hi) == 0, "struct socket_frontend.hi");
_Static_assert(__builtin_offsetof(struct socket_frontend, lo) == 8, "struct socket_frontend.lo");
_Static_assert(__builtin_offsetof(struct socket_frontend, port) == 16, "struct socket_frontend.port");
_Static_assert(__builtin_offsetof(struct socket_frontend, pad0) == 18, "struct socket_frontend.pad0");
_Static_assert(__builtin_offsetof(struct socket_frontend, service) == 20, "struct socket_frontend.service");
_Static_assert(sizeof(struct socket_frontend) == 24, "struct socket_frontend");

struct socket_config {
	u64 host_namespace;
};
_Static_assert(__builtin_offsetof(struct socket_config, host_namespace) == 0, "struct socket_config.host_namespace");
_Static_assert(sizeof(struct socket_config) == 8, "struct socket_config");

struct socket_call {
	u64 cookie;
	u64 hi;
	u64 lo;
	u16 port;
	u8 protocol;
	u8 pad0;
	u32 pad1;
	u64 namespace;
	u32 now;
	u8 kind;
	u8 reason;
	u8 affinity;
	u8 flow;
	u8 reverse;
	u8 pad2;
	u16 pad3;
	u32 service;
	u64 peer0;
	u64 peer1;
	u64 peer2;
	u64 peer3;
	u64 frontend0;
	u64 frontend1;
	u64 frontend2;
	u64 affinity_key0;
	u64 affinity_key1;
	u64 affinity_key2;
	u64 affinity0;
	u64 translation0;
	u64 translation1;
	u64 translation2;
	u64 translation3;
	u64 origin0;
	u64 origin1;
	u64 origin2;
};
_Static_assert(__builtin_offsetof(struct socket_call, cookie) == 0, "struct socket_call.cookie");
_Static_assert(__builtin_offsetof(struct socket_call, hi) == 8, "struct socket_call.hi");
_Static_assert(__builtin_offsetof(struct socket_call, lo) == 16, "struct socket_call.lo");
_Static_assert(__builtin_offsetof(struct socket_call, port) == 24, "struct socket_call.port");
_Static_assert(__builtin_offsetof(struct socket_call, protocol) == 26, "struct socket_call.protocol");
_Static_assert(__builtin_offsetof(struct socket_call, pad0) == 27, "struct socket_call.pad0");
_Static_assert(__builtin_offsetof(struct socket_call, pad1) == 28, "struct socket_call.pad1");
_Static_assert(__builtin_offsetof(struct socket_call, namespace) == 32, "struct socket_call.namespace");
_Static_assert(__builtin_offsetof(struct socket_call, now) == 40, "struct socket_call.now");
_Static_assert(__builtin_offsetof(struct socket_call, kind) == 44, "struct socket_call.kind");
_Static_assert(__builtin_offsetof(struct socket_call, reason) == 45, "struct socket_call.reason");
_Static_assert(__builtin_offsetof(struct socket_call, affinity) == 46, "struct socket_call.affinity");
_Static_assert(__builtin_offsetof(struct socket_call, flow) == 47, "struct socket_call.flow");
_Static_assert(__builtin_offsetof(struct socket_call, reverse) == 48, "struct socket_call.reverse");
_Static_assert(__builtin_offsetof(struct socket_call, pad2) == 49, "struct socket_call.pad2");
_Static_assert(__builtin_offsetof(struct socket_call, pad3) == 50, "struct socket_call.pad3");
_Static_assert(__builtin_offsetof(struct socket_call, service) == 52, "struct socket_call.service");
_Static_assert(__builtin_offsetof(struct socket_call, peer0) == 56, "struct socket_call.peer0");
_Static_assert(__builtin_offsetof(struct socket_call, peer1) == 64, "struct socket_call.peer1");
_Static_assert(__builtin_offsetof(struct socket_call, peer2) == 72, "struct socket_call.peer2");
_Static_assert(__builtin_offsetof(struct socket_call, peer3) == 80, "struct socket_call.peer3");
_Static_assert(__builtin_offsetof(struct socket_call, frontend0) == 88, "struct socket_call.frontend0");
_Static_assert(__builtin_offsetof(struct socket_call, frontend1) == 96, "struct socket_call.frontend1");
_Static_assert(__builtin_offsetof(struct socket_call, frontend2) == 104, "struct socket_call.frontend2");
_Static_assert(__builtin_offsetof(struct socket_call, affinity_key0) == 112, "struct socket_call.affinity_key0");
_Static_assert(__builtin_offsetof(struct socket_call, affinity_key1) == 120, "struct socket_call.affinity_key1");
_Static_assert(__builtin_offsetof(struct socket_call, affinity_key2) == 128, "struct socket_call.affinity_key2");
_Static_assert(__builtin_offsetof(struct socket_call, affinity0) == 136, "struct socket_call.affinity0");
_Static_assert(__builtin_offsetof(struct socket_call, translation0) == 144, "struct socket_call.translation0");
_Static_assert(__builtin_offsetof(struct socket_call, translation1) == 152, "struct socket_call.translation1");
_Static_assert(__builtin_offsetof(struct socket_call, translation2) == 160, "struct socket_call.translation2");
_Static_assert(__builtin_offsetof(struct socket_call, translation3) == 168, "struct socket_call.translation3");
_Static_assert(__builtin_offsetof(struct socket_call, origin0) == 176, "struct socket_call.origin0");
_Static_assert(__builtin_offsetof(struct socket_call, origin1) == 184, "struct socket_call.origin1");
_Static_assert(__builtin_offsetof(struct socket_call, origin2) == 192, "struct socket_call.origin2");
_Static_assert(sizeof(struct socket_call) == 200, "struct socket_call");

/* from datapath-as/core/layout/tuple.ts */
struct address {
	u64 hi;
	u64 lo;
};
_Static_assert(__builtin_offsetof(struct address, hi) == 0, "struct address.hi");
_Static_assert(__builtin_offsetof(struct address, lo) == 8, "struct address.lo");
_Static_assert(sizeof(struct address) == 16, "struct address");

struct tuple {
	u64 source_hi;
	u64 source_lo;
	u64 destination_hi;
	u64 destination_lo;
	u16 source_port;
	u16 destination_port;
	u8 protocol;
	u8 pad0;
	u16 pad1;
};
_Static_assert(__builtin_offsetof(struct tuple, source_hi) == 0, "struct tuple.source_hi");
_Static_assert(__builtin_offsetof(struct tuple, source_lo) == 8, "struct tuple.source_lo");
_Static_assert(__builtin_offsetof(struct tuple, destination_hi) == 16, "struct tuple.destination_hi");
_Static_assert(__builtin_offsetof(struct tuple, destination_lo) == 24, "struct tuple.destination_lo");
_Static_assert(__builtin_offsetof(struct tuple, source_port) == 32, "struct tuple.source_port");
_Static_assert(__builtin_offsetof(struct tuple, destination_port) == 34, "struct tuple.destination_port");
_Static_assert(__builtin_offsetof(struct tuple, protocol) == 36, "struct tuple.protocol");
_Static_assert(__builtin_offsetof(struct tuple, pad0) == 37, "struct tuple.pad0");
_Static_assert(__builtin_offsetof(struct tuple, pad1) == 38, "struct tuple.pad1");
_Static_assert(sizeof(struct tuple) == 40, "struct tuple");

struct flow_key {
	u64 low_hi;
	u64 low_lo;
	u64 high_hi;
	u64 high_lo;
	u16 low_port;
	u16 high_port;
	u8 protocol;
	u8 pad0;
	u16 pad1;
};
_Static_assert(__builtin_offsetof(struct flow_key, low_hi) == 0, "struct flow_key.low_hi");
_Static_assert(__builtin_offsetof(struct flow_key, low_lo) == 8, "struct flow_key.low_lo");
_Static_assert(__builtin_offsetof(struct flow_key, high_hi) == 16, "struct flow_key.high_hi");
_Static_assert(__builtin_offsetof(struct flow_key, high_lo) == 24, "struct flow_key.high_lo");
_Static_assert(__builtin_offsetof(struct flow_key, low_port) == 32, "struct flow_key.low_port");
_Static_assert(__builtin_offsetof(struct flow_key, high_port) == 34, "struct flow_key.high_port");
_Static_assert(__builtin_offsetof(struct flow_key, protocol) == 36, "struct flow_key.protocol");
_Static_assert(__builtin_offsetof(struct flow_key, pad0) == 37, "struct flow_key.pad0");
_Static_assert(__builtin_offsetof(struct flow_key, pad1) == 38, "struct flow_key.pad1");
_Static_assert(sizeof(struct flow_key) == 40, "struct flow_key");

/* What the core asks of its machine: bodies are in kernel/lib/host.h. */
struct host;
static __always_inline struct config *lookup_config(struct host *h);
static __always_inline struct address_slot *lookup_epoch(struct host *h, u32 slot);
static __always_inline struct conntrack *lookup_conntrack(struct host *h, struct flow_key *key);
static __always_inline struct translation *lookup_translation(struct host *h, struct tuple *key);
static __always_inline struct endpoint *lookup_endpoint(struct host *h, struct address *key);
static __always_inline struct prefix *lookup_prefix(struct host *h, struct prefix_key *key);
static __always_inline struct node *lookup_node(struct host *h, u32 number);
static __always_inline struct policy_matches *lookup_policy(struct host *h, u32 set, u32 identity, u32 traffic);
static __always_inline u64 every_peers_match(struct host *h, struct policy_matches *found, u32 _set, u32 _traffic);
static __always_inline struct grant *lookup_grant(struct host *h, struct grant_key *key);
static __always_inline struct frontend *lookup_frontend(struct host *h, struct frontend_key *key);
static __always_inline struct source_range *lookup_source_range(struct host *h, struct source_range_key *key);
static __always_inline struct maglev_slot *lookup_maglev(struct host *h, u32 slot);
static __always_inline struct backend *lookup_backend(struct host *h, u32 id);
static __always_inline struct affinity *lookup_affinity(struct host *h, struct affinity_key *key);
static __always_inline struct fragment_ports *lookup_fragment(struct host *h, struct fragment_key *key);
static __always_inline struct socket_config *lookup_socket_config(struct host *h);
static __always_inline struct translation *lookup_socket_flow(struct host *h, struct socket_key *key);
static __always_inline struct socket_frontend *lookup_socket_reverse(struct host *h, struct socket_key *key);

static __always_inline u16 inline_checksum_fold(u32 sum);
__hidden __noinline u16 checksum_fold(u32 sum);
static __always_inline u32 inline_checksum_add(u32 sum, u32 value);
__hidden __noinline u32 checksum_add(u32 sum, u32 value);
__hidden __noinline u16 checksum_replace_partial(u16 field, u32 difference);
static __always_inline bool is_tunnel(struct facts *facts, struct config *config);
static __always_inline bool is_echo_reply(u8 family, u8 type);
__hidden __noinline u32 icmp_ports(struct facts *facts);
static __always_inline struct fragment_key *fragment_key(struct scratch *scratch);
static __always_inline struct fragment_ports *new_fragment_ports(struct scratch *scratch);
static __always_inline bool inline_has_expired(u32 expires, u32 now);
__hidden __noinline bool has_expired(u32 expires, u32 now);
__hidden __noinline u32 fragment(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
static __always_inline u32 find_ports(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
static __always_inline void copy_tuple(struct tuple *from, struct tuple *to);
static __always_inline struct tuple *tuple_of(struct facts *facts);
static __always_inline struct tuple *packet_tuple(struct scratch *scratch);
static __always_inline u32 inline_address_slot(u64 hi, u64 lo);
__hidden __noinline u32 address_slot(u64 hi, u64 lo);
static __always_inline void inline_read_epochs(struct host *h, struct scratch *scratch);
__hidden __noinline void read_epochs(struct host *h, struct scratch *scratch);
static __always_inline u32 inline_flow_key_of(struct tuple *tuple, struct flow_key *key);
__hidden __noinline u32 flow_key_of(struct tuple *tuple, struct flow_key *key);
static __always_inline struct flow_key *flow_key(struct scratch *scratch);
static __always_inline struct conntrack *find_flow(struct host *h, struct record *record, struct scratch *scratch);
static __always_inline u32 inline_is_reply(u32 flags, u32 source_high);
__hidden __noinline u32 is_reply(u32 flags, u32 source_high);
static __always_inline bool inline_conntrack_reopens(u8 protocol, u8 tcp_flags, u32 flags);
__hidden __noinline bool conntrack_reopens(u8 protocol, u8 tcp_flags, u32 flags);
static __always_inline bool is_to_client(struct facts *facts, struct record *record, struct conntrack *entry);
static __always_inline u8 sender_reason(struct facts *facts, struct endpoint *sender);
static __always_inline struct address *address_key(struct scratch *scratch);
static __always_inline struct endpoint *endpoint_of(struct host *h, struct scratch *scratch, u64 hi, u64 lo);
__hidden __noinline u32 check_sender(struct host *h, struct facts *facts, struct scratch *scratch);
static __always_inline u32 drop(struct record *record, u8 reason);
static __always_inline u32 dropped(struct record *record, u32 reason);
static __always_inline void set_target(struct scratch *scratch, u64 hi, u64 lo);
static __always_inline void set_source(struct record *record, u64 hi, u64 lo, u16 port);
static __always_inline void set_destination(struct record *record, u64 hi, u64 lo, u16 port);
static __always_inline void rewrite_error_reply(struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry);
static __always_inline void rewrite_error_forward(struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry);
__hidden __noinline void rewrite_error(struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry);
static __always_inline bool is_outward(struct conntrack *entry);
static __always_inline struct tuple *origin_tuple(struct scratch *scratch);
static __always_inline u32 traffic_of(u8 protocol, u16 port);
static __always_inline u32 tunnel_identity(u32 identity);
static __always_inline struct prefix_key *prefix_key(struct scratch *scratch);
static __always_inline struct prefix *prefix_of(struct host *h, struct scratch *scratch, u64 hi, u64 lo);
static __always_inline u32 remote_identity(struct host *h, struct scratch *scratch, u64 hi, u64 lo, u32 known);
static __always_inline u32 world_identity(u32 known, u32 identity);
static __always_inline u32 inline_note_originator(struct host *h, struct facts *facts, struct scratch *scratch, struct endpoint *endpoint, u32 reply);
__hidden __noinline u32 note_originator(struct host *h, struct facts *facts, struct scratch *scratch, struct endpoint *endpoint, u32 reply);
static __always_inline u32 inline_note_responder(struct host *h, struct facts *facts, struct scratch *scratch, struct endpoint *endpoint, u32 reply);
__hidden __noinline u32 note_responder(struct host *h, struct facts *facts, struct scratch *scratch, struct endpoint *endpoint, u32 reply);
static __always_inline struct grant_key *grant_key(struct scratch *scratch);
static __always_inline u64 better_match(u64 match, u64 other);
static __always_inline u64 inline_policy_verdict(struct host *h, u32 set, u32 identity, u32 traffic, u32 peers_only);
__hidden __noinline u64 policy_verdict(struct host *h, u32 set, u32 identity, u32 traffic, u32 peers_only);
static __always_inline u64 inline_policy_match(struct host *h, u32 set, u32 identity, u32 traffic);
__hidden __noinline u64 policy_match(struct host *h, u32 set, u32 identity, u32 traffic);
static __always_inline u64 grant_match(struct host *h, struct scratch *scratch, u64 match, u32 set, u32 traffic, u32 identity, u32 expires);
__hidden __noinline u64 granted_verdict(struct host *h, struct scratch *scratch, u64 match, u32 set, u32 traffic);
static __always_inline u64 direction_verdict(struct host *h, struct scratch *scratch, u32 set, u8 direction, u32 identity, u32 peers_only);
static __always_inline u32 match_rule(u64 match);
static __always_inline u8 audited_reason(struct record *record, struct endpoint *endpoint, u8 reason);
static __always_inline u16 match_proxy_port(u64 match);
static __always_inline u8 inline_match_reason(u64 match);
__hidden __noinline u8 match_reason(u64 match);
static __always_inline u32 inline_evaluate_egress(struct host *h, struct record *record, struct scratch *scratch, struct endpoint *endpoint);
__hidden __noinline u32 evaluate_egress(struct host *h, struct record *record, struct scratch *scratch, struct endpoint *endpoint);
static __always_inline u32 inline_evaluate_ingress(struct host *h, struct record *record, struct scratch *scratch, struct endpoint *endpoint);
__hidden __noinline u32 evaluate_ingress(struct host *h, struct record *record, struct scratch *scratch, struct endpoint *endpoint);
static __always_inline u32 inline_evaluate(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
__hidden __noinline u32 evaluate(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
static __always_inline bool is_configured(struct host *h, u32 flag);
static __always_inline void tell_allowed(struct host *h, struct record *record);
__hidden __noinline u32 stray(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
__hidden __noinline u32 related(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry);
static __always_inline bool inline_is_current(struct facts *facts, struct scratch *scratch, struct conntrack *entry, u32 reply);
__hidden __noinline bool is_current(struct facts *facts, struct scratch *scratch, struct conntrack *entry, u32 reply);
static __always_inline u32 inline_conntrack_transition(u8 protocol, u8 tcp_flags, u32 reply);
__hidden __noinline u32 conntrack_transition(u8 protocol, u8 tcp_flags, u32 reply);
static __always_inline u32 inline_conntrack_expiry(u32 expires, u32 now, u32 lifetime);
__hidden __noinline u32 conntrack_expiry(u32 expires, u32 now, u32 lifetime);
static __always_inline u32 inline_conntrack_lifetime(u8 protocol, u32 flags);
__hidden __noinline u32 conntrack_lifetime(u8 protocol, u32 flags);
static __always_inline void inline_touch_flow(struct facts *facts, struct record *record, struct conntrack *entry);
__hidden __noinline void touch_flow(struct facts *facts, struct record *record, struct conntrack *entry);
static __always_inline void inline_rewrite_forward(struct record *record, struct scratch *scratch);
__hidden __noinline void rewrite_forward(struct record *record, struct scratch *scratch);
static __always_inline void inline_rewrite_reply(struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry);
__hidden __noinline void rewrite_reply(struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry);
static __always_inline bool is_backends(struct host *h, struct conntrack *entry);
static __always_inline struct tuple *client_tuple(struct scratch *scratch);
static __always_inline struct translation *new_translation(struct scratch *scratch);
__hidden __noinline void renew_translation(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry);
static __always_inline u32 inline_established(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry);
__hidden __noinline u32 established(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry);
__hidden __noinline void reverse_tuple(struct tuple *from, struct tuple *to);
static __always_inline u16 inline_policy_port(struct tuple *origin, u8 family);
__hidden __noinline u16 policy_port(struct tuple *origin, u8 family);
static __always_inline void set_traffic(struct facts *facts, struct scratch *scratch);
static __always_inline struct conntrack *new_conntrack(struct scratch *scratch);
static __always_inline void write_verdict(struct record *record, struct scratch *scratch);
__hidden __noinline void continue_flow(struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *old);
__hidden __noinline u32 revisited(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry);
static __always_inline u32 leave_to_host(struct record *record);
__hidden __noinline u32 answered(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
static __always_inline void inline_new_flow(struct facts *facts, struct record *record, struct scratch *scratch);
__hidden __noinline void new_flow(struct facts *facts, struct record *record, struct scratch *scratch);
static __always_inline u32 forward_local(struct facts *facts, struct record *record, struct endpoint *endpoint);
static __always_inline bool goes_on(struct facts *facts, struct record *record, struct scratch *scratch);
static __always_inline u32 forward_remote(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
static __always_inline u32 inline_forward(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
__hidden __noinline u32 forward(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
__hidden __noinline u32 begun(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, u8 effect);
static __always_inline void clear_record(struct facts *facts, struct record *record);
static __always_inline u32 hints_of(struct host *h, u64 hi, u64 lo);
static __always_inline bool is_router(struct config *config, u64 hi, u64 lo);
__hidden __noinline u32 is_foreign(struct host *h, struct facts *facts);
__hidden __noinline u32 is_host_owned(struct host *h, struct facts *facts, struct scratch *scratch);
static __always_inline bool is_hosts(struct host *h, struct facts *facts, struct scratch *scratch);
static __always_inline bool is_translating(u8 hook);
static __always_inline void copy_translation(struct translation *from, struct translation *to);
static __always_inline u8 hide_behind_router(struct host *h, struct scratch *scratch, u8 family);
static __always_inline u8 translate_error(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
static __always_inline bool is_usable(struct host *h, struct translation *found, struct facts *facts);
static __always_inline struct frontend_key *frontend_key(struct scratch *scratch);
static __always_inline struct frontend *find_frontend(struct host *h, struct scratch *scratch, u16 port, u8 protocol, u8 scope);
static __always_inline u8 unknown_port(struct host *h, struct facts *facts, struct scratch *scratch, u8 scope);
static __always_inline struct source_range_key *source_range_key(struct scratch *scratch);
static __always_inline bool is_in_range(struct host *h, struct scratch *scratch, u32 service);
static __always_inline struct affinity_key *affinity_key(struct scratch *scratch);
static __always_inline void choose_backend(struct translation *translation, u32 id, struct backend *backend);
static __always_inline u32 offer_backend(struct host *h, struct translation *translation, u32 id);
static __always_inline u32 slot_backend(struct host *h, u32 slot);
static __always_inline u8 select_slot(struct host *h, struct translation *translation, u32 offset, u32 size, u32 first);
static __always_inline u32 inline_scale_hash(u32 hash, u32 size);
__hidden __noinline u32 scale_hash(u32 hash, u32 size);
static __always_inline u32 jhash6(u32 w0, u32 w1, u32 w2, u32 w3, u32 w4, u32 w5, u32 seed);
__hidden __noinline u32 client_hash(struct tuple *tuple, u32 seed);
__hidden __noinline u32 maglev_index(struct scratch *scratch, u32 size);
__hidden __noinline u8 select_maglev(struct host *h, struct scratch *scratch, u32 offset, u32 size);
static __always_inline struct affinity *new_affinity(struct scratch *scratch);
static __always_inline u8 select_kept(struct host *h, struct scratch *scratch, struct record *record, struct frontend *frontend);
__hidden __noinline u8 select_backend(struct host *h, struct record *record, struct scratch *scratch, struct frontend *frontend);
static __always_inline u8 hide_client(struct host *h, struct scratch *scratch, u8 family);
static __always_inline u8 apply_translation(struct host *h, struct record *record, struct scratch *scratch, u8 family);
static __always_inline struct node *tunnel_node(struct host *h, struct scratch *scratch);
static __always_inline bool is_behind_tunnel(struct host *h, struct scratch *scratch);
static __always_inline u8 place_outside(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, u32 flags);
static __always_inline u8 translate_new(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
static __always_inline u8 translate_client(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
static __always_inline bool is_of_client(struct scratch *scratch, struct conntrack *entry);
static __always_inline bool is_free(struct host *h, struct scratch *scratch);
static __always_inline void offer(struct scratch *scratch, u32 first, u32 count, u32 attempt);
static __always_inline u32 give_offered(struct scratch *scratch);
static __always_inline bool is_left(struct host *h, struct scratch *scratch);
__hidden __noinline u32 masquerade_again(struct host *h, struct scratch *scratch, u32 first, u32 count);
__hidden __noinline u32 masquerade(struct host *h, struct facts *facts, struct scratch *scratch);
__hidden __noinline u32 translate(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
__hidden __noinline u32 elsewhere(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
static __always_inline bool is_same_frontend(struct record *record, struct scratch *scratch, struct conntrack *entry);
static __always_inline u32 known(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry);
__hidden __noinline u32 unrelated(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
static __always_inline u32 inline_opened(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, u8 effect);
__hidden __noinline u32 opened(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, u8 effect);
static __always_inline u32 judge(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
__hidden __noinline u32 decide(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch);
__hidden __noinline u32 backend_hash(u64 hi, u64 lo, u32 place, u32 seed);
static __always_inline struct translation *call_translation(struct socket_call *call);
static __always_inline bool is_ipv4(u64 hi, u64 lo);
static __always_inline struct socket_key *call_peer(struct socket_call *call);
static __always_inline bool is_origin(struct socket_call *call, struct socket_frontend *known);
static __always_inline struct socket_frontend *call_origin(struct socket_call *call);
__hidden __noinline u32 apply_to_call(struct host *h, struct socket_call *call);
static __always_inline bool is_loopback(u64 hi, u64 lo);
static __always_inline bool is_on_node(struct host *h, struct socket_call *call);
__hidden __noinline bool is_sockets_own(struct host *h, struct socket_call *call);
static __always_inline struct socket_key *call_key(struct socket_call *call);
__hidden __noinline u32 keep_socket_flow(struct host *h, struct socket_call *call);
static __always_inline struct affinity_key *call_affinity_key(struct socket_call *call);
static __always_inline u32 socket_hash(u64 cookie);
__hidden __noinline u32 socket_index(struct socket_call *call, u32 size);
__hidden __noinline u8 select_socket_slot(struct host *h, struct socket_call *call, u32 offset, u32 size);
static __always_inline struct affinity *call_affinity(struct socket_call *call);
__hidden __noinline u8 select_kept_for_socket(struct host *h, struct socket_call *call, struct frontend *frontend);
__hidden __noinline u32 socket_origin(struct host *h, struct socket_call *call);
static __always_inline bool has_frontends(struct host *h, struct socket_call *call);
static __always_inline struct frontend_key *call_frontend_key(struct socket_call *call);
static __always_inline struct frontend *socket_frontend(struct host *h, struct socket_call *call, u16 port, u8 protocol);
static __always_inline u32 refuse(struct socket_call *call, u8 reason);
static __always_inline u8 select_for_socket(struct host *h, struct socket_call *call, struct frontend *frontend);
__hidden __noinline u32 socket_translate(struct host *h, struct socket_call *call);
static __always_inline u32 difference_of_words(u64 before, u64 after);
static __always_inline u32 inline_checksum_of_address_change(u64 old_hi, u64 old_lo, u64 new_hi, u64 new_lo);
__hidden __noinline u32 checksum_of_address_change(u64 old_hi, u64 old_lo, u64 new_hi, u64 new_lo);
static __always_inline u32 inline_checksum_of_port_change(u16 before, u16 after);
__hidden __noinline u32 checksum_of_port_change(u16 before, u16 after);
static __always_inline u16 inline_checksum_replace(u16 field, u32 difference);
__hidden __noinline u16 checksum_replace(u16 field, u32 difference);

/* from datapath-as/core/checksum.ts:11 */
static __always_inline u16 inline_checksum_fold(u32 sum)
{
	const u32 once = (sum & 0xffff) + (sum >> 16);
	return (u16)((once & 0xffff) + (once >> 16));
}

__hidden __noinline u16 checksum_fold(u32 sum)
{
	return inline_checksum_fold(sum);
}

/* from datapath-as/core/checksum.ts:5 */
static __always_inline u32 inline_checksum_add(u32 sum, u32 value)
{
	const u64 total = (u64)sum + (u64)value;
	return (u32)total + (u32)(total >> 32);
}

__hidden __noinline u32 checksum_add(u32 sum, u32 value)
{
	return inline_checksum_add(sum, value);
}

/* from datapath-as/core/checksum.ts:39 */
__hidden __noinline u16 checksum_replace_partial(u16 field, u32 difference)
{
	return inline_checksum_fold(inline_checksum_add((u32)field, difference));
}

/* from datapath-as/core/decide.ts:233 */
static __always_inline bool is_tunnel(struct facts *facts, struct config *config)
{
	if (facts->protocol != PROTOCOL_UDP || (facts->flags & FACT_ICMP_ERROR) != 0)
		return false;
	return config->tunnel_port != 0 && facts->destination_port == config->tunnel_port;
}

/* from datapath-as/core/stages/icmp.ts:8 */
static __always_inline bool is_echo_reply(u8 family, u8 type)
{
	return type == (family == FAMILY_IPV4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY);
}

/* from datapath-as/core/stages/icmp.ts:13 */
__hidden __noinline u32 icmp_ports(struct facts *facts)
{
	const u8 request = facts->family == FAMILY_IPV4 ? ICMP_ECHO_REQUEST : ICMPV6_ECHO_REQUEST;
	if (facts->icmp_type == request) {
		facts->source_port = facts->icmp_id;
		facts->destination_port = 0;
		return REASON_FORWARDED;
	}
	if (is_echo_reply(facts->family, facts->icmp_type)) {
		facts->source_port = 0;
		facts->destination_port = facts->icmp_id;
		return REASON_FORWARDED;
	}
	if (facts->icmp_type == 0)
		return REASON_UNSUPPORTED_L4;
	facts->source_port = 0;
	facts->destination_port = (u16)((u32)(u16)facts->icmp_type << 8);
	return REASON_FORWARDED;
}

/* from datapath-as/core/layout/scratch.ts:147 */
static __always_inline struct fragment_key *fragment_key(struct scratch *scratch)
{
	return (struct fragment_key *)&scratch->fragment_key0;
}

/* from datapath-as/core/layout/scratch.ts:150 */
static __always_inline struct fragment_ports *new_fragment_ports(struct scratch *scratch)
{
	return (struct fragment_ports *)&scratch->fragment_ports0;
}

/* from datapath-as/core/time.ts:4 */
static __always_inline bool inline_has_expired(u32 expires, u32 now)
{
	return (i32)(expires - now) <= 0;
}

__hidden __noinline bool has_expired(u32 expires, u32 now)
{
	return inline_has_expired(expires, now);
}

/* from datapath-as/core/stages/fragment.ts:12 */
__hidden __noinline u32 fragment(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	struct fragment_key *key = fragment_key(scratch);
	key->source_hi = facts->source_hi;
	key->source_lo = facts->source_lo;
	key->destination_hi = facts->destination_hi;
	key->destination_lo = facts->destination_lo;
	key->id = facts->fragment_id;
	key->protocol = facts->protocol;
	key->pad0 = 0;
	key->pad1 = 0;
	if ((facts->flags & FACT_FIRST_FRAGMENT) != 0) {
		struct fragment_ports *ports = new_fragment_ports(scratch);
		ports->source_port = facts->source_port;
		ports->destination_port = facts->destination_port;
		ports->expires = facts->now + LIFETIME_FRAGMENT;
		record->fragment = EFFECT_REPLACE;
		return REASON_FORWARDED;
	}
	struct fragment_ports *known = lookup_fragment(h, key);
	if (known == 0 || inline_has_expired(known->expires, facts->now))
		return REASON_FRAGMENT_UNKNOWN;
	facts->source_port = known->source_port;
	facts->destination_port = known->destination_port;
	return REASON_FORWARDED;
}

/* from datapath-as/core/decide.ts:217 */
static __always_inline u32 find_ports(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	const bool icmp = facts->protocol == PROTOCOL_ICMP || facts->protocol == PROTOCOL_ICMPV6;
	if (icmp && (facts->flags & FACT_LATER_FRAGMENT) == 0) {
		const u32 reason = icmp_ports(facts);
		if (reason != REASON_FORWARDED)
			return reason;
	}
	if ((facts->flags & (FACT_FIRST_FRAGMENT | FACT_LATER_FRAGMENT)) == 0)
		return REASON_FORWARDED;
	return fragment(h, facts, record, scratch);
}

/* from datapath-as/core/tuple.ts:11 */
static __always_inline void copy_tuple(struct tuple *from, struct tuple *to)
{
	to->source_hi = from->source_hi;
	to->source_lo = from->source_lo;
	to->destination_hi = from->destination_hi;
	to->destination_lo = from->destination_lo;
	to->source_port = from->source_port;
	to->destination_port = from->destination_port;
	to->protocol = from->protocol;
	to->pad0 = 0;
	to->pad1 = 0;
}

/* from datapath-as/core/tuple.ts:7 */
static __always_inline struct tuple *tuple_of(struct facts *facts)
{
	return (struct tuple *)&facts->source_hi;
}

/* from datapath-as/core/layout/scratch.ts:114 */
static __always_inline struct tuple *packet_tuple(struct scratch *scratch)
{
	return (struct tuple *)&scratch->tuple0;
}

/* from datapath-as/core/hash.ts:15 */
static __always_inline u32 inline_address_slot(u64 hi, u64 lo)
{
	return (u32)(((hi ^ (lo * SPREAD_LOW)) * SPREAD_HIGH) >> SLOT_SHIFT);
}

__hidden __noinline u32 address_slot(u64 hi, u64 lo)
{
	return inline_address_slot(hi, lo);
}

/* from datapath-as/core/address.ts:12 */
static __always_inline void inline_read_epochs(struct host *h, struct scratch *scratch)
{
	struct tuple *tuple = packet_tuple(scratch);
	struct address_slot *source = lookup_epoch(h, inline_address_slot(tuple->source_hi, tuple->source_lo));
	struct address_slot *destination = lookup_epoch(h, inline_address_slot(tuple->destination_hi, tuple->destination_lo));
	scratch->source_epoch = source == 0 ? 0 : source->epoch;
	scratch->destination_epoch = destination == 0 ? 0 : destination->epoch;
	scratch->hints = destination == 0 ? 0 : destination->hints;
}

__hidden __noinline void read_epochs(struct host *h, struct scratch *scratch)
{
	inline_read_epochs(h, scratch);
}

/* from datapath-as/core/tuple.ts:37 */
static __always_inline u32 inline_flow_key_of(struct tuple *tuple, struct flow_key *key)
{
	const u64 source_hi = tuple->source_hi;
	const u64 source_lo = tuple->source_lo;
	const u64 destination_hi = tuple->destination_hi;
	const u64 destination_lo = tuple->destination_lo;
	const u16 source_port = tuple->source_port;
	const u16 destination_port = tuple->destination_port;
	key->protocol = tuple->protocol;
	key->pad0 = 0;
	key->pad1 = 0;
	const bool high = source_hi > destination_hi || (source_hi == destination_hi && (source_lo > destination_lo || (source_lo == destination_lo && source_port > destination_port)));
	if (high) {
		key->low_hi = destination_hi;
		key->low_lo = destination_lo;
		key->high_hi = source_hi;
		key->high_lo = source_lo;
		key->low_port = destination_port;
		key->high_port = source_port;
		return 1;
	}
	key->low_hi = source_hi;
	key->low_lo = source_lo;
	key->high_hi = destination_hi;
	key->high_lo = destination_lo;
	key->low_port = source_port;
	key->high_port = destination_port;
	return 0;
}

__hidden __noinline u32 flow_key_of(struct tuple *tuple, struct flow_key *key)
{
	return inline_flow_key_of(tuple, key);
}

/* from datapath-as/core/layout/scratch.ts:120 */
static __always_inline struct flow_key *flow_key(struct scratch *scratch)
{
	return (struct flow_key *)&scratch->flow0;
}

/* from datapath-as/core/decide.ts:205 */
static __always_inline struct conntrack *find_flow(struct host *h, struct record *record, struct scratch *scratch)
{
	inline_read_epochs(h, scratch);
	scratch->source_high = inline_flow_key_of(packet_tuple(scratch), flow_key(scratch));
	struct conntrack *entry = lookup_conntrack(h, flow_key(scratch));
	scratch->stale = 0;
	if (entry == 0 || !inline_has_expired(entry->expires, scratch->now))
		return entry;
	scratch->stale = 1;
	record->touch_expires = entry->expires;
	return 0;
}

/* from datapath-as/core/conntrack.ts:28 */
static __always_inline u32 inline_is_reply(u32 flags, u32 source_high)
{
	return (flags & CONNTRACK_ORIGIN_HIGH) == source_high ? 0U : 1;
}

__hidden __noinline u32 is_reply(u32 flags, u32 source_high)
{
	return inline_is_reply(flags, source_high);
}

/* from datapath-as/core/conntrack.ts:54 */
static __always_inline bool inline_conntrack_reopens(u8 protocol, u8 tcp_flags, u32 flags)
{
	return protocol == PROTOCOL_TCP && (tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && (flags & CONNTRACK_BOTH_CLOSED) != 0;
}

__hidden __noinline bool conntrack_reopens(u8 protocol, u8 tcp_flags, u32 flags)
{
	return inline_conntrack_reopens(protocol, tcp_flags, flags);
}

/* from datapath-as/core/decide.ts:314 */
static __always_inline bool is_to_client(struct facts *facts, struct record *record, struct conntrack *entry)
{
	const bool is_error = (facts->flags & FACT_ICMP_ERROR) != 0;
	if ((entry->flags & CONNTRACK_ANSWERED) != CONNTRACK_TRANSLATED)
		return false;
	if (is_error)
		return record->reply == 0;
	return record->reply != 0 && !inline_conntrack_reopens(facts->protocol, facts->tcp_flags, entry->flags);
}

/* from datapath-as/core/stages/peers.ts:12 */
static __always_inline u8 sender_reason(struct facts *facts, struct endpoint *sender)
{
	if (facts->hook == HOOK_FROM_POD)
		return (sender != 0 && sender->port == facts->port) ? REASON_FORWARDED : REASON_INVALID_SOURCE;
	if (facts->hook == HOOK_FROM_OVERLAY || facts->hook == HOOK_FROM_NETWORK)
		return sender != 0 ? REASON_INVALID_SOURCE : REASON_FORWARDED;
	return REASON_FORWARDED;
}

/* from datapath-as/core/layout/scratch.ts:126 */
static __always_inline struct address *address_key(struct scratch *scratch)
{
	return (struct address *)&scratch->address0;
}

/* from datapath-as/core/address.ts:21 */
static __always_inline struct endpoint *endpoint_of(struct host *h, struct scratch *scratch, u64 hi, u64 lo)
{
	struct address *key = address_key(scratch);
	key->hi = hi;
	key->lo = lo;
	return lookup_endpoint(h, key);
}

/* from datapath-as/core/stages/peers.ts:23 */
__hidden __noinline u32 check_sender(struct host *h, struct facts *facts, struct scratch *scratch)
{
	return sender_reason(facts, endpoint_of(h, scratch, facts->outer_source_hi, facts->outer_source_lo));
}

/* from datapath-as/core/effects.ts:46 */
static __always_inline u32 drop(struct record *record, u8 reason)
{
	record->next_hop = NEXT_HOP_DROP;
	record->reason = reason;
	record->event = EVENT_DROP;
	record->conntrack = EFFECT_NONE;
	record->translation = EFFECT_NONE;
	record->affinity = EFFECT_NONE;
	record->fragment = EFFECT_NONE;
	record->rewrite = REWRITE_NONE;
	return NEXT_HOP_DROP;
}

/* from datapath-as/core/effects.ts:59 */
static __always_inline u32 dropped(struct record *record, u32 reason)
{
	drop(record, (u8)reason);
	return ENDED;
}

/* from datapath-as/core/stages/rewrite.ts:29 */
static __always_inline void set_target(struct scratch *scratch, u64 hi, u64 lo)
{
	address_key(scratch)->hi = hi;
	address_key(scratch)->lo = lo;
}

/* from datapath-as/core/stages/rewrite.ts:15 */
static __always_inline void set_source(struct record *record, u64 hi, u64 lo, u16 port)
{
	record->rewrite |= REWRITE_SOURCE;
	record->new_source_hi = hi;
	record->new_source_lo = lo;
	record->new_source_port = port;
}

/* from datapath-as/core/stages/rewrite.ts:22 */
static __always_inline void set_destination(struct record *record, u64 hi, u64 lo, u16 port)
{
	record->rewrite |= REWRITE_DESTINATION;
	record->new_destination_hi = hi;
	record->new_destination_lo = lo;
	record->new_destination_port = port;
}

/* from datapath-as/core/stages/rewrite.ts:78 */
static __always_inline void rewrite_error_reply(struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry)
{
	struct tuple *tuple = packet_tuple(scratch);
	set_target(scratch, facts->outer_destination_hi, facts->outer_destination_lo);
	if (record->service == 0)
		return;
	record->rewrite = REWRITE_EMBEDDED;
	set_source(record, tuple->source_hi, tuple->source_lo, tuple->source_port);
	if ((entry->flags & CONNTRACK_MASQUERADED) != 0) {
		set_destination(record, tuple->destination_hi, tuple->destination_lo, tuple->destination_port);
		if (facts->outer_source_hi == facts->destination_hi && facts->outer_source_lo == facts->destination_lo)
			record->rewrite |= REWRITE_OUTER_SOURCE;
	}
	if (facts->outer_destination_hi != facts->source_hi || facts->outer_destination_lo != facts->source_lo)
		return;
	record->rewrite |= REWRITE_OUTER_DESTINATION;
	set_target(scratch, tuple->source_hi, tuple->source_lo);
}

/* from datapath-as/core/stages/rewrite.ts:59 */
static __always_inline void rewrite_error_forward(struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry)
{
	set_target(scratch, facts->outer_destination_hi, facts->outer_destination_lo);
	if ((entry->flags & CONNTRACK_TRANSLATED) == 0)
		return;
	record->rewrite = REWRITE_EMBEDDED;
	set_destination(record, entry->frontend_hi, entry->frontend_lo, entry->frontend_port);
	if (facts->outer_source_hi == facts->destination_hi && facts->outer_source_lo == facts->destination_lo)
		record->rewrite |= REWRITE_OUTER_SOURCE;
	if ((entry->flags & CONNTRACK_MASQUERADED) != 0) {
		set_source(record, entry->client_hi, entry->client_lo, entry->client_port);
		record->rewrite |= REWRITE_OUTER_DESTINATION;
		set_target(scratch, entry->client_hi, entry->client_lo);
		return;
	}
	if ((entry->flags & CONNTRACK_HAIRPIN) == 0)
		return;
	set_source(record, facts->destination_hi, facts->destination_lo, facts->source_port);
	record->rewrite |= REWRITE_OUTER_DESTINATION;
	set_target(scratch, facts->destination_hi, facts->destination_lo);
}

/* from datapath-as/core/stages/rewrite.ts:94 */
__hidden __noinline void rewrite_error(struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry)
{
	record->rewrite = REWRITE_NONE;
	if (record->reply != 0)
		rewrite_error_reply(facts, record, scratch, entry);
	else
		rewrite_error_forward(facts, record, scratch, entry);
}

/* from datapath-as/core/decide.ts:61 */
static __always_inline bool is_outward(struct conntrack *entry)
{
	return (entry->flags & CONNTRACK_MASQUERADED) != 0;
}

/* from datapath-as/core/layout/scratch.ts:117 */
static __always_inline struct tuple *origin_tuple(struct scratch *scratch)
{
	return (struct tuple *)&scratch->origin0;
}

/* from datapath-as/core/policy.ts:86 */
static __always_inline u32 traffic_of(u8 protocol, u16 port)
{
	return ((u32)port << 16) | ((u32)protocol << 8);
}

/* from datapath-as/core/stages/peers.ts:28 */
static __always_inline u32 tunnel_identity(u32 identity)
{
	if (identity == IDENTITY_HOST)
		return IDENTITY_REMOTE_NODE;
	return (identity & IDENTITY_SCOPE_MASK) == 0 ? identity : IDENTITY_UNKNOWN;
}

/* from datapath-as/core/layout/scratch.ts:129 */
static __always_inline struct prefix_key *prefix_key(struct scratch *scratch)
{
	return (struct prefix_key *)&scratch->prefix0;
}

/* from datapath-as/core/address.ts:28 */
static __always_inline struct prefix *prefix_of(struct host *h, struct scratch *scratch, u64 hi, u64 lo)
{
	struct prefix_key *key = prefix_key(scratch);
	key->prefix_length = PREFIX_WHOLE;
	key->zone = 0;
	key->hi = hi;
	key->lo = lo;
	return lookup_prefix(h, key);
}

/* from datapath-as/core/stages/peers.ts:34 */
static __always_inline u32 remote_identity(struct host *h, struct scratch *scratch, u64 hi, u64 lo, u32 known)
{
	struct prefix *prefix = prefix_of(h, scratch, hi, lo);
	if (prefix == 0) {
		scratch->remote_node = 0;
		return known == IDENTITY_UNKNOWN ? IDENTITY_WORLD : known;
	}
	scratch->remote_node = prefix->node;
	return prefix->identity;
}

/* from datapath-as/core/stages/peers.ts:45 */
static __always_inline u32 world_identity(u32 known, u32 identity)
{
	return (known == IDENTITY_WORLD && (identity & IDENTITY_SCOPE_MASK) != 0) ? identity : known;
}

/* from datapath-as/core/stages/peers.ts:50 */
static __always_inline u32 inline_note_originator(struct host *h, struct facts *facts, struct scratch *scratch, struct endpoint *endpoint, u32 reply)
{
	if (reply == 0) {
		const u8 reason = sender_reason(facts, endpoint);
		if (reason != REASON_FORWARDED)
			return reason;
	}
	if (endpoint != 0) {
		scratch->origin_port = endpoint->port;
		scratch->origin_identity = endpoint->identity;
		return REASON_FORWARDED;
	}
	struct tuple *origin = origin_tuple(scratch);
	scratch->origin_port = 0;
	const bool overlay = facts->hook == HOOK_FROM_OVERLAY && reply == 0;
	const u32 known = overlay ? tunnel_identity(facts->tunnel_identity) : scratch->origin_identity;
	if (overlay && known == IDENTITY_UNKNOWN)
		return REASON_INVALID_IDENTITY;
	const u32 identity = remote_identity(h, scratch, origin->source_hi, origin->source_lo, known);
	scratch->origin_identity = overlay ? world_identity(known, identity) : identity;
	return REASON_FORWARDED;
}

__hidden __noinline u32 note_originator(struct host *h, struct facts *facts, struct scratch *scratch, struct endpoint *endpoint, u32 reply)
{
	return inline_note_originator(h, facts, scratch, endpoint, reply);
}

/* from datapath-as/core/stages/peers.ts:71 */
static __always_inline u32 inline_note_responder(struct host *h, struct facts *facts, struct scratch *scratch, struct endpoint *endpoint, u32 reply)
{
	if (reply != 0) {
		const u8 reason = sender_reason(facts, endpoint);
		if (reason != REASON_FORWARDED)
			return reason;
	}
	if (endpoint != 0) {
		scratch->responder_port = endpoint->port;
		scratch->responder_identity = endpoint->identity;
		return REASON_FORWARDED;
	}
	struct tuple *origin = origin_tuple(scratch);
	scratch->responder_port = 0;
	scratch->responder_identity = remote_identity(h, scratch, origin->destination_hi, origin->destination_lo, scratch->responder_identity);
	return REASON_FORWARDED;
}

__hidden __noinline u32 note_responder(struct host *h, struct facts *facts, struct scratch *scratch, struct endpoint *endpoint, u32 reply)
{
	return inline_note_responder(h, facts, scratch, endpoint, reply);
}

/* from datapath-as/core/layout/scratch.ts:132 */
static __always_inline struct grant_key *grant_key(struct scratch *scratch)
{
	return (struct grant_key *)&scratch->grant0;
}

/* from datapath-as/core/policy.ts:27 */
static __always_inline u64 better_match(u64 match, u64 other)
{
	return (other >> ORDER_SHIFT) > (match >> ORDER_SHIFT) ? other : match;
}

/* from datapath-as/core/policy.ts:40 */
static __always_inline u64 inline_policy_verdict(struct host *h, u32 set, u32 identity, u32 traffic, u32 peers_only)
{
	struct policy_matches *found = lookup_policy(h, set, identity, traffic);
	const u64 match = found->peer;
	if ((match >> PRECEDENCE_SHIFT) == (u64)PRECEDENCE_DENY)
		return match;
	if (match == 0 && peers_only != 0)
		return 0;
	return better_match(match, every_peers_match(h, found, set, traffic));
}

__hidden __noinline u64 policy_verdict(struct host *h, u32 set, u32 identity, u32 traffic, u32 peers_only)
{
	return inline_policy_verdict(h, set, identity, traffic, peers_only);
}

/* from datapath-as/core/policy.ts:32 */
static __always_inline u64 inline_policy_match(struct host *h, u32 set, u32 identity, u32 traffic)
{
	return lookup_policy(h, set, identity, traffic)->peer;
}

__hidden __noinline u64 policy_match(struct host *h, u32 set, u32 identity, u32 traffic)
{
	return inline_policy_match(h, set, identity, traffic);
}

/* from datapath-as/core/policy.ts:48 */
static __always_inline u64 grant_match(struct host *h, struct scratch *scratch, u64 match, u32 set, u32 traffic, u32 identity, u32 expires)
{
	if (identity == 0)
		return match;
	if (scratch->keeps_grants == 0 && inline_has_expired(expires, scratch->now))
		return match == 0 ? MATCH_GRANT_EXPIRED : match;
	return better_match(match, inline_policy_match(h, set, identity, traffic));
}

/* from datapath-as/core/policy.ts:58 */
__hidden __noinline u64 granted_verdict(struct host *h, struct scratch *scratch, u64 match, u32 set, u32 traffic)
{
	if ((match >> PRECEDENCE_SHIFT) == (u64)PRECEDENCE_DENY)
		return match;
	struct grant *grant = lookup_grant(h, grant_key(scratch));
	if (grant == 0)
		return match;
	u64 best = grant_match(h, scratch, match, set, traffic, grant->identity0, grant->expires0);
	best = grant_match(h, scratch, best, set, traffic, grant->identity1, grant->expires1);
	best = grant_match(h, scratch, best, set, traffic, grant->identity2, grant->expires2);
	return grant_match(h, scratch, best, set, traffic, grant->identity3, grant->expires3);
}

/* from datapath-as/core/policy.ts:94 */
static __always_inline u64 direction_verdict(struct host *h, struct scratch *scratch, u32 set, u8 direction, u32 identity, u32 peers_only)
{
	const u32 traffic = scratch->traffic | (u32)direction;
	const bool grants = direction == DIRECTION_EGRESS && scratch->responder_port == 0;
	const u64 match = inline_policy_verdict(h, set, identity, traffic, grants ? 0 : peers_only);
	if (!grants)
		return match;
	return granted_verdict(h, scratch, match, set, traffic);
}

/* from datapath-as/core/policy.ts:19 */
static __always_inline u32 match_rule(u64 match)
{
	return (match >> ORDER_SHIFT) == 0 ? 0 : (u32)match;
}

/* from datapath-as/core/stages/evaluate.ts:21 */
static __always_inline u8 audited_reason(struct record *record, struct endpoint *endpoint, u8 reason)
{
	if (reason == REASON_FORWARDED || (endpoint->flags & ENDPOINT_AUDIT) == 0)
		return reason;
	record->audited = reason;
	record->event = EVENT_AUDIT;
	return REASON_FORWARDED;
}

/* from datapath-as/core/policy.ts:23 */
static __always_inline u16 match_proxy_port(u64 match)
{
	return (u16)(match >> PROXY_SHIFT);
}

/* from datapath-as/core/policy.ts:69 */
static __always_inline u8 inline_match_reason(u64 match)
{
	const u8 precedence = (u8)(match >> PRECEDENCE_SHIFT);
	if (precedence == PRECEDENCE_NONE)
		return match == MATCH_GRANT_EXPIRED ? REASON_GRANT_EXPIRED : REASON_POLICY_DENIED;
	if (precedence == PRECEDENCE_DENY)
		return REASON_POLICY_DENY;
	if (precedence >= PRECEDENCE_REDIRECT && match_proxy_port(match) == 0)
		return REASON_L7_NOT_ENFORCED;
	return REASON_FORWARDED;
}

__hidden __noinline u8 match_reason(u64 match)
{
	return inline_match_reason(match);
}

/* from datapath-as/core/stages/evaluate.ts:29 */
static __always_inline u32 inline_evaluate_egress(struct host *h, struct record *record, struct scratch *scratch, struct endpoint *endpoint)
{
	if ((endpoint->flags & ENDPOINT_EGRESS_ENFORCED) == 0)
		return REASON_FORWARDED;
	struct tuple *origin = origin_tuple(scratch);
	struct grant_key *key = grant_key(scratch);
	key->hi = origin->destination_hi;
	key->lo = origin->destination_lo;
	key->endpoint = endpoint->id;
	key->pad0 = 0;
	const u32 peers_only = endpoint->flags & ENDPOINT_EGRESS_PEERS_ONLY;
	const u64 match = direction_verdict(h, scratch, endpoint->policy_set, DIRECTION_EGRESS, scratch->responder_identity, peers_only);
	record->endpoint = endpoint->id;
	record->direction = DIRECTION_EGRESS;
	record->egress_rule = match_rule(match);
	const u8 reason = audited_reason(record, endpoint, inline_match_reason(match));
	if (reason == REASON_FORWARDED && record->audited == 0)
		record->proxy_port = match_proxy_port(match);
	return reason;
}

__hidden __noinline u32 evaluate_egress(struct host *h, struct record *record, struct scratch *scratch, struct endpoint *endpoint)
{
	return inline_evaluate_egress(h, record, scratch, endpoint);
}

/* from datapath-as/core/stages/evaluate.ts:48 */
static __always_inline u32 inline_evaluate_ingress(struct host *h, struct record *record, struct scratch *scratch, struct endpoint *endpoint)
{
	if ((endpoint->flags & ENDPOINT_INGRESS_ENFORCED) == 0)
		return REASON_FORWARDED;
	const u32 peers_only = endpoint->flags & ENDPOINT_INGRESS_PEERS_ONLY;
	const u64 match = direction_verdict(h, scratch, endpoint->policy_set, DIRECTION_INGRESS, scratch->origin_identity, peers_only);
	record->endpoint = endpoint->id;
	record->direction = DIRECTION_INGRESS;
	record->ingress_rule = match_rule(match);
	const u8 reason = audited_reason(record, endpoint, inline_match_reason(match));
	if (reason == REASON_FORWARDED && record->proxy_port == 0 && record->audited == 0)
		record->proxy_port = match_proxy_port(match);
	return reason;
}

__hidden __noinline u32 evaluate_ingress(struct host *h, struct record *record, struct scratch *scratch, struct endpoint *endpoint)
{
	return inline_evaluate_ingress(h, record, scratch, endpoint);
}

/* from datapath-as/core/stages/evaluate.ts:64 */
static __always_inline u32 inline_evaluate(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	const u32 reply = record->reply;
	struct tuple *origin = origin_tuple(scratch);
	struct endpoint *responder = endpoint_of(h, scratch, origin->destination_hi, origin->destination_lo);
	struct endpoint *originator = scratch->hidden == HIDDEN_HAIRPIN ? responder : endpoint_of(h, scratch, origin->source_hi, origin->source_lo);
	scratch->remote_node = 0;
	u32 reason = inline_note_originator(h, facts, scratch, originator, reply);
	if (reason != REASON_FORWARDED)
		return reason;
	reason = inline_note_responder(h, facts, scratch, responder, reply);
	if (reason != REASON_FORWARDED)
		return reason;
	record->source_identity = reply != 0 ? scratch->responder_identity : scratch->origin_identity;
	record->destination_identity = reply != 0 ? scratch->origin_identity : scratch->responder_identity;
	if (scratch->hidden == HIDDEN_HAIRPIN)
		return REASON_FORWARDED;
	if (originator != 0) {
		reason = inline_evaluate_egress(h, record, scratch, originator);
		if (reason != REASON_FORWARDED)
			return reason;
	}
	return responder == 0 ? REASON_FORWARDED : inline_evaluate_ingress(h, record, scratch, responder);
}

__hidden __noinline u32 evaluate(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	return inline_evaluate(h, facts, record, scratch);
}

/* from datapath-as/core/address.ts:38 */
static __always_inline bool is_configured(struct host *h, u32 flag)
{
	struct config *config = lookup_config(h);
	return config != 0 && (config->flags & flag) != 0;
}

/* from datapath-as/core/effects.ts:65 */
static __always_inline void tell_allowed(struct host *h, struct record *record)
{
	if (record->event == EVENT_NONE && is_configured(h, CONFIG_ALLOW_EVENTS))
		record->event = EVENT_ALLOW;
}

/* from datapath-as/core/stages/stray.ts:17 */
__hidden __noinline u32 stray(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	const bool is_error = (facts->flags & FACT_ICMP_ERROR) != 0;
	if ((facts->flags & (FACT_FIRST_FRAGMENT | FACT_LATER_FRAGMENT)) != 0)
		return dropped(record, is_error ? REASON_RELATED_UNKNOWN : REASON_ICMP_UNSOLICITED);
	const u8 outer_type = facts->outer_icmp_type;
	const u64 outer_hi = facts->outer_source_hi;
	const u64 outer_lo = facts->outer_source_lo;
	const u8 own_type = facts->icmp_type;
	const u64 own_hi = facts->source_hi;
	const u64 own_lo = facts->source_lo;
	const u8 type = is_error ? outer_type : own_type;
	struct address *target = address_key(scratch);
	struct tuple *origin = origin_tuple(scratch);
	origin->source_hi = is_error ? outer_hi : own_hi;
	origin->source_lo = is_error ? outer_lo : own_lo;
	origin->destination_hi = target->hi;
	origin->destination_lo = target->lo;
	origin->source_port = 0;
	origin->destination_port = (u16)((u32)(u16)type << 8);
	origin->protocol = facts->family == FAMILY_IPV4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6;
	origin->pad0 = 0;
	origin->pad1 = 0;
	scratch->traffic = traffic_of(origin->protocol, origin->destination_port);
	scratch->origin_identity = 0;
	scratch->responder_identity = 0;
	scratch->keeps_grants = 0;
	record->reply = 0;
	const u32 reason = inline_evaluate(h, facts, record, scratch);
	if (reason != REASON_FORWARDED)
		return dropped(record, reason);
	tell_allowed(h, record);
	struct tuple *found = origin_tuple(scratch);
	target->hi = found->destination_hi;
	target->lo = found->destination_lo;
	return ALLOWED;
}

/* from datapath-as/core/decide.ts:66 */
__hidden __noinline u32 related(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry)
{
	const u32 reason = check_sender(h, facts, scratch);
	if (reason != REASON_FORWARDED)
		return dropped(record, reason);
	const u32 reply = record->reply;
	const u32 origin_epoch = reply != 0 ? scratch->destination_epoch : scratch->source_epoch;
	const u32 responder_epoch = reply != 0 ? scratch->source_epoch : scratch->destination_epoch;
	rewrite_error(facts, record, scratch, entry);
	const bool outward = record->reply == 0 && is_outward(entry);
	if (entry->origin_epoch != origin_epoch || entry->responder_epoch != responder_epoch) {
		const u32 outcome = stray(h, facts, record, scratch);
		return outward ? ENDED : outcome;
	}
	record->source_identity = reply != 0 ? entry->origin_identity : entry->responder_identity;
	record->destination_identity = reply != 0 ? entry->responder_identity : entry->origin_identity;
	scratch->remote_node = entry->remote_node;
	return outward ? ENDED : ALLOWED;
}

/* from datapath-as/core/stages/flow.ts:26 */
static __always_inline bool inline_is_current(struct facts *facts, struct scratch *scratch, struct conntrack *entry, u32 reply)
{
	const u32 origin_epoch = reply != 0 ? scratch->destination_epoch : scratch->source_epoch;
	const u32 responder_epoch = reply != 0 ? scratch->source_epoch : scratch->destination_epoch;
	if (entry->origin_epoch != origin_epoch || entry->responder_epoch != responder_epoch)
		return false;
	const u32 sender_port = reply != 0 ? entry->responder_port : entry->origin_port;
	if (facts->hook == HOOK_FROM_POD)
		return facts->port == sender_port;
	return sender_port == 0 || facts->hook == HOOK_TO_POD || facts->hook == HOOK_TO_HOST;
}

__hidden __noinline bool is_current(struct facts *facts, struct scratch *scratch, struct conntrack *entry, u32 reply)
{
	return inline_is_current(facts, scratch, entry, reply);
}

/* from datapath-as/core/conntrack.ts:33 */
static __always_inline u32 inline_conntrack_transition(u8 protocol, u8 tcp_flags, u32 reply)
{
	u32 added = reply != 0 ? CONNTRACK_REPLIED : 0;
	if (protocol != PROTOCOL_TCP)
		return added;
	if ((tcp_flags & TCP_RST) != 0)
		return added | CONNTRACK_BOTH_CLOSED | CONNTRACK_RESET;
	if ((tcp_flags & TCP_FIN) != 0)
		added |= reply != 0 ? CONNTRACK_RESPONDER_CLOSED : CONNTRACK_ORIGIN_CLOSED;
	if ((tcp_flags & TCP_SYN) == 0)
		added |= reply != 0 ? CONNTRACK_RESPONDER_NON_SYN : CONNTRACK_ORIGIN_NON_SYN;
	return added;
}

__hidden __noinline u32 conntrack_transition(u8 protocol, u8 tcp_flags, u32 reply)
{
	return inline_conntrack_transition(protocol, tcp_flags, reply);
}

/* from datapath-as/core/conntrack.ts:59 */
static __always_inline u32 inline_conntrack_expiry(u32 expires, u32 now, u32 lifetime)
{
	const u32 wanted = now + lifetime;
	const i32 ahead = (i32)(wanted - expires);
	if (ahead >= 0 && ahead < (i32)EXPIRY_GRANULARITY)
		return 0;
	return wanted == 0 ? 1 : wanted;
}

__hidden __noinline u32 conntrack_expiry(u32 expires, u32 now, u32 lifetime)
{
	return inline_conntrack_expiry(expires, now, lifetime);
}

/* from datapath-as/core/conntrack.ts:43 */
static __always_inline u32 inline_conntrack_lifetime(u8 protocol, u32 flags)
{
	if (protocol == PROTOCOL_TCP) {
		if ((flags & CONNTRACK_BOTH_CLOSED) == CONNTRACK_BOTH_CLOSED)
			return LIFETIME_TCP_CLOSING;
		return (flags & CONNTRACK_HANDSHAKE_DONE) == CONNTRACK_HANDSHAKE_DONE ? LIFETIME_TCP_ESTABLISHED : LIFETIME_TCP_SYN;
	}
	if (protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6)
		return LIFETIME_ICMP;
	if ((flags & CONNTRACK_REPLIED) == 0)
		return LIFETIME_OTHER;
	return protocol == PROTOCOL_SCTP ? LIFETIME_SCTP_REPLIED : LIFETIME_UDP_REPLIED;
}

__hidden __noinline u32 conntrack_lifetime(u8 protocol, u32 flags)
{
	return inline_conntrack_lifetime(protocol, flags);
}

/* from datapath-as/core/stages/flow.ts:36 */
static __always_inline void inline_touch_flow(struct facts *facts, struct record *record, struct conntrack *entry)
{
	const u32 added = inline_conntrack_transition(facts->protocol, facts->tcp_flags, record->reply);
	const u32 flags = entry->flags | added;
	const bool reply = record->reply != 0;
	record->conntrack = EFFECT_TOUCH;
	record->touch_flags = added & ~entry->flags;
	record->touch_expires = inline_conntrack_expiry(entry->expires, facts->now, inline_conntrack_lifetime(facts->protocol, flags));
	record->source_identity = reply ? entry->responder_identity : entry->origin_identity;
	record->destination_identity = reply ? entry->origin_identity : entry->responder_identity;
	record->service = entry->service;
	record->backend = entry->backend;
	record->proxy_port = reply ? 0 : entry->proxy_port;
}

__hidden __noinline void touch_flow(struct facts *facts, struct record *record, struct conntrack *entry)
{
	inline_touch_flow(facts, record, entry);
}

/* from datapath-as/core/stages/rewrite.ts:35 */
static __always_inline void inline_rewrite_forward(struct record *record, struct scratch *scratch)
{
	struct tuple *tuple = packet_tuple(scratch);
	set_target(scratch, tuple->destination_hi, tuple->destination_lo);
	if (record->service == 0)
		return;
	set_destination(record, tuple->destination_hi, tuple->destination_lo, tuple->destination_port);
	if (scratch->hidden != 0)
		set_source(record, tuple->source_hi, tuple->source_lo, tuple->source_port);
}

__hidden __noinline void rewrite_forward(struct record *record, struct scratch *scratch)
{
	inline_rewrite_forward(record, scratch);
}

/* from datapath-as/core/stages/rewrite.ts:44 */
static __always_inline void inline_rewrite_reply(struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry)
{
	set_target(scratch, facts->destination_hi, facts->destination_lo);
	if ((entry->flags & CONNTRACK_TRANSLATED) == 0)
		return;
	set_source(record, entry->frontend_hi, entry->frontend_lo, entry->frontend_port);
	if ((entry->flags & (CONNTRACK_HAIRPIN | CONNTRACK_MASQUERADED)) == 0)
		return;
	if ((entry->flags & CONNTRACK_MASQUERADED) != 0) {
		set_destination(record, entry->client_hi, entry->client_lo, entry->client_port);
		set_target(scratch, entry->client_hi, entry->client_lo);
		return;
	}
	set_destination(record, facts->source_hi, facts->source_lo, facts->destination_port);
	set_target(scratch, facts->source_hi, facts->source_lo);
}

__hidden __noinline void rewrite_reply(struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry)
{
	inline_rewrite_reply(facts, record, scratch, entry);
}

/* from datapath-as/core/stages/flow.ts:51 */
static __always_inline bool is_backends(struct host *h, struct conntrack *entry)
{
	struct backend *backend = lookup_backend(h, entry->backend);
	return backend != 0 && backend->generation == entry->generation;
}

/* from datapath-as/core/layout/scratch.ts:123 */
static __always_inline struct tuple *client_tuple(struct scratch *scratch)
{
	return (struct tuple *)&scratch->client0;
}

/* from datapath-as/core/layout/scratch.ts:153 */
static __always_inline struct translation *new_translation(struct scratch *scratch)
{
	return (struct translation *)&scratch->translation0;
}

/* from datapath-as/core/stages/flow.ts:60 */
__hidden __noinline void renew_translation(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry)
{
	if (facts->now - entry->renewed < TRANSLATION_RENEWAL)
		return;
	if (facts->protocol == PROTOCOL_UDP && !is_backends(h, entry))
		return;
	struct tuple *client = client_tuple(scratch);
	const bool hairpin = (entry->flags & CONNTRACK_HAIRPIN) != 0;
	const bool masqueraded = (entry->flags & CONNTRACK_MASQUERADED) != 0;
	client->source_hi = hairpin ? facts->source_hi : facts->destination_hi;
	client->source_lo = hairpin ? facts->source_lo : facts->destination_lo;
	client->source_port = facts->destination_port;
	if (masqueraded) {
		client->source_hi = entry->client_hi;
		client->source_lo = entry->client_lo;
		client->source_port = entry->client_port;
	}
	client->destination_hi = entry->frontend_hi;
	client->destination_lo = entry->frontend_lo;
	client->destination_port = entry->frontend_port;
	client->protocol = facts->protocol;
	client->pad0 = 0;
	client->pad1 = 0;
	struct translation *translation = new_translation(scratch);
	translation->backend_hi = facts->source_hi;
	translation->backend_lo = facts->source_lo;
	translation->backend_port = facts->source_port;
	translation->flags = hairpin ? TRANSLATION_HAIRPIN : (masqueraded ? TRANSLATION_MASQUERADED : 0);
	translation->backend = entry->backend;
	translation->service = entry->service;
	translation->generation = entry->generation;
	translation->source_port = masqueraded ? facts->destination_port : 0;
	translation->pad0 = 0;
	translation->pad1 = 0;
	record->translation = EFFECT_REPLACE;
	record->touch_renewed = facts->now == 0 ? 1 : facts->now;
}

/* from datapath-as/core/decide.ts:85 */
static __always_inline u32 inline_established(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry)
{
	inline_touch_flow(facts, record, entry);
	scratch->remote_node = entry->remote_node;
	if (record->reply == 0) {
		inline_rewrite_forward(record, scratch);
	} else {
		inline_rewrite_reply(facts, record, scratch, entry);
		if ((entry->flags & CONNTRACK_TRANSLATED) != 0) {
			renew_translation(h, facts, record, scratch, entry);
			if (is_outward(entry))
				return ENDED;
		}
	}
	return ALLOWED;
}

__hidden __noinline u32 established(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry)
{
	return inline_established(h, facts, record, scratch, entry);
}

/* from datapath-as/core/tuple.ts:24 */
__hidden __noinline void reverse_tuple(struct tuple *from, struct tuple *to)
{
	to->source_hi = from->destination_hi;
	to->source_lo = from->destination_lo;
	to->destination_hi = from->source_hi;
	to->destination_lo = from->source_lo;
	to->source_port = from->destination_port;
	to->destination_port = from->source_port;
	to->protocol = from->protocol;
	to->pad0 = 0;
	to->pad1 = 0;
}

/* from datapath-as/core/policy.ts:78 */
static __always_inline u16 inline_policy_port(struct tuple *origin, u8 family)
{
	if (origin->protocol != PROTOCOL_ICMP && origin->protocol != PROTOCOL_ICMPV6)
		return origin->destination_port;
	if (origin->destination_port != 0)
		return origin->destination_port;
	const u8 echo = family == FAMILY_IPV4 ? ICMP_ECHO_REQUEST : ICMPV6_ECHO_REQUEST;
	return (u16)((u32)(u16)echo << 8);
}

__hidden __noinline u16 policy_port(struct tuple *origin, u8 family)
{
	return inline_policy_port(origin, family);
}

/* from datapath-as/core/decide.ts:101 */
static __always_inline void set_traffic(struct facts *facts, struct scratch *scratch)
{
	struct tuple *origin = origin_tuple(scratch);
	scratch->traffic = traffic_of(origin->protocol, inline_policy_port(origin, facts->family));
}

/* from datapath-as/core/layout/scratch.ts:156 */
static __always_inline struct conntrack *new_conntrack(struct scratch *scratch)
{
	return (struct conntrack *)&scratch->conntrack0;
}

/* from datapath-as/core/stages/flow.ts:96 */
static __always_inline void write_verdict(struct record *record, struct scratch *scratch)
{
	struct conntrack *entry = new_conntrack(scratch);
	const bool reply = record->reply != 0;
	entry->origin_epoch = reply ? scratch->destination_epoch : scratch->source_epoch;
	entry->responder_epoch = reply ? scratch->source_epoch : scratch->destination_epoch;
	entry->origin_port = scratch->origin_port;
	entry->responder_port = scratch->responder_port;
	entry->remote_node = scratch->remote_node;
	entry->origin_identity = scratch->origin_identity;
	entry->responder_identity = scratch->responder_identity;
	entry->egress_rule = record->egress_rule;
	entry->ingress_rule = record->ingress_rule;
	entry->proxy_port = record->proxy_port;
}

/* from datapath-as/core/stages/flow.ts:144 */
__hidden __noinline void continue_flow(struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *old)
{
	struct conntrack *entry = new_conntrack(scratch);
	const bool reply = record->reply != 0;
	const u32 flags = old->flags | inline_conntrack_transition(facts->protocol, facts->tcp_flags, record->reply);
	entry->flags = record->proxy_port != 0 ? flags | CONNTRACK_PROXY : flags & ~CONNTRACK_PROXY;
	entry->expires = facts->now + inline_conntrack_lifetime(facts->protocol, flags);
	entry->origin_packets = reply ? old->origin_packets : old->origin_packets + 1;
	entry->origin_bytes = reply ? old->origin_bytes : old->origin_bytes + (u64)facts->length;
	entry->responder_packets = reply ? old->responder_packets + 1 : old->responder_packets;
	entry->responder_bytes = reply ? old->responder_bytes + (u64)facts->length : old->responder_bytes;
	entry->renewed = old->renewed;
	entry->frontend_hi = old->frontend_hi;
	entry->frontend_lo = old->frontend_lo;
	entry->frontend_port = old->frontend_port;
	entry->service = old->service;
	entry->backend = old->backend;
	entry->generation = old->generation;
	entry->client_hi = old->client_hi;
	entry->client_lo = old->client_lo;
	entry->client_port = old->client_port;
	entry->pad0 = 0;
	entry->pad1 = 0;
	write_verdict(record, scratch);
}

/* from datapath-as/core/decide.ts:107 */
__hidden __noinline u32 revisited(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry)
{
	if (record->reply != 0)
		reverse_tuple(packet_tuple(scratch), origin_tuple(scratch));
	else
		copy_tuple(packet_tuple(scratch), origin_tuple(scratch));
	if (is_outward(entry)) {
		origin_tuple(scratch)->source_hi = entry->client_hi;
		origin_tuple(scratch)->source_lo = entry->client_lo;
	}
	scratch->origin_identity = entry->origin_identity;
	scratch->responder_identity = entry->responder_identity;
	scratch->keeps_grants = 1;
	set_traffic(facts, scratch);
	const u32 reason = inline_evaluate(h, facts, record, scratch);
	if (reason != REASON_FORWARDED) {
		drop(record, (u8)reason);
		if (reason != REASON_INVALID_SOURCE && reason != REASON_INVALID_IDENTITY)
			record->conntrack = EFFECT_DELETE;
		return ENDED;
	}
	record->service = entry->service;
	record->backend = entry->backend;
	continue_flow(facts, record, scratch, entry);
	record->conntrack = EFFECT_REPLACE;
	tell_allowed(h, record);
	if (record->reply != 0) {
		record->proxy_port = 0;
		inline_rewrite_reply(facts, record, scratch, entry);
		if (is_outward(entry))
			return ENDED;
	} else {
		inline_rewrite_forward(record, scratch);
	}
	return ALLOWED;
}

/* from datapath-as/core/decide.ts:275 */
static __always_inline u32 leave_to_host(struct record *record)
{
	record->fragment = EFFECT_NONE;
	return ENDED;
}

/* from datapath-as/core/decide.ts:325 */
__hidden __noinline u32 answered(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	struct config *config = lookup_config(h);
	if (config == 0 || is_tunnel(facts, config))
		return NEXT_HOP_STACK;
	if (facts->invalid != 0 || (facts->flags & FACT_NEIGHBOUR) != 0)
		return NEXT_HOP_STACK;
	if (find_ports(h, facts, record, scratch) != REASON_FORWARDED)
		return NEXT_HOP_STACK;
	copy_tuple(tuple_of(facts), packet_tuple(scratch));
	struct conntrack *entry = find_flow(h, record, scratch);
	if (entry != 0) {
		const u32 reply = inline_is_reply(entry->flags, scratch->source_high);
		record->reply = (u8)reply;
		if (is_to_client(facts, record, entry)) {
			if ((facts->flags & FACT_ICMP_ERROR) != 0) {
				related(h, facts, record, scratch, entry);
			} else if (inline_is_current(facts, scratch, entry, reply))
				inline_established(h, facts, record, scratch, entry);
			else
				revisited(h, facts, record, scratch, entry);
			return record->next_hop;
		}
	}
	record->reply = 0;
	leave_to_host(record);
	return NEXT_HOP_STACK;
}

/* from datapath-as/core/stages/flow.ts:112 */
static __always_inline void inline_new_flow(struct facts *facts, struct record *record, struct scratch *scratch)
{
	struct conntrack *entry = new_conntrack(scratch);
	const bool translated = record->service != 0;
	u32 flags = scratch->source_high != 0 ? CONNTRACK_ORIGIN_HIGH : 0;
	flags |= inline_conntrack_transition(facts->protocol, facts->tcp_flags, 0);
	if (translated)
		flags |= CONNTRACK_TRANSLATED;
	const bool masqueraded = scratch->hidden == HIDDEN_MASQUERADE;
	if (scratch->hidden == HIDDEN_HAIRPIN)
		flags |= CONNTRACK_HAIRPIN;
	if (masqueraded)
		flags |= CONNTRACK_MASQUERADED;
	if (record->proxy_port != 0)
		flags |= CONNTRACK_PROXY;
	entry->flags = flags;
	entry->expires = facts->now + inline_conntrack_lifetime(facts->protocol, flags);
	entry->origin_packets = 1;
	entry->origin_bytes = facts->length;
	entry->responder_packets = 0;
	entry->responder_bytes = 0;
	entry->renewed = facts->now;
	entry->frontend_hi = translated ? client_tuple(scratch)->destination_hi : 0;
	entry->frontend_lo = translated ? client_tuple(scratch)->destination_lo : 0;
	entry->frontend_port = translated ? client_tuple(scratch)->destination_port : 0;
	entry->service = record->service;
	entry->backend = record->backend;
	entry->generation = translated ? new_translation(scratch)->generation : 0;
	entry->client_hi = masqueraded ? client_tuple(scratch)->source_hi : 0;
	entry->client_lo = masqueraded ? client_tuple(scratch)->source_lo : 0;
	entry->client_port = masqueraded ? client_tuple(scratch)->source_port : 0;
	entry->pad0 = 0;
	entry->pad1 = 0;
	write_verdict(record, scratch);
}

__hidden __noinline void new_flow(struct facts *facts, struct record *record, struct scratch *scratch)
{
	inline_new_flow(facts, record, scratch);
}

/* from datapath-as/core/stages/forward.ts:13 */
static __always_inline u32 forward_local(struct facts *facts, struct record *record, struct endpoint *endpoint)
{
	if (facts->hook == HOOK_TO_POD && endpoint->port != facts->port)
		return drop(record, REASON_UNKNOWN_TARGET);
	const bool delivered = facts->hook == HOOK_TO_POD || facts->hook == HOOK_TO_HOST || (endpoint->flags & ENDPOINT_HOST) != 0;
	if (delivered) {
		record->next_hop = NEXT_HOP_STACK;
		return NEXT_HOP_STACK;
	}
	record->next_hop = NEXT_HOP_LOCAL;
	record->out_port = endpoint->port;
	record->destination_mac = endpoint->mac;
	record->source_mac = endpoint->gateway_mac;
	return NEXT_HOP_LOCAL;
}

/* from datapath-as/core/stages/forward.ts:28 */
static __always_inline bool goes_on(struct facts *facts, struct record *record, struct scratch *scratch)
{
	if (facts->hook == HOOK_FROM_OVERLAY)
		return scratch->hidden == HIDDEN_MASQUERADE && record->service != 0;
	return facts->hook != HOOK_TO_POD;
}

/* from datapath-as/core/stages/forward.ts:33 */
static __always_inline u32 forward_remote(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	if (!goes_on(facts, record, scratch))
		return drop(record, REASON_UNKNOWN_TARGET);
	const u32 number = scratch->remote_node;
	record->next_hop = NEXT_HOP_STACK;
	if (number == 0 || facts->hook == HOOK_TO_HOST)
		return NEXT_HOP_STACK;
	struct node *node = lookup_node(h, number);
	if (node == 0)
		return drop(record, REASON_NO_TUNNEL_ENDPOINT);
	if (node->mode != NODE_MODE_OVERLAY)
		return NEXT_HOP_STACK;
	if ((record->source_identity & IDENTITY_SCOPE_MASK) != 0)
		record->source_identity = IDENTITY_WORLD;
	record->next_hop = NEXT_HOP_OVERLAY;
	record->tunnel_hi = node->address_hi;
	record->tunnel_lo = node->address_lo;
	return NEXT_HOP_OVERLAY;
}

/* from datapath-as/core/stages/forward.ts:50 */
static __always_inline u32 inline_forward(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	if (record->proxy_port != 0) {
		record->next_hop = NEXT_HOP_PROXY;
		return NEXT_HOP_PROXY;
	}
	struct endpoint *endpoint = lookup_endpoint(h, address_key(scratch));
	if (endpoint != 0)
		return forward_local(facts, record, endpoint);
	return forward_remote(h, facts, record, scratch);
}

__hidden __noinline u32 forward(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	return inline_forward(h, facts, record, scratch);
}

/* from datapath-as/core/decide.ts:142 */
__hidden __noinline u32 begun(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, u8 effect)
{
	const bool reset = facts->protocol == PROTOCOL_TCP && (facts->tcp_flags & TCP_RST) != 0;
	if (reset) {
		record->translation = EFFECT_NONE;
	} else {
		inline_new_flow(facts, record, scratch);
		record->conntrack = effect;
	}
	tell_allowed(h, record);
	inline_rewrite_forward(record, scratch);
	return inline_forward(h, facts, record, scratch);
}

/* from datapath-as/core/effects.ts:17 */
static __always_inline void clear_record(struct facts *facts, struct record *record)
{
	record->next_hop = NEXT_HOP_STACK;
	record->reason = REASON_FORWARDED;
	record->event = EVENT_NONE;
	record->direction = facts->hook == HOOK_FROM_POD ? DIRECTION_EGRESS : DIRECTION_INGRESS;
	record->conntrack = EFFECT_NONE;
	record->translation = EFFECT_NONE;
	record->affinity = EFFECT_NONE;
	record->fragment = EFFECT_NONE;
	record->rewrite = REWRITE_NONE;
	record->reply = 0;
	record->audited = 0;
	record->pad0 = 0;
	record->proxy_port = 0;
	record->pad1 = 0;
	record->touch_flags = 0;
	record->touch_expires = 0;
	record->out_port = 0;
	record->source_identity = 0;
	record->destination_identity = 0;
	record->egress_rule = 0;
	record->ingress_rule = 0;
	record->endpoint = 0;
	record->service = 0;
	record->backend = 0;
	record->touch_renewed = 0;
}

/* from datapath-as/core/decide.ts:227 */
static __always_inline u32 hints_of(struct host *h, u64 hi, u64 lo)
{
	struct address_slot *slot = lookup_epoch(h, inline_address_slot(hi, lo));
	return slot == 0 ? HINT_ENDPOINT : slot->hints;
}

/* from datapath-as/core/stages/masquerade.ts:53 */
static __always_inline bool is_router(struct config *config, u64 hi, u64 lo)
{
	return (hi == 0 && lo == config->router4) || (hi == config->router6_hi && lo == config->router6_lo);
}

/* from datapath-as/core/decide.ts:242 */
__hidden __noinline u32 is_foreign(struct host *h, struct facts *facts)
{
	const bool is_error = (facts->flags & FACT_ICMP_ERROR) != 0;
	u32 hints = hints_of(h, facts->destination_hi, facts->destination_lo);
	if (is_error)
		hints |= hints_of(h, facts->outer_destination_hi, facts->outer_destination_lo);
	if ((hints & HINT_ENDPOINT) != 0)
		return 0;
	struct config *config = lookup_config(h);
	if (config == 0)
		return hints == 0 ? 1U : 0;
	if ((hints & HINT_FRONTEND) != 0)
		return is_tunnel(facts, config) ? 1U : 0;
	if (is_error && is_router(config, facts->outer_destination_hi, facts->outer_destination_lo))
		return 0;
	return is_router(config, facts->destination_hi, facts->destination_lo) ? 0U : 1;
}

/* from datapath-as/core/decide.ts:258 */
__hidden __noinline u32 is_host_owned(struct host *h, struct facts *facts, struct scratch *scratch)
{
	const u64 outer_hi = facts->outer_destination_hi;
	const u64 outer_lo = facts->outer_destination_lo;
	const u64 own_hi = facts->destination_hi;
	const u64 own_lo = facts->destination_lo;
	const bool is_error = (facts->flags & FACT_ICMP_ERROR) != 0;
	struct endpoint *endpoint = endpoint_of(h, scratch, is_error ? outer_hi : own_hi, is_error ? outer_lo : own_lo);
	if (endpoint == 0)
		return 1;
	return (endpoint->flags & (ENDPOINT_HOST | ENDPOINT_INGRESS_ENFORCED)) == ENDPOINT_HOST ? 1U : 0;
}

/* from datapath-as/core/decide.ts:270 */
static __always_inline bool is_hosts(struct host *h, struct facts *facts, struct scratch *scratch)
{
	return facts->hook == HOOK_FROM_NETWORK && is_host_owned(h, facts, scratch) != 0;
}

/* from datapath-as/core/stages/translate.ts:37 */
static __always_inline bool is_translating(u8 hook)
{
	return hook == HOOK_FROM_POD || hook == HOOK_FROM_NETWORK || hook == HOOK_FROM_OVERLAY;
}

/* from datapath-as/core/service.ts:23 */
static __always_inline void copy_translation(struct translation *from, struct translation *to)
{
	to->backend_hi = from->backend_hi;
	to->backend_lo = from->backend_lo;
	to->backend_port = from->backend_port;
	to->flags = from->flags;
	to->backend = from->backend;
	to->service = from->service;
	to->generation = from->generation;
	to->source_port = from->source_port;
	to->pad0 = 0;
	to->pad1 = 0;
}

/* from datapath-as/core/stages/masquerade.ts:41 */
static __always_inline u8 hide_behind_router(struct host *h, struct scratch *scratch, u8 family)
{
	struct config *config = lookup_config(h);
	if (config == 0)
		return REASON_NO_CONFIG;
	const u64 hi = family == FAMILY_IPV4 ? 0 : config->router6_hi;
	const u64 lo = family == FAMILY_IPV4 ? config->router4 : config->router6_lo;
	if ((hi | lo) == 0)
		return REASON_NO_CONFIG;
	packet_tuple(scratch)->source_hi = hi;
	packet_tuple(scratch)->source_lo = lo;
	return REASON_FORWARDED;
}

/* from datapath-as/core/stages/translate.ts:96 */
static __always_inline u8 translate_error(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	reverse_tuple(packet_tuple(scratch), client_tuple(scratch));
	struct translation *found = lookup_translation(h, client_tuple(scratch));
	if (found == 0)
		return TRANSLATE_NONE;
	struct tuple *tuple = packet_tuple(scratch);
	copy_translation(found, new_translation(scratch));
	if ((found->flags & TRANSLATION_DSR) != 0 && facts->hook == HOOK_FROM_OVERLAY)
		return TRANSLATE_NONE;
	if ((found->flags & TRANSLATION_DSR) != 0)
		return TRANSLATE_ELSEWHERE;
	record->service = found->service;
	record->backend = found->backend;
	if ((found->flags & TRANSLATION_MASQUERADED) != 0) {
		const u8 reason = hide_behind_router(h, scratch, facts->family);
		if (reason != REASON_FORWARDED)
			return reason;
		tuple->destination_hi = tuple->source_hi;
		tuple->destination_lo = tuple->source_lo;
		tuple->destination_port = found->source_port;
	}
	tuple->source_hi = found->backend_hi;
	tuple->source_lo = found->backend_lo;
	tuple->source_port = found->backend_port;
	return TRANSLATE_DONE;
}

/* from datapath-as/core/stages/translate.ts:58 */
static __always_inline bool is_usable(struct host *h, struct translation *found, struct facts *facts)
{
	const bool opens = facts->protocol == PROTOCOL_TCP && (facts->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	if ((found->flags & TRANSLATION_DSR) != 0 && (opens || facts->hook == HOOK_FROM_OVERLAY))
		return false;
	if (facts->protocol != PROTOCOL_UDP && !opens)
		return true;
	struct backend *backend = lookup_backend(h, found->backend);
	if (backend == 0 || backend->generation != found->generation)
		return false;
	return !opens || backend->state == BACKEND_ACTIVE;
}

/* from datapath-as/core/layout/scratch.ts:135 */
static __always_inline struct frontend_key *frontend_key(struct scratch *scratch)
{
	return (struct frontend_key *)&scratch->frontend0;
}

/* from datapath-as/core/stages/translate.ts:41 */
static __always_inline struct frontend *find_frontend(struct host *h, struct scratch *scratch, u16 port, u8 protocol, u8 scope)
{
	struct tuple *client = client_tuple(scratch);
	struct frontend_key *key = frontend_key(scratch);
	key->hi = client->destination_hi;
	key->lo = client->destination_lo;
	key->port = port;
	key->protocol = protocol;
	key->scope = scope;
	key->pad0 = 0;
	return lookup_frontend(h, key);
}

/* from datapath-as/core/stages/translate.ts:130 */
static __always_inline u8 unknown_port(struct host *h, struct facts *facts, struct scratch *scratch, u8 scope)
{
	if (facts->hook == HOOK_FROM_OVERLAY)
		return TRANSLATE_NONE;
	struct frontend *closed = find_frontend(h, scratch, 0, 0, scope);
	return (closed != 0 && (closed->flags & FRONTEND_CLOSED) != 0) ? REASON_SERVICE_PORT_UNKNOWN : TRANSLATE_NONE;
}

/* from datapath-as/core/layout/scratch.ts:138 */
static __always_inline struct source_range_key *source_range_key(struct scratch *scratch)
{
	return (struct source_range_key *)&scratch->source_range0;
}

/* from datapath-as/core/stages/translate.ts:120 */
static __always_inline bool is_in_range(struct host *h, struct scratch *scratch, u32 service)
{
	struct source_range_key *key = source_range_key(scratch);
	key->prefix_length = RANGE_WHOLE;
	key->service = service;
	key->hi = client_tuple(scratch)->source_hi;
	key->lo = client_tuple(scratch)->source_lo;
	return lookup_source_range(h, key) != 0;
}

/* from datapath-as/core/layout/scratch.ts:141 */
static __always_inline struct affinity_key *affinity_key(struct scratch *scratch)
{
	return (struct affinity_key *)&scratch->affinity_key0;
}

/* from datapath-as/core/service.ts:37 */
static __always_inline void choose_backend(struct translation *translation, u32 id, struct backend *backend)
{
	translation->backend_hi = backend->hi;
	translation->backend_lo = backend->lo;
	translation->backend_port = backend->port;
	translation->flags = 0;
	translation->backend = id;
	translation->generation = backend->generation;
	translation->source_port = 0;
	translation->pad0 = 0;
	translation->pad1 = 0;
}

/* from datapath-as/core/service.ts:50 */
static __always_inline u32 offer_backend(struct host *h, struct translation *translation, u32 id)
{
	if (id == 0)
		return 0;
	struct backend *backend = lookup_backend(h, id);
	if (backend == 0 || backend->state == BACKEND_QUARANTINED)
		return 0;
	choose_backend(translation, id, backend);
	return 1;
}

/* from datapath-as/core/service.ts:58 */
static __always_inline u32 slot_backend(struct host *h, u32 slot)
{
	struct maglev_slot *found = lookup_maglev(h, slot);
	return found == 0 ? 0 : found->backend;
}

/* from datapath-as/core/service.ts:64 */
static __always_inline u8 select_slot(struct host *h, struct translation *translation, u32 offset, u32 size, u32 first)
{
	u32 index = first;
	for (u32 attempt = 0; attempt < SELECT_ATTEMPTS; attempt++) {
		if (offer_backend(h, translation, slot_backend(h, offset + index)) != 0)
			return REASON_FORWARDED;
		index = index + 1 == size ? 0 : index + 1;
	}
	return REASON_NO_BACKEND;
}

/* from datapath-as/core/hash.ts:92 */
static __always_inline u32 inline_scale_hash(u32 hash, u32 size)
{
	return (u32)(((u64)hash * (u64)size) >> 32);
}

__hidden __noinline u32 scale_hash(u32 hash, u32 size)
{
	return inline_scale_hash(hash, size);
}

/* from datapath-as/core/hash.ts:20 */
static __always_inline u32 jhash6(u32 w0, u32 w1, u32 w2, u32 w3, u32 w4, u32 w5, u32 seed)
{
	u32 a = JHASH_INITVAL + WORDS6 + seed;
	u32 b = a;
	u32 c = a;
	a += w0;
	b += w1;
	c += w2;
	a -= c;
	a ^= rotl32(c, 4);
	c += b;
	b -= a;
	b ^= rotl32(a, 6);
	a += c;
	c -= b;
	c ^= rotl32(b, 8);
	b += a;
	a -= c;
	a ^= rotl32(c, 16);
	c += b;
	b -= a;
	b ^= rotl32(a, 19);
	a += c;
	c -= b;
	c ^= rotl32(b, 4);
	b += a;
	a += w3;
	b += w4;
	c += w5;
	c ^= b;
	c -= rotl32(b, 14);
	a ^= c;
	a -= rotl32(c, 11);
	b ^= a;
	b -= rotl32(a, 25);
	c ^= b;
	c -= rotl32(b, 16);
	a ^= c;
	a -= rotl32(c, 4);
	b ^= a;
	b -= rotl32(a, 14);
	c ^= b;
	c -= rotl32(b, 24);
	return c;
}

/* from datapath-as/core/hash.ts:66 */
__hidden __noinline u32 client_hash(struct tuple *tuple, u32 seed)
{
	return jhash6((u32)tuple->source_hi, (u32)(tuple->source_hi >> 32), (u32)tuple->source_lo, (u32)(tuple->source_lo >> 32), (u32)tuple->source_port | ((u32)tuple->destination_port << 16), (u32)tuple->protocol, seed);
}

/* from datapath-as/core/service.ts:18 */
__hidden __noinline u32 maglev_index(struct scratch *scratch, u32 size)
{
	return inline_scale_hash(client_hash(client_tuple(scratch), CLIENT_SEED), size);
}

/* from datapath-as/core/service.ts:74 */
__hidden __noinline u8 select_maglev(struct host *h, struct scratch *scratch, u32 offset, u32 size)
{
	if (size == 0)
		return REASON_NO_BACKEND;
	return select_slot(h, new_translation(scratch), offset, size, maglev_index(scratch, size));
}

/* from datapath-as/core/layout/scratch.ts:144 */
static __always_inline struct affinity *new_affinity(struct scratch *scratch)
{
	return (struct affinity *)&scratch->affinity0;
}

/* from datapath-as/core/service.ts:80 */
static __always_inline u8 select_kept(struct host *h, struct scratch *scratch, struct record *record, struct frontend *frontend)
{
	struct affinity_key *key = affinity_key(scratch);
	key->client_hi = client_tuple(scratch)->source_hi;
	key->client_lo = client_tuple(scratch)->source_lo;
	key->service = frontend->service;
	key->pad0 = 0;
	struct affinity *kept = lookup_affinity(h, key);
	u8 reason = REASON_NO_BACKEND;
	if (kept != 0 && !inline_has_expired(kept->expires, scratch->now) && offer_backend(h, new_translation(scratch), kept->backend) != 0)
		reason = REASON_FORWARDED;
	if (reason != REASON_FORWARDED)
		reason = select_maglev(h, scratch, frontend->offset, frontend->size);
	if (reason != REASON_FORWARDED)
		return reason;
	struct affinity *affinity = new_affinity(scratch);
	affinity->backend = new_translation(scratch)->backend;
	affinity->expires = scratch->now + frontend->affinity_ticks;
	record->affinity = EFFECT_REPLACE;
	return REASON_FORWARDED;
}

/* from datapath-as/core/service.ts:100 */
__hidden __noinline u8 select_backend(struct host *h, struct record *record, struct scratch *scratch, struct frontend *frontend)
{
	if (frontend->size == 0)
		return REASON_NO_BACKEND;
	new_translation(scratch)->service = frontend->service;
	if ((frontend->flags & FRONTEND_AFFINITY) != 0)
		return select_kept(h, scratch, record, frontend);
	return select_maglev(h, scratch, frontend->offset, frontend->size);
}

/* from datapath-as/core/stages/translate.ts:68 */
static __always_inline u8 hide_client(struct host *h, struct scratch *scratch, u8 family)
{
	struct config *config = lookup_config(h);
	if (config == 0)
		return REASON_HAIRPIN_UNSUPPORTED;
	const u64 hi = family == FAMILY_IPV4 ? 0 : config->hairpin6_hi;
	const u64 lo = family == FAMILY_IPV4 ? config->hairpin4 : config->hairpin6_lo;
	if (lo == 0)
		return REASON_HAIRPIN_UNSUPPORTED;
	packet_tuple(scratch)->source_hi = hi;
	packet_tuple(scratch)->source_lo = lo;
	return REASON_FORWARDED;
}

/* from datapath-as/core/stages/translate.ts:80 */
static __always_inline u8 apply_translation(struct host *h, struct record *record, struct scratch *scratch, u8 family)
{
	struct translation *translation = new_translation(scratch);
	struct tuple *tuple = packet_tuple(scratch);
	record->service = translation->service;
	record->backend = translation->backend;
	tuple->destination_hi = translation->backend_hi;
	tuple->destination_lo = translation->backend_lo;
	tuple->destination_port = translation->backend_port;
	if ((translation->flags & (TRANSLATION_HAIRPIN | TRANSLATION_MASQUERADED)) == 0)
		return TRANSLATE_DONE;
	const bool hairpin = (translation->flags & TRANSLATION_HAIRPIN) != 0;
	if (!hairpin)
		tuple->source_port = translation->source_port;
	const u8 reason = hairpin ? hide_client(h, scratch, family) : hide_behind_router(h, scratch, family);
	return reason == REASON_FORWARDED ? TRANSLATE_DONE : reason;
}

/* from datapath-as/core/stages/elsewhere.ts:15 */
static __always_inline struct node *tunnel_node(struct host *h, struct scratch *scratch)
{
	struct translation *translation = new_translation(scratch);
	struct prefix *prefix = prefix_of(h, scratch, translation->backend_hi, translation->backend_lo);
	if (prefix == 0 || prefix->node == 0)
		return 0;
	struct node *node = lookup_node(h, prefix->node);
	return (node != 0 && node->mode == NODE_MODE_OVERLAY) ? node : 0;
}

/* from datapath-as/core/stages/elsewhere.ts:24 */
static __always_inline bool is_behind_tunnel(struct host *h, struct scratch *scratch)
{
	return tunnel_node(h, scratch) != 0;
}

/* from datapath-as/core/stages/translate.ts:137 */
static __always_inline u8 place_outside(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, u32 flags)
{
	struct translation *translation = new_translation(scratch);
	if (endpoint_of(h, scratch, translation->backend_hi, translation->backend_lo) != 0)
		return apply_translation(h, record, scratch, facts->family);
	if ((flags & FRONTEND_DSR) != 0 && facts->hook != HOOK_FROM_OVERLAY && is_behind_tunnel(h, scratch)) {
		translation->flags = TRANSLATION_DSR;
		return TRANSLATE_ELSEWHERE;
	}
	translation->flags = TRANSLATION_MASQUERADED;
	translation->source_port = 0;
	return apply_translation(h, record, scratch, facts->family);
}

/* from datapath-as/core/stages/translate.ts:151 */
static __always_inline u8 translate_new(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	struct tuple *client = client_tuple(scratch);
	const bool inside = facts->hook == HOOK_FROM_POD;
	const u8 scope = inside ? SCOPE_INTERNAL : SCOPE_EXTERNAL;
	struct frontend *frontend = find_frontend(h, scratch, client->destination_port, client->protocol, scope);
	if (frontend == 0)
		return unknown_port(h, facts, scratch, scope);
	const u32 flags = frontend->flags;
	if (facts->hook == HOOK_FROM_OVERLAY && (flags & FRONTEND_DSR) == 0)
		return TRANSLATE_NONE;
	record->service = frontend->service;
	if ((flags & FRONTEND_SOURCE_RANGES) != 0 && !is_in_range(h, scratch, frontend->service))
		return REASON_SOURCE_RANGE;
	const u8 reason = select_backend(h, record, scratch, frontend);
	if (reason != REASON_FORWARDED)
		return reason;
	record->translation = EFFECT_REPLACE;
	if (!inside)
		return place_outside(h, facts, record, scratch, flags);
	struct translation *translation = new_translation(scratch);
	if (translation->backend_hi == client->source_hi && translation->backend_lo == client->source_lo)
		translation->flags = TRANSLATION_HAIRPIN;
	return apply_translation(h, record, scratch, facts->family);
}

/* from datapath-as/core/stages/translate.ts:171 */
static __always_inline u8 translate_client(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	copy_tuple(packet_tuple(scratch), client_tuple(scratch));
	struct translation *found = lookup_translation(h, client_tuple(scratch));
	if (found == 0 || !is_usable(h, found, facts))
		return translate_new(h, facts, record, scratch);
	const bool is_elsewhere = (found->flags & TRANSLATION_DSR) != 0;
	copy_translation(found, new_translation(scratch));
	return is_elsewhere ? TRANSLATE_ELSEWHERE : apply_translation(h, record, scratch, facts->family);
}

/* from datapath-as/core/stages/masquerade.ts:20 */
static __always_inline bool is_of_client(struct scratch *scratch, struct conntrack *entry)
{
	struct tuple *client = client_tuple(scratch);
	return (entry->flags & CONNTRACK_MASQUERADED) != 0 && entry->client_hi == client->source_hi && entry->client_lo == client->source_lo && entry->client_port == client->source_port && entry->frontend_hi == client->destination_hi && entry->frontend_lo == client->destination_lo && entry->frontend_port == client->destination_port;
}

/* from datapath-as/core/stages/masquerade.ts:34 */
static __always_inline bool is_free(struct host *h, struct scratch *scratch)
{
	inline_flow_key_of(packet_tuple(scratch), flow_key(scratch));
	struct conntrack *entry = lookup_conntrack(h, flow_key(scratch));
	return entry == 0 || inline_has_expired(entry->expires, scratch->now) || is_of_client(scratch, entry);
}

/* from datapath-as/core/stages/masquerade.ts:65 */
static __always_inline void offer(struct scratch *scratch, u32 first, u32 count, u32 attempt)
{
	const u16 port = (u16)(first + inline_scale_hash(client_hash(client_tuple(scratch), attempt + 1), count));
	packet_tuple(scratch)->source_port = __builtin_bswap16(port);
}

/* from datapath-as/core/stages/masquerade.ts:70 */
static __always_inline u32 give_offered(struct scratch *scratch)
{
	new_translation(scratch)->flags = TRANSLATION_MASQUERADED;
	new_translation(scratch)->source_port = packet_tuple(scratch)->source_port;
	return REASON_FORWARDED;
}

/* from datapath-as/core/stages/masquerade.ts:58 */
static __always_inline bool is_left(struct host *h, struct scratch *scratch)
{
	inline_flow_key_of(packet_tuple(scratch), flow_key(scratch));
	struct conntrack *entry = lookup_conntrack(h, flow_key(scratch));
	return entry != 0 && (entry->flags & CONNTRACK_BOTH_CLOSED) == CONNTRACK_BOTH_CLOSED;
}

/* from datapath-as/core/stages/masquerade.ts:77 */
__hidden __noinline u32 masquerade_again(struct host *h, struct scratch *scratch, u32 first, u32 count)
{
	for (u32 attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
		offer(scratch, first, count, attempt);
		if (is_left(h, scratch))
			return give_offered(scratch);
	}
	return REASON_NO_SOURCE_PORT;
}

/* from datapath-as/core/stages/masquerade.ts:90 */
__hidden __noinline u32 masquerade(struct host *h, struct facts *facts, struct scratch *scratch)
{
	struct config *config = lookup_config(h);
	if (config == 0)
		return REASON_NO_CONFIG;
	const u32 first = config->masq_port_min;
	const u32 last = config->masq_port_max;
	if (first > last)
		return REASON_NO_SOURCE_PORT;
	for (u32 attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
		offer(scratch, first, last - first + 1, attempt);
		if (is_free(h, scratch))
			return give_offered(scratch);
	}
	const bool opens = facts->protocol == PROTOCOL_TCP && (facts->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	return opens ? masquerade_again(h, scratch, first, last - first + 1) : REASON_NO_SOURCE_PORT;
}

/* from datapath-as/core/stages/translate.ts:181 */
__hidden __noinline u32 translate(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	if (!is_translating(facts->hook))
		return TRANSLATE_NONE;
	if ((facts->flags & FACT_ICMP_ERROR) != 0)
		return translate_error(h, facts, record, scratch);
	const u8 outcome = translate_client(h, facts, record, scratch);
	if (outcome != TRANSLATE_DONE)
		return outcome;
	struct translation *translation = new_translation(scratch);
	if ((translation->flags & TRANSLATION_MASQUERADED) == 0)
		return TRANSLATE_DONE;
	if (translation->source_port != 0 && is_free(h, scratch))
		return TRANSLATE_DONE;
	const u32 reason = masquerade(h, facts, scratch);
	if (reason != REASON_FORWARDED)
		return reason;
	record->translation = EFFECT_REPLACE;
	return TRANSLATE_DONE;
}

/* from datapath-as/core/stages/elsewhere.ts:29 */
__hidden __noinline u32 elsewhere(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	record->service = new_translation(scratch)->service;
	record->backend = new_translation(scratch)->backend;
	const bool is_error = (facts->flags & FACT_ICMP_ERROR) != 0;
	const u64 outer_hi = facts->outer_source_hi;
	const u64 outer_lo = facts->outer_source_lo;
	const u64 own_hi = facts->source_hi;
	const u64 own_lo = facts->source_lo;
	const u64 hi = is_error ? outer_hi : own_hi;
	const u64 lo = is_error ? outer_lo : own_lo;
	if (endpoint_of(h, scratch, hi, lo) != 0)
		return dropped(record, REASON_INVALID_SOURCE);
	struct prefix *sender = prefix_of(h, scratch, hi, lo);
	const u32 identity = sender == 0 ? IDENTITY_WORLD : sender->identity;
	struct node *node = tunnel_node(h, scratch);
	if (node == 0)
		return dropped(record, REASON_NO_TUNNEL_ENDPOINT);
	record->source_identity = (identity & IDENTITY_SCOPE_MASK) != 0 ? IDENTITY_WORLD : identity;
	record->next_hop = NEXT_HOP_OVERLAY;
	record->tunnel_hi = node->address_hi;
	record->tunnel_lo = node->address_lo;
	return ENDED;
}

/* from datapath-as/core/decide.ts:177 */
static __always_inline bool is_same_frontend(struct record *record, struct scratch *scratch, struct conntrack *entry)
{
	if (record->reply != 0)
		return record->service == 0;
	if (record->service == 0)
		return (entry->flags & CONNTRACK_TRANSLATED) == 0;
	struct tuple *client = client_tuple(scratch);
	return (entry->flags & CONNTRACK_TRANSLATED) != 0 && entry->frontend_hi == client->destination_hi && entry->frontend_lo == client->destination_lo && entry->frontend_port == client->destination_port;
}

/* from datapath-as/core/decide.ts:190 */
static __always_inline u32 known(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, struct conntrack *entry)
{
	const u32 reply = inline_is_reply(entry->flags, scratch->source_high);
	record->reply = (u8)reply;
	const bool is_error = (facts->flags & FACT_ICMP_ERROR) != 0;
	if (!is_error && inline_conntrack_reopens(facts->protocol, facts->tcp_flags, entry->flags))
		return OPENS;
	if (!is_error && is_translating(facts->hook) && !is_same_frontend(record, scratch, entry))
		return (entry->flags & CONNTRACK_ANY_CLOSED) != 0 ? OPENS : dropped(record, REASON_TRANSLATION_CLASH);
	scratch->hidden = (entry->flags & CONNTRACK_HAIRPIN) != 0 ? HIDDEN_HAIRPIN : (is_outward(entry) ? HIDDEN_MASQUERADE : 0);
	if (is_error)
		return related(h, facts, record, scratch, entry);
	if (inline_is_current(facts, scratch, entry, reply))
		return inline_established(h, facts, record, scratch, entry);
	return revisited(h, facts, record, scratch, entry);
}

/* from datapath-as/core/stages/stray.ts:60 */
__hidden __noinline u32 unrelated(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	const bool is_error = (facts->flags & FACT_ICMP_ERROR) != 0;
	const u64 outer_hi = facts->outer_destination_hi;
	const u64 outer_lo = facts->outer_destination_lo;
	const u64 own_hi = facts->destination_hi;
	const u64 own_lo = facts->destination_lo;
	const u64 hi = is_error ? outer_hi : own_hi;
	const u64 lo = is_error ? outer_lo : own_lo;
	if (is_error && facts->hook == HOOK_TO_HOST)
		return ENDED;
	if (is_error && facts->hook == HOOK_FROM_NETWORK) {
		struct endpoint *endpoint = endpoint_of(h, scratch, hi, lo);
		if (endpoint == 0 || (endpoint->flags & ENDPOINT_HOST) != 0)
			return ENDED;
	}
	record->translation = EFFECT_NONE;
	record->affinity = EFFECT_NONE;
	record->service = 0;
	record->backend = 0;
	scratch->hidden = 0;
	address_key(scratch)->hi = hi;
	address_key(scratch)->lo = lo;
	return stray(h, facts, record, scratch);
}

/* from datapath-as/core/decide.ts:159 */
static __always_inline u32 inline_opened(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, u8 effect)
{
	copy_tuple(packet_tuple(scratch), origin_tuple(scratch));
	if (scratch->hidden == HIDDEN_MASQUERADE) {
		origin_tuple(scratch)->source_hi = client_tuple(scratch)->source_hi;
		origin_tuple(scratch)->source_lo = client_tuple(scratch)->source_lo;
	}
	scratch->origin_identity = 0;
	scratch->responder_identity = 0;
	scratch->keeps_grants = 0;
	set_traffic(facts, scratch);
	record->reply = 0;
	const u32 reason = inline_evaluate(h, facts, record, scratch);
	if (reason != REASON_FORWARDED)
		return dropped(record, reason);
	begun(h, facts, record, scratch, effect);
	return ENDED;
}

__hidden __noinline u32 opened(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch, u8 effect)
{
	return inline_opened(h, facts, record, scratch, effect);
}

/* from datapath-as/core/decide.ts:281 */
static __always_inline u32 judge(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	struct conntrack *entry = find_flow(h, record, scratch);
	const bool is_error = (facts->flags & FACT_ICMP_ERROR) != 0;
	if (entry == 0 && (is_error || (scratch->hints & HINT_FRONTEND) != 0)) {
		const u32 translated = translate(h, facts, record, scratch);
		if (translated > TRANSLATE_ELSEWHERE)
			return dropped(record, translated);
		if (translated == TRANSLATE_ELSEWHERE)
			return elsewhere(h, facts, record, scratch);
		if (translated == TRANSLATE_DONE) {
			if (!is_error)
				scratch->hidden = new_translation(scratch)->flags & (TRANSLATION_HAIRPIN | TRANSLATION_MASQUERADED);
			entry = find_flow(h, record, scratch);
		}
	}
	u8 effect = EFFECT_CREATE;
	if (entry != 0) {
		const u32 outcome = known(h, facts, record, scratch, entry);
		if (outcome != OPENS)
			return outcome;
		effect = EFFECT_REPLACE;
		if (scratch->hidden == HIDDEN_MASQUERADE) {
			effect = EFFECT_CLAIM;
			record->touch_expires = entry->expires;
		}
	} else if (scratch->stale != 0)
		effect = scratch->hidden == HIDDEN_MASQUERADE ? EFFECT_CLAIM : EFFECT_REPLACE;
	if (record->service == 0 && is_hosts(h, facts, scratch))
		return leave_to_host(record);
	const bool icmp = facts->protocol == PROTOCOL_ICMP || facts->protocol == PROTOCOL_ICMPV6;
	if (is_error || (icmp && is_echo_reply(facts->family, facts->icmp_type)))
		return unrelated(h, facts, record, scratch);
	return inline_opened(h, facts, record, scratch, effect);
}

/* from datapath-as/core/decide.ts:348 */
__hidden __noinline u32 decide(struct host *h, struct facts *facts, struct record *record, struct scratch *scratch)
{
	clear_record(facts, record);
	scratch->now = facts->now;
	scratch->hidden = 0;
	if (facts->hook == HOOK_FROM_NETWORK && is_foreign(h, facts) != 0)
		return NEXT_HOP_STACK;
	if (facts->hook == HOOK_TO_NETWORK)
		return answered(h, facts, record, scratch);
	if (facts->invalid != 0)
		return is_hosts(h, facts, scratch) ? NEXT_HOP_STACK : drop(record, facts->invalid);
	if ((facts->flags & FACT_NEIGHBOUR) != 0)
		return NEXT_HOP_STACK;
	const u32 reason = find_ports(h, facts, record, scratch);
	if (reason != REASON_FORWARDED)
		return is_hosts(h, facts, scratch) ? NEXT_HOP_STACK : drop(record, (u8)reason);
	copy_tuple(tuple_of(facts), packet_tuple(scratch));
	if (judge(h, facts, record, scratch) == ENDED)
		return record->next_hop;
	return inline_forward(h, facts, record, scratch);
}

/* from datapath-as/core/hash.ts:87 */
__hidden __noinline u32 backend_hash(u64 hi, u64 lo, u32 place, u32 seed)
{
	return jhash6((u32)hi, (u32)(hi >> 32), (u32)lo, (u32)(lo >> 32), place, 0, seed);
}

/* from datapath-as/core/layout/socket.ts:102 */
static __always_inline struct translation *call_translation(struct socket_call *call)
{
	return (struct translation *)&call->translation0;
}

/* from datapath-as/core/socket.ts:43 */
static __always_inline bool is_ipv4(u64 hi, u64 lo)
{
	return hi == 0 && (lo & MAPPED_MASK) == MAPPED;
}

/* from datapath-as/core/layout/socket.ts:90 */
static __always_inline struct socket_key *call_peer(struct socket_call *call)
{
	return (struct socket_key *)&call->peer0;
}

/* from datapath-as/core/socket.ts:135 */
static __always_inline bool is_origin(struct socket_call *call, struct socket_frontend *known)
{
	return known->hi == call->hi && known->lo == call->lo && known->port == call->port;
}

/* from datapath-as/core/layout/socket.ts:105 */
static __always_inline struct socket_frontend *call_origin(struct socket_call *call)
{
	return (struct socket_frontend *)&call->origin0;
}

/* from datapath-as/core/socket.ts:140 */
__hidden __noinline u32 apply_to_call(struct host *h, struct socket_call *call)
{
	struct translation *translation = call_translation(call);
	if (is_ipv4(translation->backend_hi, translation->backend_lo) != is_ipv4(call->hi, call->lo)) {
		call->affinity = EFFECT_NONE;
		call->flow = EFFECT_NONE;
		return SOCKET_UNTOUCHED;
	}
	struct socket_key *peer = call_peer(call);
	peer->cookie = call->cookie;
	peer->hi = translation->backend_hi;
	peer->lo = translation->backend_lo;
	peer->port = translation->backend_port;
	peer->protocol = call->protocol;
	peer->pad0 = 0;
	peer->pad1 = 0;
	struct socket_frontend *known = lookup_socket_reverse(h, peer);
	if (known == 0 || !is_origin(call, known)) {
		struct socket_frontend *origin = call_origin(call);
		origin->hi = call->hi;
		origin->lo = call->lo;
		origin->port = call->port;
		origin->pad0 = 0;
		origin->service = translation->service;
		call->reverse = EFFECT_REPLACE;
	}
	return SOCKET_TRANSLATED;
}

/* from datapath-as/core/socket.ts:47 */
static __always_inline bool is_loopback(u64 hi, u64 lo)
{
	if (is_ipv4(hi, lo))
		return ((lo >> FIRST_BYTE_SHIFT) & 0xff) == LOOPBACK4;
	return hi == 0 && lo == LOOPBACK6;
}

/* from datapath-as/core/socket.ts:53 */
static __always_inline bool is_on_node(struct host *h, struct socket_call *call)
{
	struct socket_config *config = lookup_socket_config(h);
	return config != 0 && config->host_namespace != 0 && config->host_namespace == call->namespace;
}

/* from datapath-as/core/socket.ts:62 */
__hidden __noinline bool is_sockets_own(struct host *h, struct socket_call *call)
{
	if (call->protocol == PROTOCOL_TCP) {
		if (!is_loopback(call->hi, call->lo))
			return true;
	} else {
		if (call->protocol != PROTOCOL_UDP)
			return false;
		if (call->kind == CALL_SEND && !is_loopback(call->hi, call->lo))
			return true;
	}
	return is_on_node(h, call);
}

/* from datapath-as/core/layout/socket.ts:87 */
static __always_inline struct socket_key *call_key(struct socket_call *call)
{
	return (struct socket_key *)&call->cookie;
}

/* from datapath-as/core/socket.ts:89 */
__hidden __noinline u32 keep_socket_flow(struct host *h, struct socket_call *call)
{
	struct translation *found = lookup_socket_flow(h, call_key(call));
	if (found == 0)
		return 0;
	struct backend *backend = lookup_backend(h, found->backend);
	if (backend == 0 || backend->generation != found->generation)
		return 0;
	copy_translation(found, call_translation(call));
	return 1;
}

/* from datapath-as/core/layout/socket.ts:96 */
static __always_inline struct affinity_key *call_affinity_key(struct socket_call *call)
{
	return (struct affinity_key *)&call->affinity_key0;
}

/* from datapath-as/core/hash.ts:79 */
static __always_inline u32 socket_hash(u64 cookie)
{
	return jhash6((u32)cookie, (u32)(cookie >> 32), 0, 0, 0, 0, 0);
}

/* from datapath-as/core/socket.ts:99 */
__hidden __noinline u32 socket_index(struct socket_call *call, u32 size)
{
	return inline_scale_hash(socket_hash(call->cookie), size);
}

/* from datapath-as/core/socket.ts:104 */
__hidden __noinline u8 select_socket_slot(struct host *h, struct socket_call *call, u32 offset, u32 size)
{
	return select_slot(h, call_translation(call), offset, size, socket_index(call, size));
}

/* from datapath-as/core/layout/socket.ts:99 */
static __always_inline struct affinity *call_affinity(struct socket_call *call)
{
	return (struct affinity *)&call->affinity0;
}

/* from datapath-as/core/socket.ts:109 */
__hidden __noinline u8 select_kept_for_socket(struct host *h, struct socket_call *call, struct frontend *frontend)
{
	struct affinity_key *key = call_affinity_key(call);
	key->client_hi = NAMESPACE_CLIENT;
	key->client_lo = call->namespace;
	key->service = frontend->service;
	key->pad0 = 0;
	struct affinity *kept = lookup_affinity(h, key);
	u8 reason = REASON_NO_BACKEND;
	if (kept != 0 && !inline_has_expired(kept->expires, call->now) && offer_backend(h, call_translation(call), kept->backend) != 0)
		reason = REASON_FORWARDED;
	if (reason != REASON_FORWARDED)
		reason = select_socket_slot(h, call, frontend->offset, frontend->size);
	if (reason != REASON_FORWARDED)
		return reason;
	struct affinity *affinity = call_affinity(call);
	affinity->backend = call_translation(call)->backend;
	affinity->expires = call->now + frontend->affinity_ticks;
	call->affinity = EFFECT_REPLACE;
	return REASON_FORWARDED;
}

/* from datapath-as/core/socket.ts:203 */
__hidden __noinline u32 socket_origin(struct host *h, struct socket_call *call)
{
	struct socket_frontend *known = lookup_socket_reverse(h, call_key(call));
	if (known == 0)
		return SOCKET_UNTOUCHED;
	struct socket_frontend *origin = call_origin(call);
	origin->hi = known->hi;
	origin->lo = known->lo;
	origin->port = known->port;
	origin->pad0 = 0;
	origin->service = known->service;
	return SOCKET_TRANSLATED;
}

/* from datapath-as/core/socket.ts:72 */
static __always_inline bool has_frontends(struct host *h, struct socket_call *call)
{
	struct address_slot *slot = lookup_epoch(h, inline_address_slot(call->hi, call->lo));
	return slot != 0 && (slot->hints & HINT_FRONTEND) != 0;
}

/* from datapath-as/core/layout/socket.ts:93 */
static __always_inline struct frontend_key *call_frontend_key(struct socket_call *call)
{
	return (struct frontend_key *)&call->frontend0;
}

/* from datapath-as/core/socket.ts:77 */
static __always_inline struct frontend *socket_frontend(struct host *h, struct socket_call *call, u16 port, u8 protocol)
{
	struct frontend_key *key = call_frontend_key(call);
	key->hi = call->hi;
	key->lo = call->lo;
	key->port = port;
	key->protocol = protocol;
	key->scope = SCOPE_INTERNAL;
	key->pad0 = 0;
	return lookup_frontend(h, key);
}

/* from datapath-as/core/socket.ts:169 */
static __always_inline u32 refuse(struct socket_call *call, u8 reason)
{
	call->reason = reason;
	return SOCKET_REFUSED;
}

/* from datapath-as/core/socket.ts:128 */
static __always_inline u8 select_for_socket(struct host *h, struct socket_call *call, struct frontend *frontend)
{
	if (frontend->size == 0)
		return REASON_NO_BACKEND;
	call_translation(call)->service = frontend->service;
	if ((frontend->flags & FRONTEND_AFFINITY) != 0)
		return select_kept_for_socket(h, call, frontend);
	return select_socket_slot(h, call, frontend->offset, frontend->size);
}

/* from datapath-as/core/socket.ts:175 */
__hidden __noinline u32 socket_translate(struct host *h, struct socket_call *call)
{
	call->reason = REASON_FORWARDED;
	call->affinity = EFFECT_NONE;
	call->flow = EFFECT_NONE;
	call->reverse = EFFECT_NONE;
	call->service = 0;
	if (!has_frontends(h, call) || !is_sockets_own(h, call))
		return SOCKET_UNTOUCHED;
	if (call->kind == CALL_SEND && keep_socket_flow(h, call) != 0) {
		call->service = call_translation(call)->service;
		return apply_to_call(h, call);
	}
	struct frontend *frontend = socket_frontend(h, call, call->port, call->protocol);
	if (frontend == 0) {
		struct frontend *closed = socket_frontend(h, call, 0, 0);
		if (closed == 0 || (closed->flags & FRONTEND_CLOSED) == 0)
			return SOCKET_UNTOUCHED;
		call->service = closed->service;
		return refuse(call, REASON_SERVICE_PORT_UNKNOWN);
	}
	if ((frontend->flags & FRONTEND_SOURCE_RANGES) != 0)
		return SOCKET_UNTOUCHED;
	call->service = frontend->service;
	const u8 reason = select_for_socket(h, call, frontend);
	if (reason != REASON_FORWARDED)
		return refuse(call, reason);
	if (call->kind == CALL_SEND)
		call->flow = EFFECT_REPLACE;
	return apply_to_call(h, call);
}

/* from datapath-as/core/checksum.ts:17 */
static __always_inline u32 difference_of_words(u64 before, u64 after)
{
	const u32 low = inline_checksum_add(~((u32)before), (u32)after);
	const u32 high = inline_checksum_add(~((u32)(before >> 32)), (u32)(after >> 32));
	return inline_checksum_add(low, high);
}

/* from datapath-as/core/checksum.ts:24 */
static __always_inline u32 inline_checksum_of_address_change(u64 old_hi, u64 old_lo, u64 new_hi, u64 new_lo)
{
	return inline_checksum_add(difference_of_words(old_hi, new_hi), difference_of_words(old_lo, new_lo));
}

__hidden __noinline u32 checksum_of_address_change(u64 old_hi, u64 old_lo, u64 new_hi, u64 new_lo)
{
	return inline_checksum_of_address_change(old_hi, old_lo, new_hi, new_lo);
}

/* from datapath-as/core/checksum.ts:29 */
static __always_inline u32 inline_checksum_of_port_change(u16 before, u16 after)
{
	return inline_checksum_add(~((u32)before) & 0xffff, (u32)after);
}

__hidden __noinline u32 checksum_of_port_change(u16 before, u16 after)
{
	return inline_checksum_of_port_change(before, after);
}

/* from datapath-as/core/checksum.ts:34 */
static __always_inline u16 inline_checksum_replace(u16 field, u32 difference)
{
	return (u16)~inline_checksum_fold(inline_checksum_add(~((u32)field) & 0xffff, difference));
}

__hidden __noinline u16 checksum_replace(u16 field, u32 difference)
{
	return inline_checksum_replace(field, difference);
}
