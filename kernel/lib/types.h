/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Types: kernel interfaces that every file needs, and the memory in which one packet is handled. */
#pragma once
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "../generated/maps.h"

/* Constant errors of map updates. The uapi errno header drags in another architecture's when cross compiling. */
#define ERROR_EXISTS 17

/* What walking one IP header chain found; offsets count from the start of the frame. Kept in map memory on purpose: the verifier
 * forgets what it knew of a value that went through it, so that paths which differ in an offset alone become one. */
struct header {
	__u32 network;
	/* Behind the last byte: before the walk of the bytes present, after it of the packet as its header states. */
	__u32 end;
	__u32 transport;
	__u32 length;
	/* Bytes of the datagram before this fragment. */
	__u32 fragment_offset;
	__u32 fragment_id;
	__u8 family;
	__u8 protocol;
	/* Not 0: more fragments follow. */
	__u8 more_fragments;
	/* Not 0: a packet that an ICMP error quotes, of which only the beginning need be present. */
	__u8 quoted;
	/* Not 0: a GSO packet; its lengths are those of its segments. */
	__u8 segmented;
	__u8 hop_limit;
	__u16 pad;
};
