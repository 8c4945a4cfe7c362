/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Path: the course of every packet, whatever its hook. Read this first. */
#pragma once
#include "apply.h"
#include "event.h"
#include "forward.h"
#include "parse.h"
#include "rewrite_embedded.h"

/* A conflict is settled by deciding once more; a second one drops. */
#define DECISIONS 2

/* What is not IP is the host's own business, except from a pod, which may ask for its gateway's address and nothing else. */
static __always_inline bool is_handled(struct __sk_buff *skb, __u8 hook)
{
	__u32 protocol = skb->protocol;

	if (protocol == bpf_htons(ETH_P_IP) || protocol == bpf_htons(ETH_P_IPV6))
		return true;
	return hook == HOOK_FROM_POD && protocol != bpf_htons(ETH_P_ARP);
}

/* Decides and writes the maps. A flow that another CPU created meanwhile is decided once more, then as that flow's packet. */
static __always_inline void settle(struct workspace *w)
{
	struct host host;
	int applied = APPLY_CONFLICT;
	__u32 attempt;

	for (attempt = 0; attempt < DECISIONS && applied == APPLY_CONFLICT; attempt++) {
		host.conntrack = NULL;
		decide(&host, &w->facts, &w->record, &w->scratch);
		applied = apply_effects(&host, w);
	}
	if (applied == APPLIED)
		return;
	if (applied == APPLY_CONFLICT) {
		drop(&w->record, REASON_CONNTRACK_CONFLICT);
		return;
	}
	drop(&w->record, REASON_MAP_FULL);
	w->record.event = EVENT_OVERFLOW;
	w->record.backend = applied;
}

/* Takes one packet from its facts to its next hop; a TC_ACT_*. */
static __always_inline int handle(struct __sk_buff *skb, __u8 hook)
{
	struct workspace *w;

	if (!is_handled(skb, hook))
		return TC_ACT_OK;
	w = workspace_of_cpu();
	if (!w)
		return TC_ACT_SHOT;
	parse_packet(skb, w, hook);
	settle(w);
	if (w->record.rewrite != REWRITE_NONE && w->record.next_hop != NEXT_HOP_DROP && rewrite_packet(skb, w) < 0)
		drop(&w->record, REASON_REWRITE_FAILED);
	if (w->record.event != EVENT_NONE)
		emit_event(w);
	count_packet(&w->facts, &w->record);
	return send_packet(skb, &w->record, hook);
}
