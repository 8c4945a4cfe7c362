/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Network: which IP family a packet is of, and its addresses in the form that every map has them. */
#pragma once
#include "facts.h"
#include "parse_ipv4.h"
#include "parse_ipv6.h"

static __always_inline void open_header(struct header *header, __u32 network, __u32 end)
{
	__builtin_memset(header, 0, sizeof(*header));
	header->network = network;
	header->end = end;
	header->length = end - network;
}

/* Walks the header chain of the family that the first nibble names. header->family stays 0 when not even the fixed header is there. */
static __noinline int walk_network(struct __sk_buff *skb, struct header *header)
{
	__u32 present = header->end - header->network;
	__u8 version;

	if (present == 0 || bpf_skb_load_bytes(skb, header->network, &version, 1) < 0)
		return REASON_INVALID_PACKET;
	version >>= 4;
	if (version == FAMILY_IPV4) {
		if (present < sizeof(struct iphdr))
			return REASON_INVALID_PACKET;
		header->family = FAMILY_IPV4;
		return walk_ipv4(skb, header);
	}
	if (version != FAMILY_IPV6)
		return REASON_UNSUPPORTED_L3;
	if (present < sizeof(struct ipv6hdr))
		return REASON_INVALID_PACKET;
	header->family = FAMILY_IPV6;
	return walk_ipv6(skb, header);
}

/* Addresses of a header whose fixed part is present. */
static __always_inline void write_addresses(struct __sk_buff *skb, struct header *header, struct facts *facts)
{
	__u32 pair[2] = {};

	if (header->family == FAMILY_IPV6) {
		bpf_skb_load_bytes(skb, header->network + offsetof(struct ipv6hdr, saddr), &facts->source_hi, 32);
		return;
	}
	bpf_skb_load_bytes(skb, header->network + offsetof(struct iphdr, saddr), pair, sizeof(pair));
	facts->source_hi = 0;
	facts->source_lo = mapped_low(pair[0]);
	facts->destination_hi = 0;
	facts->destination_lo = mapped_low(pair[1]);
}
