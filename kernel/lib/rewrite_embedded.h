/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rewrite of ICMP errors: the quoted packet must look to the error's receiver as the packet that it sent, so addresses and ports
 * change inside the quotation, and the error's own addresses follow where they are the same ones. */
#pragma once
#include "rewrite_plain.h"

/* Adds to the 16-bit checksum at `at`; the field's own difference, for a sum that covers it. `udp`: 0 is "no checksum". */
static __noinline __u32 amend_field(struct __sk_buff *skb, __u32 at, __u32 difference, bool udp)
{
	__u16 before, after;

	if (bpf_skb_load_bytes(skb, at, &before, sizeof(before)) < 0 || (udp && before == 0))
		return 0;
	after = inline_checksum_replace(before, difference);
	if (udp && after == 0)
		after = 0xffff;
	bpf_skb_store_bytes(skb, at, &after, sizeof(after), 0);
	return inline_checksum_of_port_change(before, after);
}

/* Writes a quoted address. `address` is its 16 bytes in the form that maps have. */
static __always_inline void store_address(struct __sk_buff *skb, struct header *inner, bool source, __u64 *address)
{
	__u32 at = inner->network;

	if (inner->family == FAMILY_IPV4) {
		at += source ? offsetof(struct iphdr, saddr) : offsetof(struct iphdr, daddr);
		bpf_skb_store_bytes(skb, at, (__u32 *)address + 3, sizeof(__u32), 0);
	} else {
		at += source ? offsetof(struct ipv6hdr, saddr) : offsetof(struct ipv6hdr, daddr);
		bpf_skb_store_bytes(skb, at, address, sizeof(struct in6_addr), 0);
	}
}

/* Rewrites the quotation; the difference that its changed words make. */
static __noinline __u32 rewrite_quotation(struct __sk_buff *skb, struct workspace *w)
{
	struct header *inner = &w->embedded;
	struct record *record = &w->record;
	__u32 addresses = 0, total, words = 0, field;

	if (record->rewrite & REWRITE_SOURCE) {
		addresses = source_difference(&w->facts, record);
		store_address(skb, inner, true, &record->new_source_hi);
	}
	if (record->rewrite & REWRITE_DESTINATION) {
		addresses = inline_checksum_add(addresses, destination_difference(&w->facts, record));
		store_address(skb, inner, false, &record->new_destination_hi);
	}
	total = addresses;
	if (inner->family == FAMILY_IPV4)
		total = inline_checksum_add(total, amend_field(skb, inner->network + offsetof(struct iphdr, check), addresses, false));
	if (has_ports(inner->protocol))
		words = write_ports(skb, &w->facts, record, inner->transport);
	total = inline_checksum_add(total, words);
	field = inner->transport + checksum_offset(inner->protocol);
	if (has_pseudo_header(inner->protocol) && field + sizeof(__u16) <= inner->end)
		total = inline_checksum_add(total, amend_field(skb, field, inline_checksum_add(addresses, words), inner->protocol == PROTOCOL_UDP));
	return total;
}

/* The error's own addresses: what the quoted destination became sends it, what the quoted source became receives it. */
static __noinline int rewrite_quoting(struct __sk_buff *skb, struct workspace *w)
{
	struct facts *facts = &w->facts;
	struct record *record = &w->record;
	__u64 *source = NULL, *destination = NULL;
	__u32 words = rewrite_quotation(skb, w), difference = 0;

	if (record->rewrite & REWRITE_OUTER_SOURCE) {
		source = &record->new_destination_hi;
		difference = inline_checksum_of_address_change(facts->outer_source_hi, facts->outer_source_lo, record->new_destination_hi,
							record->new_destination_lo);
	}
	if (record->rewrite & REWRITE_OUTER_DESTINATION) {
		destination = &record->new_source_hi;
		difference = inline_checksum_add(difference,
					  inline_checksum_of_address_change(facts->outer_destination_hi, facts->outer_destination_lo,
								     record->new_source_hi, record->new_source_lo));
	}
	if (amend_transport(skb, &w->outer, w->outer.protocol, difference, words) < 0)
		return -1;
	return write_network(skb, facts->family, source, destination, difference);
}

static __noinline int rewrite_unusual(struct __sk_buff *skb, struct workspace *w)
{
	return w->record.rewrite & REWRITE_EMBEDDED ? rewrite_quoting(skb, w) : rewrite_own(skb, w);
}

/* Carries out the record's rewrites; negative: what the record wants cannot be done. */
static __always_inline int rewrite_packet(struct __sk_buff *skb, struct workspace *w)
{
	if (!family_fits(&w->record, w->facts.family))
		return -1;
	return is_plain(w) ? rewrite_plain(skb, w) : rewrite_unusual(skb, w);
}
