/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hits: how many connections each backend was given so far. Asked once a connection: packets of an open one pay nothing. */
#pragma once
#include "types.h"

/* Any program may interrupt another between these lines. What a full map has no room for is not counted; of two that are the first
 * under a number's new meaning, one may be missed. */
static __noinline int count_hit(__u32 backend, __u32 generation)
{
	struct backend_hits *found = bpf_map_lookup_elem(&backend_hits, &backend);
	struct backend_hits none = { .generation = generation };

	if (!found || found->generation != generation) {
		bpf_map_update_elem(&backend_hits, &backend, &none, found ? BPF_ANY : BPF_NOEXIST);
		found = bpf_map_lookup_elem(&backend_hits, &backend);
	}
	if (found)
		__sync_fetch_and_add(&found->connections, 1);
	return 0;
}
