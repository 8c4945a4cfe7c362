/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rewrite: writes the record's new addresses and ports into the packet, checksums included. What cannot be rewritten whole is not
 * begun. Helpers do the transport checksums, for only they know whether a field is partial (offloaded) and keep the device's own
 * sum over the frame right. */
#pragma once
#include "crc32c.h"
#include "facts.h"
#include "workspace.h"

#define TCP_CHECKSUM 16
#define UDP_CHECKSUM 6
#define ICMP_CHECKSUM 2
#define SCTP_CHECKSUM 8

static __always_inline bool is_of_family(__u8 family, __u64 hi, __u64 lo)
{
	return is_mapped(hi, lo) == (family == FAMILY_IPV4);
}

/* A backend of the other family would need another header. */
static __always_inline bool family_fits(struct record *record, __u8 family)
{
	if ((record->rewrite & REWRITE_SOURCE) && !is_of_family(family, record->new_source_hi, record->new_source_lo))
		return false;
	return !(record->rewrite & REWRITE_DESTINATION) || is_of_family(family, record->new_destination_hi, record->new_destination_lo);
}

/* Where a transport header has its internet checksum; 0 if it has none. */
static __always_inline __u32 checksum_offset(__u8 protocol)
{
	if (protocol == PROTOCOL_TCP)
		return TCP_CHECKSUM;
	if (protocol == PROTOCOL_UDP)
		return UDP_CHECKSUM;
	return protocol == PROTOCOL_SCTP ? 0 : ICMP_CHECKSUM;
}

/* Whether the addresses are part of what the transport checksum sums. */
static __always_inline bool has_pseudo_header(__u8 protocol)
{
	return protocol != PROTOCOL_ICMP && protocol != PROTOCOL_SCTP;
}

static __always_inline bool has_ports(__u8 protocol)
{
	return protocol != PROTOCOL_ICMP && protocol != PROTOCOL_ICMPV6;
}

/* Difference that new addresses make to a sum over the old ones. */
static __always_inline __u32 source_difference(struct facts *facts, struct record *record)
{
	return inline_checksum_of_address_change(facts->source_hi, facts->source_lo, record->new_source_hi, record->new_source_lo);
}

static __always_inline __u32 destination_difference(struct facts *facts, struct record *record)
{
	return inline_checksum_of_address_change(facts->destination_hi, facts->destination_lo, record->new_destination_hi,
					  record->new_destination_lo);
}

/* Adds to the packet's own transport checksum: `pseudo` for addresses, `words` for the header's own. UDP's 0 is "no checksum" and
 * stays; a UDP sum of 0 is written as 0xffff. */
static __noinline int amend_transport(struct __sk_buff *skb, struct header *header, __u8 protocol, __u32 pseudo, __u32 words)
{
	__u32 at = header->transport + checksum_offset(protocol);
	__u64 flags = protocol == PROTOCOL_UDP ? BPF_F_MARK_MANGLED_0 : 0;

	if (has_pseudo_header(protocol) && bpf_l4_csum_replace(skb, at, 0, pseudo, flags | BPF_F_PSEUDO_HDR) < 0)
		return -1;
	return words != 0 && bpf_l4_csum_replace(skb, at, 0, words, flags) < 0 ? -1 : 0;
}

/* Writes new addresses, null for one that stays, and the IPv4 checksum into the packet's own IP header. */
static __noinline int write_network(struct __sk_buff *skb, __u8 family, __u64 *source, __u64 *destination, __u32 difference)
{
	const __u32 source_at = ETH_HLEN + offsetof(struct ipv6hdr, saddr), destination_at = ETH_HLEN + offsetof(struct ipv6hdr, daddr);
	struct iphdr *ip;

	if (family != FAMILY_IPV4) {
		/* The flag accounts for the address in the device's sum over the frame, as the transport checksum's helper has for itself. */
		if (source && bpf_skb_store_bytes(skb, source_at, source, sizeof(struct in6_addr), BPF_F_RECOMPUTE_CSUM) < 0)
			return -1;
		if (destination && bpf_skb_store_bytes(skb, destination_at, destination, sizeof(struct in6_addr), BPF_F_RECOMPUTE_CSUM) < 0)
			return -1;
		return 0;
	}
	ip = (void *)(long)skb->data + ETH_HLEN;
	if ((void *)(ip + 1) > (void *)(long)skb->data_end) {
		if (bpf_skb_pull_data(skb, ETH_HLEN + sizeof(*ip)) < 0)
			return -1;
		ip = (void *)(long)skb->data + ETH_HLEN;
		if ((void *)(ip + 1) > (void *)(long)skb->data_end)
			return -1;
	}
	ip->check = inline_checksum_replace(ip->check, difference);
	if (source)
		ip->saddr = source[1] >> 32;
	if (destination)
		ip->daddr = destination[1] >> 32;
	return 0;
}

