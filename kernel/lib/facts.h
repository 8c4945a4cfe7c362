/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Facts: what is known about a packet besides its bytes, and addresses in the form that every map has them. */
#pragma once
#include "types.h"

/* The third 32-bit word of every v4-mapped address, as memory has it. */
#define MAPPED_WORD 0xffff0000ULL

/* The low half of a v4-mapped address. */
static __always_inline __u64 mapped_low(__u32 address)
{
	return (__u64)address << 32 | MAPPED_WORD;
}

/* ::ffff:0:0/96 stands for IPv4 in every map; on the wire it would pass for another family's address. */
static __always_inline bool is_mapped(__u64 hi, __u64 lo)
{
	return hi == 0 && (__u32)lo == MAPPED_WORD;
}

/* Bytes from the IP header on; the Ethernet header is always there. */
static __always_inline __u32 bytes_present(struct __sk_buff *skb)
{
	return skb->len - ETH_HLEN;
}

/* Clears the facts and writes those that no byte of the packet says. The random number stays 0: no stage of the core asks for one,
 * and the helper would be a tenth of the path. */
static __always_inline void open_facts(struct __sk_buff *skb, struct facts *facts, __u32 now, __u8 hook)
{
	__builtin_memset(facts, 0, sizeof(*facts));
	facts->now = now;
	facts->port = skb->ifindex;
	facts->mark = skb->mark;
	facts->hook = hook;
	facts->length = bytes_present(skb);
}

/* The VNI is the sender's identity. The kernel asks for the family of the tunnel to be named, so both are tried. */
static __noinline int read_tunnel_identity(struct __sk_buff *skb, struct facts *facts)
{
	struct bpf_tunnel_key key = {};

	if (bpf_skb_get_tunnel_key(skb, &key, sizeof(key), 0) < 0 &&
	    bpf_skb_get_tunnel_key(skb, &key, sizeof(key), BPF_F_TUNINFO_IPV6) < 0)
		return REASON_INVALID_IDENTITY;
	facts->tunnel_identity = key.tunnel_id;
	return REASON_FORWARDED;
}
