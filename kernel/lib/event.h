/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events and metrics: what is told and counted about a packet.
 *
 * Wake-ups are the ring's own: the reader is woken when it has read everything before this event, and not while it is behind. A
 * storm of drops thus wakes it once per catch-up, and with no reader at all nobody ever, while a single event is told at once.
 *
 * A ring found full is not asked again within the same tick: when a storm has outrun the reader, asking in vain would make every
 * dropped packet a third dearer. What was not asked for is lost and counted like any other. */
#pragma once
#include "workspace.h"

static __always_inline void count(__u32 index, __u32 bytes)
{
	struct metric *metric = bpf_map_lookup_elem(&metrics, &index);

	/* This CPU's own, and nothing interrupts us that counts too. */
	if (!metric)
		return;
	metric->packets += 1;
	metric->bytes += bytes;
}

static __always_inline void count_packet(struct facts *facts, struct record *record)
{
	count(record->reason * 2 + (record->direction & 1), facts->length);
}

static __always_inline void emit_event(struct workspace *w)
{
	struct facts *facts = &w->facts;
	struct record *record = &w->record;
	struct event *event = NULL;

	if (w->full != facts->now)
		event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		w->full = facts->now;
		count(METRIC_EVENTS_LOST, sizeof(*event));
		return;
	}
	event->source_hi = facts->source_hi;
	event->source_lo = facts->source_lo;
	event->destination_hi = facts->destination_hi;
	event->destination_lo = facts->destination_lo;
	event->source_port = facts->source_port;
	event->destination_port = facts->destination_port;
	event->protocol = facts->protocol;
	event->family = facts->family;
	event->kind = record->event;
	/* Of an audited packet: why it would have been dropped. */
	event->reason = record->reason ? record->reason : record->audited;
	event->hook = facts->hook;
	event->direction = record->direction;
	event->tcp_flags = facts->tcp_flags;
	event->icmp_type = facts->icmp_type;
	event->length = facts->length;
	event->now = facts->now;
	event->port = facts->port;
	event->endpoint = record->endpoint;
	event->source_identity = record->source_identity;
	event->destination_identity = record->destination_identity;
	event->egress_rule = record->egress_rule;
	event->ingress_rule = record->ingress_rule;
	event->service = record->service;
	event->backend = record->backend;
	event->proxy_port = record->proxy_port;
	event->pad0 = 0;
	event->namespace = 0;
	bpf_ringbuf_submit(event, 0);
}
