/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel datapath: one program per hook, all over one path. */
#include "lib/path.h"

/* Traffic-control ingress of a pod's host-side interface. */
SEC("tc")
int from_pod(struct __sk_buff *skb)
{
	return handle(skb, HOOK_FROM_POD);
}

/* Traffic-control egress of a pod's host-side interface. */
SEC("tc")
int to_pod(struct __sk_buff *skb)
{
	return handle(skb, HOOK_TO_POD);
}

/* Traffic-control ingress of the overlay device. */
SEC("tc")
int from_overlay(struct __sk_buff *skb)
{
	return handle(skb, HOOK_FROM_OVERLAY);
}

/* Traffic-control ingress of a native device. */
SEC("tc")
int from_network(struct __sk_buff *skb)
{
	return handle(skb, HOOK_FROM_NETWORK);
}

/* Traffic-control egress of the host's port. */
SEC("tc")
int to_host(struct __sk_buff *skb)
{
	return handle(skb, HOOK_TO_HOST);
}

/* Helpers that tell of the kernel ask for a licence that the kernel knows; this one is half of ours. */
char _license[] SEC("license") = "GPL";
