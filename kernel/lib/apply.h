/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Apply: carries out the effects of a record on the maps, in the order in which the record names them. */
#pragma once
#include "hits.h"
#include "host.h"
#include "workspace.h"

/* Result of applying; any other is the number of the map that refused an entry. */
#define APPLIED (-1)
/* Another CPU created the flow's entry first, and nothing was done: decide once more. */
#define APPLY_CONFLICT (-2)

/* Through the pointer that the lookup left. Flags and times are written only when they change: a flow's cache line is shared by the
 * CPUs of both directions. */
static __always_inline void touch_conntrack(struct host *h, struct facts *facts, struct record *record)
{
	struct conntrack *entry = h->conntrack;

	if (!entry)
		return;
	if (record->touch_flags != 0)
		__sync_fetch_and_or(&entry->flags, record->touch_flags);
	if (record->touch_expires != 0)
		entry->expires = record->touch_expires;
	if (record->touch_renewed != 0)
		entry->renewed = record->touch_renewed;
	if (record->reply) {
		__sync_fetch_and_add(&entry->responder_packets, 1);
		__sync_fetch_and_add(&entry->responder_bytes, facts->length);
	} else {
		__sync_fetch_and_add(&entry->origin_packets, 1);
		__sync_fetch_and_add(&entry->origin_bytes, facts->length);
	}
}

/* Takes the expired entry that the core found, which one CPU can do; it is then replaced like any other. */
static __always_inline bool claim_conntrack(struct host *h, struct record *record, struct scratch *scratch)
{
	struct conntrack *entry = h->conntrack;
	__u32 known = record->touch_expires;

	if (!entry || __sync_val_compare_and_swap(&entry->expires, known, new_conntrack(scratch)->expires) != known)
		return false;
	record->conntrack = EFFECT_REPLACE;
	return true;
}

/* Creates, replaces or deletes an entry, as the effect says; 0 or a negative error. A macro, for the verifier knows a map by its
 * name only. An absent entry is no error of a delete. */
#define WRITE_ENTRY(effect, map, key, value)                                                                                          \
	((effect) == EFFECT_CREATE  ? bpf_map_update_elem(&map, key, value, BPF_NOEXIST) :                                             \
	 (effect) == EFFECT_REPLACE ? bpf_map_update_elem(&map, key, value, BPF_ANY) :                                                 \
	 (effect) == EFFECT_DELETE  ? (bpf_map_delete_elem(&map, key), 0L) :                                                           \
				      0L)

/* Of a flow that begins with this packet and goes to a backend; one that goes on under a new verdict has counted more of them. */
static __always_inline void count_new_flow(struct record *record, struct conntrack *entry)
{
	if ((record->conntrack == EFFECT_CREATE || record->conntrack == EFFECT_REPLACE) && (entry->flags & CONNTRACK_TRANSLATED) != 0 &&
	    entry->origin_packets + entry->responder_packets == 1)
		count_hit(entry->backend, entry->generation);
}

/* What packets of established flows never have. Stops at the first refusal: what follows would speak of a flow that is not there. */
static __noinline int apply_rare(struct record *record, struct scratch *scratch)
{
	long error = WRITE_ENTRY(record->conntrack, conntrack, flow_key(scratch), new_conntrack(scratch));

	if (error != 0)
		return error == -ERROR_EXISTS ? APPLY_CONFLICT : MAP_CONNTRACK;
	if (WRITE_ENTRY(record->translation, translations, client_tuple(scratch), new_translation(scratch)) != 0)
		return MAP_TRANSLATIONS;
	if (WRITE_ENTRY(record->affinity, affinity, affinity_key(scratch), new_affinity(scratch)) != 0)
		return MAP_AFFINITY;
	if (WRITE_ENTRY(record->fragment, fragments, fragment_key(scratch), new_fragment_ports(scratch)) != 0)
		return MAP_FRAGMENTS;
	count_new_flow(record, new_conntrack(scratch));
	return APPLIED;
}

static __always_inline int apply_effects(struct host *h, struct workspace *w)
{
	struct record *record = &w->record;

	if (record->conntrack == EFFECT_TOUCH)
		touch_conntrack(h, &w->facts, record);
	if ((record->conntrack == EFFECT_NONE || record->conntrack == EFFECT_TOUCH) &&
	    (record->translation | record->affinity | record->fragment) == EFFECT_NONE)
		return APPLIED;
	if (record->conntrack == EFFECT_CLAIM && !claim_conntrack(h, record, &w->scratch))
		return APPLY_CONFLICT;
	return apply_rare(record, &w->scratch);
}
