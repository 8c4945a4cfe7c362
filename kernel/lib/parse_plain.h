/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Plain packets: well-formed TCP and UDP without IP options, extension headers or fragments, which is nearly all there is. Read by
 * direct access and without a helper; every other packet, bad ones too, is left to the walkers. */
#pragma once
#include "facts.h"

#define TCP_FLAGS_BYTE 13
#define TCP_LENGTH_BYTE 12

/* The L4 header at `l4` with `rest` bytes of packet from there on. */
static __always_inline bool parse_plain_transport(struct facts *facts, __u8 *l4, __u8 *end, __u8 protocol, __u32 rest, bool segmented)
{
	if (protocol == PROTOCOL_TCP) {
		__u32 length;

		if (l4 + sizeof(struct tcphdr) > end)
			return false;
		length = l4[TCP_LENGTH_BYTE] >> 4 << 2;
		if (length < sizeof(struct tcphdr) || length > rest)
			return false;
		facts->tcp_flags = l4[TCP_FLAGS_BYTE];
	} else if (protocol == PROTOCOL_UDP) {
		struct udphdr *udp = (void *)l4;
		__u32 length;

		if ((__u8 *)(udp + 1) > end || rest < sizeof(*udp))
			return false;
		length = bpf_ntohs(udp->len);
		if (!segmented && (length < sizeof(*udp) || length > rest))
			return false;
	} else {
		return false;
	}
	facts->source_port = *(__u16 *)l4;
	facts->destination_port = *(__u16 *)(l4 + 2);
	facts->protocol = protocol;
	return true;
}

static __always_inline bool parse_plain_ipv4(struct __sk_buff *skb, struct facts *facts, struct header *header)
{
	__u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct iphdr *ip = (void *)(data + ETH_HLEN);
	__u32 present = bytes_present(skb), total;
	bool segmented = skb->gso_size != 0;

	/* 0x45: version 4, five words of header. 0x3fff: more fragments, or an offset. */
	if ((__u8 *)(ip + 1) > end || *(__u8 *)ip != 0x45 || (ip->frag_off & bpf_htons(0x3fff)) != 0)
		return false;
	total = segmented ? present : bpf_ntohs(ip->tot_len);
	if (total < sizeof(*ip) || total > present)
		return false;
	if (!parse_plain_transport(facts, (__u8 *)(ip + 1), end, ip->protocol, total - sizeof(*ip), segmented))
		return false;
	facts->source_lo = mapped_low(ip->saddr);
	facts->destination_lo = mapped_low(ip->daddr);
	facts->family = FAMILY_IPV4;
	facts->length = total;
	header->transport = ETH_HLEN + sizeof(*ip);
	return true;
}

static __always_inline bool parse_plain_ipv6(struct __sk_buff *skb, struct facts *facts, struct header *header)
{
	__u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ipv6hdr *ip = (void *)(data + ETH_HLEN);
	__u64 *address = (void *)&ip->saddr;
	__u32 present = bytes_present(skb), total;
	bool segmented = skb->gso_size != 0;

	if ((__u8 *)(ip + 1) > end || *(__u8 *)ip >> 4 != FAMILY_IPV6)
		return false;
	total = segmented ? present : sizeof(*ip) + bpf_ntohs(ip->payload_len);
	if (total > present || is_mapped(address[0], address[1]) || is_mapped(address[2], address[3]))
		return false;
	if (!parse_plain_transport(facts, (__u8 *)(ip + 1), end, ip->nexthdr, total - sizeof(*ip), segmented))
		return false;
	facts->source_hi = address[0];
	facts->source_lo = address[1];
	facts->destination_hi = address[2];
	facts->destination_lo = address[3];
	facts->family = FAMILY_IPV6;
	facts->length = total;
	header->transport = ETH_HLEN + sizeof(*ip);
	return true;
}
