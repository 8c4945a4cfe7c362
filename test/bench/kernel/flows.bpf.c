// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The entry for benchmarks: BPF_PROG_TEST_RUN gives every repetition the packet as the one before left it, so this program first
 * writes the headers of the next flow (as test/bench/wasm/loops.ts does) and then jumps into the program under test. Jumping into `nothing` measures this itself.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* What to write; `next` is the number of the next flow. One benchmark runs at a time, on one CPU. */
struct plan {
	__u32 next;
	__u32 flows;
	/* IPv4, network order. */
	__u32 source;
	__u32 destination;
	/* Network order. */
	__u16 destination_port;
	/* 1: many destinations, told apart by the last byte of the address. */
	__u16 many;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct plan);
} plans SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} jumps SEC(".maps");

/* Offsets in a frame with an IPv4 header without options. */
#define SOURCE 26
#define DESTINATION 30
#define PORTS 34
#define HEADERS 38

SEC("tc")
int flows(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	__u32 zero = 0;
	struct plan *plan = bpf_map_lookup_elem(&plans, &zero);
	__u32 flow;

	if (plan == NULL || data + HEADERS > (void *)(long)skb->data_end)
		return -1;
	flow = plan->next++ & (plan->flows - 1);
	*(__u32 *)(data + SOURCE) = plan->source;
	*(__u32 *)(data + DESTINATION) = plan->destination + (plan->many ? (flow >> 10) << 24 : 0);
	*(__u16 *)(data + PORTS) = bpf_htons(flow & (plan->many ? 1023 : 0xffff));
	*(__u16 *)(data + PORTS + 2) = plan->destination_port;
	bpf_tail_call(skb, &jumps, 0);
	return -1;
}

SEC("tc")
int nothing(struct __sk_buff *skb)
{
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
