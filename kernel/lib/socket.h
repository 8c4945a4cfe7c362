/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets: from a call as the kernel shows it to the core's decision, and back. Another program, of traffic control too, may interrupt one of
 * these at any point and run on the same CPU: all that a call needs stands on the stack, and what is counted is counted atomically. */
#pragma once
#include "facts.h"
#include "hits.h"
#include "host.h"

/* What a program returns, and the error of a refused call. The uapi errno header drags in another architecture's when cross compiling. */
#define CALL_REFUSE 0
#define CALL_PROCEED 1
#define ERROR_REFUSED 111

static __always_inline void count_call(__u32 index)
{
	struct metric *metric = bpf_map_lookup_elem(&metrics, &index);

	if (metric)
		__sync_fetch_and_add(&metric->packets, 1);
}

/* The socket has no address yet: who it was is told by its network namespace. */
static __noinline void tell_refusal(struct socket_call *call)
{
	bool is_ipv4 = is_mapped(call->hi, call->lo);
	struct event *event;

	count_call(call->reason * 2 + DIRECTION_EGRESS);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		count_call(METRIC_EVENTS_LOST);
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->source_lo = is_ipv4 ? mapped_low(0) : 0;
	event->destination_hi = call->hi;
	event->destination_lo = call->lo;
	event->destination_port = call->port;
	event->protocol = call->protocol;
	event->family = is_ipv4 ? FAMILY_IPV4 : FAMILY_IPV6;
	event->kind = EVENT_DROP;
	event->reason = call->reason;
	event->hook = HOOK_SOCKET;
	event->direction = DIRECTION_EGRESS;
	event->now = call->now;
	event->service = call->service;
	event->namespace = call->namespace;
	bpf_ringbuf_submit(event, 0);
}

/* Writes the maps; false when one refuses: then the call goes on as it was made. The way back first, for without it an answer would come from
 * a stranger. */
static __always_inline bool keep_call(struct socket_call *call)
{
	if (call->reverse == EFFECT_REPLACE && bpf_map_update_elem(&socket_reverse, call_peer(call), call_origin(call), BPF_ANY) != 0)
		return false;
	if (call->flow == EFFECT_REPLACE && bpf_map_update_elem(&socket_flows, call_key(call), call_translation(call), BPF_ANY) != 0)
		return false;
	if (call->affinity == EFFECT_REPLACE && bpf_map_update_elem(&affinity, call_affinity_key(call), call_affinity(call), BPF_ANY) != 0)
		return false;
	/* Each connection, and the first of a socket's datagrams to a frontend. */
	if (call->kind == CALL_CONNECT || call->flow == EFFECT_REPLACE)
		count_hit(call_translation(call)->backend, call_translation(call)->generation);
	return true;
}

static __always_inline void begin_call(struct bpf_sock_addr *ctx, struct socket_call *call)
{
	call->cookie = bpf_get_socket_cookie(ctx);
	call->port = ctx->user_port;
	call->protocol = ctx->protocol;
}

static __always_inline void begin_call4(struct bpf_sock_addr *ctx, struct socket_call *call)
{
	begin_call(ctx, call);
	call->lo = mapped_low(ctx->user_ip4);
}

static __always_inline void begin_call6(struct bpf_sock_addr *ctx, struct socket_call *call)
{
	begin_call(ctx, call);
	call->hi = ctx->user_ip6[0] | (__u64)ctx->user_ip6[1] << 32;
	call->lo = ctx->user_ip6[2] | (__u64)ctx->user_ip6[3] << 32;
}

static __always_inline void write_address4(struct bpf_sock_addr *ctx, __u64 lo, __u16 port)
{
	ctx->user_ip4 = lo >> 32;
	ctx->user_port = port;
}

static __always_inline void write_address6(struct bpf_sock_addr *ctx, __u64 hi, __u64 lo, __u16 port)
{
	ctx->user_ip6[0] = hi;
	ctx->user_ip6[1] = hi >> 32;
	ctx->user_ip6[2] = lo;
	ctx->user_ip6[3] = lo >> 32;
	ctx->user_port = port;
}

/* SOCKET_*; maps are written, and a refusal is told. */
static __always_inline __u32 settle_call(struct bpf_sock_addr *ctx, struct socket_call *call, __u8 kind)
{
	struct host host = {};
	__u32 outcome;

	call->namespace = bpf_get_netns_cookie(ctx);
	call->now = bpf_ktime_get_coarse_ns() >> TICK_SHIFT;
	call->kind = kind;
	outcome = socket_translate(&host, call);
	if (outcome == SOCKET_TRANSLATED && !keep_call(call))
		return SOCKET_UNTOUCHED;
	if (outcome == SOCKET_REFUSED) {
		tell_refusal(call);
		bpf_set_retval(-ERROR_REFUSED);
	}
	return outcome;
}

static __always_inline int translate_call4(struct bpf_sock_addr *ctx, __u8 kind)
{
	struct socket_call call = {};
	__u32 outcome;

	begin_call4(ctx, &call);
	outcome = settle_call(ctx, &call, kind);
	if (outcome == SOCKET_TRANSLATED)
		write_address4(ctx, call_peer(&call)->lo, call_peer(&call)->port);
	return outcome == SOCKET_REFUSED ? CALL_REFUSE : CALL_PROCEED;
}

static __always_inline int translate_call6(struct bpf_sock_addr *ctx, __u8 kind)
{
	struct socket_call call = {};
	__u32 outcome;

	begin_call6(ctx, &call);
	outcome = settle_call(ctx, &call, kind);
	if (outcome == SOCKET_TRANSLATED)
		write_address6(ctx, call_peer(&call)->hi, call_peer(&call)->lo, call_peer(&call)->port);
	return outcome == SOCKET_REFUSED ? CALL_REFUSE : CALL_PROCEED;
}

static __always_inline int reverse_call4(struct bpf_sock_addr *ctx)
{
	struct socket_call call = {};
	struct host host = {};

	begin_call4(ctx, &call);
	if (socket_origin(&host, &call) == SOCKET_TRANSLATED)
		write_address4(ctx, call_origin(&call)->lo, call_origin(&call)->port);
	return CALL_PROCEED;
}

static __always_inline int reverse_call6(struct bpf_sock_addr *ctx)
{
	struct socket_call call = {};
	struct host host = {};

	begin_call6(ctx, &call);
	if (socket_origin(&host, &call) == SOCKET_TRANSLATED)
		write_address6(ctx, call_origin(&call)->hi, call_origin(&call)->lo, call_origin(&call)->port);
	return CALL_PROCEED;
}
