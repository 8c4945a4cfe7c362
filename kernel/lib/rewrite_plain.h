/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rewrite of plain packets: TCP and UDP behind an IP header without options or extensions, which is what services nearly always
 * see. The transport checksum is the helper's, as in rewrite.h; all else is written in place, where a helper would cost more. */
#pragma once
#include "rewrite.h"

/* Whether the transport header stands at its usual place and the packet is whole. */
static __always_inline bool is_plain(struct workspace *w)
{
	__u8 protocol = w->facts.protocol;
	__u32 usual = ETH_HLEN + (w->facts.family == FAMILY_IPV4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));

	return (protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP) && w->facts.flags == 0 && w->outer.transport == usual;
}

static __always_inline __u32 address_difference(struct workspace *w)
{
	__u32 difference = 0;

	if (w->record.rewrite & REWRITE_SOURCE)
		difference = source_difference(&w->facts, &w->record);
	if (w->record.rewrite & REWRITE_DESTINATION)
		difference = inline_checksum_add(difference, destination_difference(&w->facts, &w->record));
	return difference;
}

static __always_inline __u32 port_difference(struct workspace *w)
{
	__u32 difference = 0;

	if (w->record.rewrite & REWRITE_SOURCE)
		difference = inline_checksum_of_port_change(w->facts.source_port, w->record.new_source_port);
	if (w->record.rewrite & REWRITE_DESTINATION)
		difference = inline_checksum_add(
			difference, inline_checksum_of_port_change(w->facts.destination_port, w->record.new_destination_port));
	return difference;
}

static __always_inline void write_plain_ports(struct record *record, __u16 *ports)
{
	if (record->rewrite & REWRITE_SOURCE)
		ports[0] = record->new_source_port;
	if (record->rewrite & REWRITE_DESTINATION)
		ports[1] = record->new_destination_port;
}

/* Only after the transport's checksum was amended: what cannot be done is found there, before anything else has changed. */
static __always_inline int rewrite_plain_ipv4(struct __sk_buff *skb, struct workspace *w, __u32 addresses)
{
	struct iphdr *ip = (void *)(long)skb->data + ETH_HLEN;
	__u16 *ports = (void *)(ip + 1);

	if ((void *)(ports + 2) > (void *)(long)skb->data_end)
		return -1;
	if (w->record.rewrite & REWRITE_SOURCE)
		ip->saddr = w->record.new_source_lo >> 32;
	if (w->record.rewrite & REWRITE_DESTINATION)
		ip->daddr = w->record.new_destination_lo >> 32;
	ip->check = inline_checksum_replace(ip->check, addresses);
	write_plain_ports(&w->record, ports);
	return 0;
}

/* No checksum of the header's own makes up for new addresses, so the helper accounts for them in the device's sum over the frame. */
static __always_inline int rewrite_plain_ipv6(struct __sk_buff *skb, struct workspace *w)
{
	struct record *record = &w->record;
	const __u32 source_at = ETH_HLEN + offsetof(struct ipv6hdr, saddr), destination_at = ETH_HLEN + offsetof(struct ipv6hdr, daddr);
	__u16 *ports;

	if ((record->rewrite & REWRITE_SOURCE) &&
	    bpf_skb_store_bytes(skb, source_at, &record->new_source_hi, sizeof(struct in6_addr), BPF_F_RECOMPUTE_CSUM) < 0)
		return -1;
	if ((record->rewrite & REWRITE_DESTINATION) &&
	    bpf_skb_store_bytes(skb, destination_at, &record->new_destination_hi, sizeof(struct in6_addr), BPF_F_RECOMPUTE_CSUM) < 0)
		return -1;
	ports = (void *)(long)skb->data + ETH_HLEN + sizeof(struct ipv6hdr);
	if ((void *)(ports + 2) > (void *)(long)skb->data_end)
		return -1;
	write_plain_ports(record, ports);
	return 0;
}

static __always_inline int rewrite_plain(struct __sk_buff *skb, struct workspace *w)
{
	bool udp = w->facts.protocol == PROTOCOL_UDP;
	__u32 at = w->outer.transport + (udp ? UDP_CHECKSUM : TCP_CHECKSUM);
	__u32 addresses = address_difference(w), ports = port_difference(w);
	__u64 flags = udp ? BPF_F_MARK_MANGLED_0 : 0;

	if (bpf_l4_csum_replace(skb, at, 0, addresses, flags | BPF_F_PSEUDO_HDR) < 0)
		return -1;
	if (ports != 0 && bpf_l4_csum_replace(skb, at, 0, ports, flags) < 0)
		return -1;
	return w->facts.family == FAMILY_IPV4 ? rewrite_plain_ipv4(skb, w, addresses) : rewrite_plain_ipv6(skb, w);
}
