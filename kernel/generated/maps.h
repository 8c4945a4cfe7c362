/* Generated from datapath-as/core by kernel/codegen (npm run generate); do not edit. */
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "core.h"

#define MAP_CONFIG 0
#define MAP_METRICS 1
#define MAP_EVENTS 2
#define MAP_EPOCHS 3
#define MAP_ENDPOINTS 4
#define MAP_IPCACHE 5
#define MAP_NODES 6
#define MAP_POLICY 7
#define MAP_GRANTS 8
#define MAP_FRONTENDS 9
#define MAP_SOURCE_RANGES 10
#define MAP_MAGLEV 11
#define MAP_BACKENDS 12
#define MAP_AFFINITY 13
#define MAP_CONNTRACK 14
#define MAP_TRANSLATIONS 15
#define MAP_FRAGMENTS 16
#define MAP_SOCKET_CONFIG 17
#define MAP_SOCKET_FLOWS 18
#define MAP_SOCKET_REVERSE 19
#define MAP_BACKEND_HITS 20

/* Sizes are those of a machine with the standard budget; the loader sets what this machine has memory for. */

/* the run-time switches of this node */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct config);
} config SEC(".maps");

/* packets and bytes per reason and direction */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 512);
	__type(key, u32);
	__type(value, struct metric);
} metrics SEC(".maps");

/* bytes of the event ring */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1048576);
} events SEC(".maps");

/* epoch and hints of the addresses that hash to a slot */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 65536);
	__type(key, u32);
	__type(value, struct address_slot);
} epochs SEC(".maps");

/* interfaces of this node by address */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct address);
	__type(value, struct endpoint);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} endpoints SEC(".maps");

/* identity and node of every known prefix */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 512000);
	__type(key, struct prefix_key);
	__type(value, struct prefix);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} ipcache SEC(".maps");

/* nodes by number */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, struct node);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} nodes SEC(".maps");

/* entries of all policy sets */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1048576);
	__type(key, struct policy_key);
	__type(value, struct policy_entry);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} policy SEC(".maps");

/* addresses that an endpoint got in DNS answers */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2097152);
	__type(key, struct grant_key);
	__type(value, struct grant);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} grants SEC(".maps");

/* service addresses */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__type(key, struct frontend_key);
	__type(value, struct frontend);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} frontends SEC(".maps");

/* clients that a service takes */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 65536);
	__type(key, struct source_range_key);
	__type(value, struct source_range);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} source_ranges SEC(".maps");

/* backend ids of all services, one slice each */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4194304);
	__type(key, u32);
	__type(value, struct maglev_slot);
	__uint(map_flags, BPF_F_MMAPABLE);
} maglev SEC(".maps");

/* backends by stable id */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__type(key, u32);
	__type(value, struct backend);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} backends SEC(".maps");

/* the backend a client keeps */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct affinity_key);
	__type(value, struct affinity);
} affinity SEC(".maps");

/* flows */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 786432);
	__type(key, struct flow_key);
	__type(value, struct conntrack);
} conntrack SEC(".maps");

/* translated flows by what their client wrote on the packet */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 262144);
	__type(key, struct tuple);
	__type(value, struct translation);
} translations SEC(".maps");

/* ports of fragmented datagrams */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct fragment_key);
	__type(value, struct fragment_ports);
} fragments SEC(".maps");

/* what sockets of this node are judged by */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct socket_config);
} socket_config SEC(".maps");

/* the backend that a socket without a peer keeps for a frontend */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct socket_key);
	__type(value, struct translation);
} socket_flows SEC(".maps");

/* the frontend that a socket was given a backend for */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct socket_key);
	__type(value, struct socket_frontend);
} socket_reverse SEC(".maps");

/* connections that each backend was given so far, by its id */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__type(key, u32);
	__type(value, struct backend_hits);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} backend_hits SEC(".maps");
