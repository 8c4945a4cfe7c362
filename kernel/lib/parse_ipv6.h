/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* IPv6: walks one IPv6 header and its chain of extension headers, of the packet itself or of one that an ICMP error quotes. */
#pragma once
#include "facts.h"
#include "parse_ipv4.h"

/* Extension headers that one packet may have; a longer chain has no honest use. */
#define CHAIN_MAX 8
/* The smallest extension header, and the whole fragment header. */
#define EXTENSION_MIN 8
/* Source routing, deprecated by RFC 5095 because it turns nodes into amplifiers. */
#define ROUTING_TYPE_0 0
#define IPV6_OFFSET_MASK 0xfff8
#define IPV6_MORE_FRAGMENTS 1

/* The first 8 bytes of any extension header. */
struct extension {
	__u8 next;
	__u8 length;
	union {
		__u8 routing_type;
		__u16 fragment;
	};
	__u32 id;
};

static __always_inline bool is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT || next == IPPROTO_AH ||
	       next == IPPROTO_DSTOPTS;
}

static __always_inline __u32 extension_length(__u8 next, struct extension *extension)
{
	if (next == IPPROTO_FRAGMENT)
		return EXTENSION_MIN;
	return next == IPPROTO_AH ? (extension->length + 2) << 2 : (extension->length + 1) << 3;
}

/* An atomic fragment (RFC 6946: nothing before it, nothing after it) is a whole packet. */
static __always_inline int read_ipv6_fragment(struct header *header, struct extension *extension, __u32 payload)
{
	__u32 fragment = bpf_ntohs(extension->fragment);
	__u32 offset = fragment & IPV6_OFFSET_MASK;

	if ((fragment & (IPV6_OFFSET_MASK | IPV6_MORE_FRAGMENTS)) == 0)
		return REASON_FORWARDED;
	if (offset + payload > DATAGRAM_MAX)
		return REASON_INVALID_PACKET;
	header->fragment_offset = offset;
	header->more_fragments = fragment & IPV6_MORE_FRAGMENTS;
	header->fragment_id = extension->id;
	return REASON_FORWARDED;
}

/* Checks one extension header and moves header->protocol and header->transport behind it. */
static __noinline int step_extension(struct __sk_buff *skb, struct header *header, __u32 count, __u32 fragmented)
{
	__u32 at = header->transport, left = header->end - at, length;
	__u8 next = header->protocol;
	struct extension extension;

	if (count == CHAIN_MAX || left < EXTENSION_MIN || bpf_skb_load_bytes(skb, at, &extension, sizeof(extension)) < 0)
		return REASON_INVALID_EXTENSION_HEADER;
	length = extension_length(next, &extension);
	if (length > left || (next == IPPROTO_HOPOPTS && count != 0))
		return REASON_INVALID_EXTENSION_HEADER;
	if (next == IPPROTO_ROUTING && extension.routing_type == ROUTING_TYPE_0)
		return REASON_INVALID_EXTENSION_HEADER;
	if (next == IPPROTO_FRAGMENT) {
		int reason = fragmented ? REASON_INVALID_EXTENSION_HEADER : read_ipv6_fragment(header, &extension, left - EXTENSION_MIN);

		if (reason != REASON_FORWARDED)
			return reason;
	}
	header->protocol = extension.next;
	header->transport = at + length;
	return REASON_FORWARDED;
}

/* Reads the fixed header, known to be present; a reason when lengths or addresses are wrong. */
static __noinline int read_ipv6(struct __sk_buff *skb, struct header *header)
{
	__u32 network = header->network, present = header->end - network, length;
	struct {
		__u32 flow;
		__u16 length;
		__u8 next;
		__u8 hop_limit;
		__u64 address[4];
	} ip;

	if (bpf_skb_load_bytes(skb, network, &ip, sizeof(ip)) < 0)
		return REASON_INVALID_PACKET;
	length = header->segmented ? present : sizeof(ip) + bpf_ntohs(ip.length);
	if (length > present && !header->quoted)
		return REASON_INVALID_PACKET;
	if (length < present)
		header->end = network + length;
	header->length = length;
	header->hop_limit = ip.hop_limit;
	if (is_mapped(ip.address[0], ip.address[1]) || is_mapped(ip.address[2], ip.address[3]))
		return REASON_INVALID_PACKET;
	header->protocol = ip.next;
	header->transport = network + sizeof(ip);
	return REASON_FORWARDED;
}

static __noinline int walk_ipv6(struct __sk_buff *skb, struct header *header)
{
	__u32 count, fragmented = 0;
	int reason = read_ipv6(skb, header);

	if (reason != REASON_FORWARDED)
		return reason;
	/* One more step than headers are allowed: the last one only refuses. What follows a later fragment's header is data, whatever
	 * the header says comes next. */
	for (count = 0; count <= CHAIN_MAX; count++) {
		__u8 next = header->protocol;

		if (!is_extension(next) || header->fragment_offset != 0)
			break;
		reason = step_extension(skb, header, count, fragmented);
		if (reason != REASON_FORWARDED)
			return reason;
		if (next == IPPROTO_FRAGMENT)
			fragmented = 1;
	}
	return REASON_FORWARDED;
}
