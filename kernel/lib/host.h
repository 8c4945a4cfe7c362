/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Host: the kernel's answers to what the core asks, and the pointers that effects are applied through. */
#pragma once
#include "types.h"

/* Stands on the stack of the program: a pointer is wider here than in the other machine, and the core never looks inside. */
struct host {
	/* Answer to the last conntrack lookup. */
	struct conntrack *conntrack;
	/* Answer to the last policy lookup: the peer's own match. */
	struct policy_matches matches;
};

static __always_inline struct config *lookup_config(struct host *h)
{
	__u32 index = 0;

	return bpf_map_lookup_elem(&config, &index);
}

static __always_inline struct address_slot *lookup_epoch(struct host *h, __u32 slot)
{
	return bpf_map_lookup_elem(&epochs, &slot);
}

static __always_inline struct conntrack *lookup_conntrack(struct host *h, struct flow_key *key)
{
	struct conntrack *entry = bpf_map_lookup_elem(&conntrack, key);

	h->conntrack = entry;
	return entry;
}

static __always_inline struct translation *lookup_translation(struct host *h, struct tuple *key)
{
	return bpf_map_lookup_elem(&translations, key);
}

static __always_inline struct endpoint *lookup_endpoint(struct host *h, struct address *key)
{
	return bpf_map_lookup_elem(&endpoints, key);
}

static __always_inline struct prefix *lookup_prefix(struct host *h, struct prefix_key *key)
{
	return bpf_map_lookup_elem(&ipcache, key);
}

static __always_inline struct node *lookup_node(struct host *h, __u32 number)
{
	return bpf_map_lookup_elem(&nodes, &number);
}

static __always_inline __u64 match_of(__u32 set, __u32 identity, __u32 traffic)
{
	struct policy_key key = {
		.prefix_length = POLICY_PREFIX_PORT,
		.set = set,
		.identity = identity,
		.direction = traffic,
		.protocol = traffic >> 8,
		.port = traffic >> 16,
	};
	__u64 *word = bpf_map_lookup_elem(&policy, &key);

	return word ? *word : 0;
}

static __always_inline struct policy_matches *lookup_policy(struct host *h, __u32 set, __u32 identity, __u32 traffic)
{
	h->matches.peer = match_of(set, identity, traffic);
	return &h->matches;
}

static __always_inline __u64 every_peers_match(struct host *h, struct policy_matches *found, __u32 set, __u32 traffic)
{
	return match_of(set, POLICY_ANY_IDENTITY, traffic);
}

static __always_inline struct grant *lookup_grant(struct host *h, struct grant_key *key)
{
	return bpf_map_lookup_elem(&grants, key);
}

static __always_inline struct frontend *lookup_frontend(struct host *h, struct frontend_key *key)
{
	return bpf_map_lookup_elem(&frontends, key);
}

static __always_inline struct source_range *lookup_source_range(struct host *h, struct source_range_key *key)
{
	return bpf_map_lookup_elem(&source_ranges, key);
}

static __always_inline struct maglev_slot *lookup_maglev(struct host *h, __u32 slot)
{
	return bpf_map_lookup_elem(&maglev, &slot);
}

static __always_inline struct backend *lookup_backend(struct host *h, __u32 id)
{
	return bpf_map_lookup_elem(&backends, &id);
}

static __always_inline struct affinity *lookup_affinity(struct host *h, struct affinity_key *key)
{
	return bpf_map_lookup_elem(&affinity, key);
}

static __always_inline struct fragment_ports *lookup_fragment(struct host *h, struct fragment_key *key)
{
	return bpf_map_lookup_elem(&fragments, key);
}

static __always_inline struct socket_config *lookup_socket_config(struct host *h)
{
	__u32 index = 0;

	return bpf_map_lookup_elem(&socket_config, &index);
}

static __always_inline struct translation *lookup_socket_flow(struct host *h, struct socket_key *key)
{
	return bpf_map_lookup_elem(&socket_flows, key);
}

static __always_inline struct socket_frontend *lookup_socket_reverse(struct host *h, struct socket_key *key)
{
	return bpf_map_lookup_elem(&socket_reverse, key);
}
