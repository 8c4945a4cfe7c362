/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Transport: ports and flags of TCP, UDP and SCTP, and the way to ICMP. */
#pragma once
#include "parse_icmp.h"
#include "parse_plain.h"

/* Reads the ports, and what TCP and UDP say of their lengths: `rest` bytes are present from the header on. */
static __always_inline int parse_ports(struct __sk_buff *skb, struct header *header, struct facts *facts, __u32 rest)
{
	union {
		__u16 words[8];
		__u8 bytes[16];
	} l4 = {};
	__u32 length;

	/* 12 bytes are the least that a TCP or SCTP header has; a UDP header has 8. */
	if (bpf_skb_load_bytes(skb, header->transport, &l4, SHORT_HEADER) < 0)
		return REASON_INVALID_PACKET;
	if (header->protocol == PROTOCOL_UDP) {
		length = bpf_ntohs(l4.words[2]);
		if (!header->more_fragments && !header->segmented && (length < SHORT_HEADER || length > rest))
			return REASON_INVALID_PACKET;
	}
	if (header->protocol == PROTOCOL_TCP) {
		if (bpf_skb_load_bytes(skb, header->transport, &l4, sizeof(l4)) < 0)
			return REASON_INVALID_PACKET;
		length = l4.bytes[TCP_LENGTH_BYTE] >> 4 << 2;
		if (length < sizeof(struct tcphdr) || length > rest)
			return REASON_INVALID_PACKET;
		facts->tcp_flags = l4.bytes[TCP_FLAGS_BYTE];
	}
	facts->source_port = l4.words[0];
	facts->destination_port = l4.words[1];
	return REASON_FORWARDED;
}

/* Reads what the packet's own transport header says. */
static __noinline int parse_transport(struct __sk_buff *skb, struct workspace *w)
{
	struct header *header = &w->outer;
	struct facts *facts = &w->facts;
	__u32 fixed = transport_length(header->family, header->protocol), rest;

	if (fixed == 0)
		return REASON_UNSUPPORTED_L4;
	if (header->fragment_offset != 0) {
		facts->flags = FACT_LATER_FRAGMENT;
		return REASON_FORWARDED;
	}
	if (header->more_fragments)
		facts->flags = FACT_FIRST_FRAGMENT;
	rest = header->end - header->transport;
	if (rest < fixed)
		return header->more_fragments ? REASON_FRAGMENT_UNSUPPORTED : REASON_INVALID_PACKET;
	if (header->protocol == PROTOCOL_ICMP || header->protocol == PROTOCOL_ICMPV6)
		return parse_icmp(skb, w);
	return parse_ports(skb, header, facts, rest);
}
