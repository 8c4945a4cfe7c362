/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ICMP and ICMPv6: echo, neighbour discovery, and errors with the packet that they quote. */
#pragma once
#include "parse_network.h"
#include "workspace.h"

#define ICMP_UNREACHABLE 3
#define ICMP_REDIRECT_MESSAGE 5
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETER_PROBLEM 12
#define ICMPV6_UNREACHABLE 1
#define ICMPV6_PARAMETER_PROBLEM 4
/* A router lowers it; so what has it came from this link. */
#define LINK_HOP_LIMIT 255
/* UDP and ICMP, and as much as an error must quote. */
#define SHORT_HEADER 8
#define SCTP_HEADER 12

struct icmp_message {
	__u8 type;
	__u8 code;
	__u16 checksum;
	__u16 id;
	__u16 sequence;
};

/* Fixed bytes of a protocol's header; 0 for a protocol that is not carried in this family. */
static __always_inline __u32 transport_length(__u8 family, __u8 protocol)
{
	if (protocol == PROTOCOL_TCP)
		return sizeof(struct tcphdr);
	if (protocol == PROTOCOL_UDP)
		return SHORT_HEADER;
	if (protocol == PROTOCOL_SCTP)
		return SCTP_HEADER;
	return protocol == (family == FAMILY_IPV4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6) ? SHORT_HEADER : 0;
}

static __always_inline bool is_icmp_error(__u8 family, __u8 type)
{
	if (family != FAMILY_IPV4)
		return type >= ICMPV6_UNREACHABLE && type <= ICMPV6_PARAMETER_PROBLEM;
	if (type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER_PROBLEM)
		return true;
	return type >= ICMP_UNREACHABLE && type <= ICMP_REDIRECT_MESSAGE;
}

static __always_inline bool is_echo(__u8 family, __u8 type)
{
	if (family == FAMILY_IPV4)
		return type == ICMP_ECHO_REQUEST || type == ICMP_ECHO_REPLY;
	return type == ICMPV6_ECHO_REQUEST || type == ICMPV6_ECHO_REPLY;
}

/* Type, code and, of an echo, the identifier. */
static __always_inline void write_icmp(__u8 family, struct icmp_message *message, struct facts *facts)
{
	facts->icmp_type = message->type;
	facts->icmp_code = message->code;
	facts->icmp_id = is_echo(family, message->type) ? message->id : 0;
}

static __always_inline void write_quoted(struct __sk_buff *skb, struct header *inner, struct icmp_message *message, struct facts *facts)
{
	__u16 *ports = (void *)message;

	facts->outer_source_hi = facts->source_hi;
	facts->outer_source_lo = facts->source_lo;
	facts->outer_destination_hi = facts->destination_hi;
	facts->outer_destination_lo = facts->destination_lo;
	write_addresses(skb, inner, facts);
	facts->protocol = inner->protocol;
	facts->outer_icmp_type = facts->icmp_type;
	facts->flags |= FACT_ICMP_ERROR;
	if (inner->protocol == PROTOCOL_ICMP || inner->protocol == PROTOCOL_ICMPV6) {
		write_icmp(inner->family, message, facts);
		return;
	}
	facts->source_port = ports[0];
	facts->destination_port = ports[1];
}

/* Reads the packet behind the 8 bytes of an error's header. When it is no use, the facts go on speaking of the error itself. */
static __noinline int parse_embedded(struct __sk_buff *skb, struct workspace *w)
{
	struct header *outer = &w->outer, *inner = &w->embedded;
	struct icmp_message message;

	open_header(inner, outer->transport + SHORT_HEADER, outer->end);
	inner->quoted = 1;
	if (walk_network(skb, inner) != REASON_FORWARDED || inner->family != outer->family)
		return REASON_RELATED_UNKNOWN;
	if (inner->fragment_offset != 0 || transport_length(inner->family, inner->protocol) == 0)
		return REASON_RELATED_UNKNOWN;
	if (inner->transport + SHORT_HEADER > inner->end || bpf_skb_load_bytes(skb, inner->transport, &message, sizeof(message)) < 0)
		return REASON_RELATED_UNKNOWN;
	if ((inner->protocol == PROTOCOL_ICMP || inner->protocol == PROTOCOL_ICMPV6) && is_icmp_error(inner->family, message.type))
		return REASON_RELATED_UNKNOWN;
	write_quoted(skb, inner, &message, &w->facts);
	return REASON_FORWARDED;
}

static __always_inline int parse_neighbour(struct header *header, struct facts *facts)
{
	if (facts->icmp_type > ICMPV6_NEIGHBOUR_ADVERTISEMENT || facts->icmp_code != 0 || header->hop_limit != LINK_HOP_LIMIT)
		return REASON_INVALID_NEIGHBOUR;
	facts->flags |= FACT_NEIGHBOUR;
	return REASON_FORWARDED;
}

/* Reads a message of which the first 8 bytes are present. */
static __noinline int parse_icmp(struct __sk_buff *skb, struct workspace *w)
{
	struct header *header = &w->outer;
	struct icmp_message message;

	if (bpf_skb_load_bytes(skb, header->transport, &message, sizeof(message)) < 0)
		return REASON_INVALID_PACKET;
	write_icmp(header->family, &message, &w->facts);
	if (header->family == FAMILY_IPV4) {
		/* A redirect moves routes on the word of whoever can send one. */
		if (message.type == ICMP_REDIRECT_MESSAGE)
			return REASON_INVALID_PACKET;
	} else if (message.type >= ICMPV6_ROUTER_SOLICITATION && message.type <= ICMPV6_REDIRECT) {
		return parse_neighbour(header, &w->facts);
	}
	return is_icmp_error(header->family, message.type) ? parse_embedded(skb, w) : REASON_FORWARDED;
}