/* Writes the ports of the TCP, UDP or SCTP header at `transport`; the difference they make, 0 if they stay. */
static __noinline __u32 write_ports(struct __sk_buff *skb, struct facts *facts, struct record *record, __u32 transport)
{
	__u32 difference = 0;

	if ((record->rewrite & REWRITE_SOURCE) && record->new_source_port != facts->source_port) {
		difference = inline_checksum_of_port_change(facts->source_port, record->new_source_port);
		bpf_skb_store_bytes(skb, transport, &record->new_source_port, sizeof(__u16), 0);
	}
	if ((record->rewrite & REWRITE_DESTINATION) && record->new_destination_port != facts->destination_port) {
		difference = inline_checksum_add(difference, inline_checksum_of_port_change(facts->destination_port, record->new_destination_port));
		bpf_skb_store_bytes(skb, transport + sizeof(__u16), &record->new_destination_port, sizeof(__u16), 0);
	}
	return difference;
}

/* SCTP's CRC covers the whole datagram, of which a first fragment does not know the length. */
static __noinline int rewrite_sctp(struct __sk_buff *skb, struct workspace *w)
{
	struct header *header = &w->outer;
	__u32 before, after, crc;

	if (bpf_skb_load_bytes(skb, header->transport, &before, sizeof(before)) < 0)
		return -1;
	after = before;
	if (w->record.rewrite & REWRITE_SOURCE)
		after = (after & 0xffff0000) | w->record.new_source_port;
	if (w->record.rewrite & REWRITE_DESTINATION)
		after = (after & 0xffff) | (__u32)w->record.new_destination_port << 16;
	if (before == after)
		return 0;
	if ((w->facts.flags & FACT_FIRST_FRAGMENT) || bpf_skb_load_bytes(skb, header->transport + SCTP_CHECKSUM, &crc, sizeof(crc)) < 0)
		return -1;
	crc ^= crc32c_of_word_change(before ^ after, header->end - header->transport);
	if (bpf_skb_store_bytes(skb, header->transport + SCTP_CHECKSUM, &crc, sizeof(crc), 0) < 0)
		return -1;
	return bpf_skb_store_bytes(skb, header->transport, &after, sizeof(after), 0) < 0 ? -1 : 0;
}

/* Ports and the transport checksum of what is not a later fragment. */
static __noinline int rewrite_transport(struct __sk_buff *skb, struct workspace *w, __u32 pseudo)
{
	__u8 protocol = w->facts.protocol;
	__u32 words = 0;

	if (protocol == PROTOCOL_SCTP)
		return rewrite_sctp(skb, w);
	if (has_ports(protocol))
		words = write_ports(skb, &w->facts, &w->record, w->outer.transport);
	return has_pseudo_header(protocol) ? amend_transport(skb, &w->outer, protocol, pseudo, words) : 0;
}

/* Rewrites the packet itself. The transport first: what cannot be done is found there, before anything else has changed. */
static __noinline int rewrite_own(struct __sk_buff *skb, struct workspace *w)
{
	struct record *record = &w->record;
	__u64 *source = NULL, *destination = NULL;
	__u32 difference = 0;

	if (record->rewrite & REWRITE_SOURCE) {
		source = &record->new_source_hi;
		difference = source_difference(&w->facts, record);
	}
	if (record->rewrite & REWRITE_DESTINATION) {
		destination = &record->new_destination_hi;
		difference = inline_checksum_add(difference, destination_difference(&w->facts, record));
	}
	if (!(w->facts.flags & FACT_LATER_FRAGMENT) && rewrite_transport(skb, w, difference) < 0)
		return -1;
	return write_network(skb, w->facts.family, source, destination, difference);
}
