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
	/* The last reading of the clock, and the jiffy of it. */
	__u64 jiffy;
	__u32 now;
	/* Tick at which the ring of events was last found full. */
	__u32 full;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct workspace);
} scratch SEC(".maps");

/* Tick of now. The coarse clock moves once a jiffy, so it is asked once a jiffy; the jiffies are one load, the clock is a call. */
static __always_inline __u32 current_tick(struct workspace *w)
{
	__u64 jiffy = bpf_jiffies64();

	if (w->jiffy != jiffy) {
		w->jiffy = jiffy;
		w->now = bpf_ktime_get_coarse_ns() >> TICK_SHIFT;
	}
	return w->now;
}

static __always_inline struct workspace *workspace_of_cpu(void)
{
	__u32 index = 0;

	return bpf_map_lookup_elem(&scratch, &index);
}
