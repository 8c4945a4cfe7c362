/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* IPv4: walks one IPv4 header, of the packet itself or of one that an ICMP error quotes. */
#pragma once
#include "types.h"

#define IPV4_OFFSET_MASK 0x1fff
#define IPV4_MORE_FRAGMENTS 0x2000
/* The largest datagram that fragments may add up to. */
#define DATAGRAM_MAX 65535

static __always_inline int read_ipv4_fragment(struct header *header, struct iphdr *ip, __u32 payload)
{
	__u32 fragment = bpf_ntohs(ip->frag_off);
	__u32 offset = (fragment & IPV4_OFFSET_MASK) << 3;

	if ((fragment & (IPV4_OFFSET_MASK | IPV4_MORE_FRAGMENTS)) == 0)
		return REASON_FORWARDED;
	if (offset + payload > DATAGRAM_MAX)
		return REASON_INVALID_PACKET;
	header->fragment_offset = offset;
	header->more_fragments = (fragment & IPV4_MORE_FRAGMENTS) != 0;
	header->fragment_id = ip->id;
	return REASON_FORWARDED;
}

/* Finds the transport header behind a fixed header that is known to be present; a reason when the lengths lie. A quoted packet may
 * state more bytes than were quoted. */
static __noinline int walk_ipv4(struct __sk_buff *skb, struct header *header)
{
	__u32 network = header->network, present = header->end - network;
	__u32 header_length, total;
	struct iphdr ip;
	int reason;

	if (bpf_skb_load_bytes(skb, network, &ip, sizeof(ip)) < 0)
		return REASON_INVALID_PACKET;
	header_length = ip.ihl << 2;
	total = header->segmented ? present : bpf_ntohs(ip.tot_len);
	if (header_length < sizeof(ip) || total < header_length || header_length > present)
		return REASON_INVALID_PACKET;
	if (total > present && !header->quoted)
		return REASON_INVALID_PACKET;
	if (total < present)
		header->end = network + total;
	header->length = total;
	reason = read_ipv4_fragment(header, &ip, total - header_length);
	if (reason != REASON_FORWARDED)
		return reason;
	header->protocol = ip.protocol;
	header->transport = network + header_length;
	return REASON_FORWARDED;
}
