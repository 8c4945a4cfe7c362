/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parse: from a frame to facts. Headers that a driver left outside the linear part are copied by the walkers, never pulled: pulling
 * would copy payload of every GSO packet. */
#pragma once
#include "parse_transport.h"

/* Walks whatever is not plain; the first problem in header order, and the facts hold what was read up to there. */
static __noinline int parse_walked(struct __sk_buff *skb, struct workspace *w)
{
	struct header *header = &w->outer;
	struct facts *facts = &w->facts;
	int reason;

	open_header(header, ETH_HLEN, skb->len);
	header->segmented = skb->gso_size != 0;
	reason = walk_network(skb, header);
	facts->length = header->length;
	if (header->family == 0)
		return reason;
	facts->family = header->family;
	write_addresses(skb, header, facts);
	if (reason != REASON_FORWARDED)
		return reason;
	facts->protocol = header->protocol;
	facts->fragment_id = header->fragment_id;
	return parse_transport(skb, w);
}

/* Writes everything that the bytes and the socket buffer say into the facts. */
static __always_inline void parse_packet(struct __sk_buff *skb, struct workspace *w, __u8 hook)
{
	struct facts *facts = &w->facts;
	int reason = REASON_FORWARDED;

	open_facts(skb, facts, current_tick(w), hook);
	if (hook == HOOK_FROM_OVERLAY)
		reason = read_tunnel_identity(skb, facts);
	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		if (!parse_plain_ipv4(skb, facts, &w->outer))
			facts->invalid = parse_walked(skb, w);
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		if (!parse_plain_ipv6(skb, facts, &w->outer))
			facts->invalid = parse_walked(skb, w);
	} else {
		facts->invalid = REASON_UNSUPPORTED_L3;
	}
	if (reason != REASON_FORWARDED)
		facts->invalid = reason;
}
