/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Forward: carries out the record's next hop. */
#pragma once
#include "facts.h"
#include "host.h"
#include "workspace.h"

#define TUNNEL_TTL 64
#define TUNNEL_IDENTITY_MASK 0xffffff
/* linux/if_packet.h: the packet is this host's own. */
#define PACKET_TYPE_HOST 0

/* MAC addresses are the low six bytes of a word, first byte on the wire first. */
static __always_inline void write_mac(__u8 *at, __u64 mac)
{
	*(__u32 *)at = mac;
	*(__u16 *)(at + 4) = mac >> 32;
}

static __always_inline bool write_macs(struct __sk_buff *skb, struct record *record)
{
	__u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (data + ETH_HLEN > end)
		return false;
	write_mac(data, record->destination_mac);
	write_mac(data + ETH_ALEN, record->source_mac);
	return true;
}

/* The IP layer drops what was addressed to another link's station, as every frame out of a tunnel may be. */
static __always_inline void own_packet(struct __sk_buff *skb)
{
	if (skb->pkt_type != PACKET_TYPE_HOST)
		bpf_skb_change_type(skb, PACKET_TYPE_HOST);
}

/* Straight into the pod's namespace. The core never decides so on an egress hook, where the kernel has no peer redirect. */
static __always_inline int send_local(struct __sk_buff *skb, struct record *record)
{
	if (!write_macs(skb, record))
		return TC_ACT_SHOT;
	own_packet(skb);
	return bpf_redirect_peer(record->out_port, 0);
}

static __noinline int send_overlay(struct __sk_buff *skb, struct record *record)
{
	struct bpf_tunnel_key key = { .tunnel_id = record->source_identity & TUNNEL_IDENTITY_MASK, .tunnel_ttl = TUNNEL_TTL };
	struct config *node = lookup_config(NULL);
	__u64 flags = BPF_F_ZERO_CSUM_TX;

	if (!node)
		return TC_ACT_SHOT;
	if (is_mapped(record->tunnel_hi, record->tunnel_lo)) {
		/* The only address that this helper takes in host order. */
		key.remote_ipv4 = bpf_ntohl(record->tunnel_lo >> 32);
	} else {
		__builtin_memcpy(&key.remote_ipv6[0], &record->tunnel_hi, 8);
		__builtin_memcpy(&key.remote_ipv6[2], &record->tunnel_lo, 8);
		flags |= BPF_F_TUNINFO_IPV6;
	}
	if (bpf_skb_set_tunnel_key(skb, &key, sizeof(key), flags) < 0)
		return TC_ACT_SHOT;
	return bpf_redirect(node->overlay_port, 0);
}

static __always_inline int send_packet(struct __sk_buff *skb, struct record *record, __u8 hook)
{
	switch (record->next_hop) {
	case NEXT_HOP_LOCAL:
		return send_local(skb, record);
	case NEXT_HOP_OVERLAY:
		return send_overlay(skb, record);
	case NEXT_HOP_PROXY:
		skb->mark = MARK_KIND_PROXY | (__u32)record->proxy_port << 16;
		own_packet(skb);
		return TC_ACT_OK;
	case NEXT_HOP_STACK:
		if (hook == HOOK_FROM_OVERLAY)
			own_packet(skb);
		return TC_ACT_OK;
	default:
		return TC_ACT_SHOT;
	}
}
