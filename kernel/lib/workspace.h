/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Workspace: the memory in which one packet is handled. Traffic-control programs run with bottom halves disabled and do not nest
 * before their verdict is carried out, so one per CPU is enough. */
#pragma once
#include "types.h"

/* Begins with what the core works on, in the order in which its functions take it. */
struct workspace {
	struct facts facts;
	struct record record;
	struct scratch scratch;
	struct header outer;
	struct header embedded;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct workspace);
} scratch SEC(".maps");

static __always_inline struct workspace *workspace_of_cpu(void)
{
	__u32 index = 0;

	return bpf_map_lookup_elem(&scratch, &index);
}
