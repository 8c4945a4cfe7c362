/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel datapath: one program per hook, all over one path; and one per kind of call of a socket. */
#include "lib/path.h"
#include "lib/socket.h"

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

/* Traffic-control egress of a native device. */
SEC("tc")
int to_network(struct __sk_buff *skb)
{
	return handle(skb, HOOK_TO_NETWORK);
}

/* Traffic-control egress of the host's port. */
SEC("tc")
int to_host(struct __sk_buff *skb)
{
	return handle(skb, HOOK_TO_HOST);
}

/* A peer is named for a connection. */
SEC("cgroup/connect4")
int socket_connect4(struct bpf_sock_addr *ctx)
{
	return translate_call4(ctx, CALL_CONNECT);
}

SEC("cgroup/connect6")
int socket_connect6(struct bpf_sock_addr *ctx)
{
	return translate_call6(ctx, CALL_CONNECT);
}

/* A peer is named for one datagram. */
SEC("cgroup/sendmsg4")
int socket_sendmsg4(struct bpf_sock_addr *ctx)
{
	return translate_call4(ctx, CALL_SEND);
}

SEC("cgroup/sendmsg6")
int socket_sendmsg6(struct bpf_sock_addr *ctx)
{
	return translate_call6(ctx, CALL_SEND);
}

/* Tells who sent a datagram. */
SEC("cgroup/recvmsg4")
int socket_recvmsg4(struct bpf_sock_addr *ctx)
{
	return reverse_call4(ctx);
}

SEC("cgroup/recvmsg6")
int socket_recvmsg6(struct bpf_sock_addr *ctx)
{
	return reverse_call6(ctx);
}

/* Tells who the peer is. */
SEC("cgroup/getpeername4")
int socket_getpeername4(struct bpf_sock_addr *ctx)
{
	return reverse_call4(ctx);
}

SEC("cgroup/getpeername6")
int socket_getpeername6(struct bpf_sock_addr *ctx)
{
	return reverse_call6(ctx);
}

/* Helpers that tell of the kernel ask for a licence that the kernel knows; this one is half of ours. */
char _license[] SEC("license") = "GPL";
