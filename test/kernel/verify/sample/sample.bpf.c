/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The same small core, written for the kernel. DEFECT, when defined, is the number of the planted bug. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#ifndef DEFECT
#define DEFECT 0
#endif
#define EXPORTED __hidden __attribute__((noinline))
#define ROTATE(x, k) (((x) << (k)) | ((x) >> (32 - (k))))

struct host { void *kept; };
struct pair { __u64 left, right; __u16 port; __u8 kind, pad0; __u32 sum; };
struct entry { __u32 value; __u16 limit, pad0; };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct entry);
} entries SEC(".maps");

static __always_inline struct entry *lookup_entry(struct host *h, __u32 key)
{
	struct entry *found = bpf_map_lookup_elem(&entries, &key);

	h->kept = found;
	return found;
}

EXPORTED __u16 narrow_sum(__u8 a, __u8 b, __u16 c)
{
	__u8 sum = a + b;

	return DEFECT == 1 ? (__u16)(a + b + c) : (__u16)(sum + c);
}

EXPORTED __u32 mix_words(__u32 a, __u32 b, __u32 seed)
{
	__u32 x = a + seed, y = b ^ ROTATE(x, 13);

	for (__u32 i = 0; i < 4; i++) {
		x += y;
		y = ROTATE(y, DEFECT == 2 ? 6 : 7) ^ x;
	}
	return DEFECT == 3 && a == 0xdeadbeef && b == 0x12345678 ? y : y - x;
}

EXPORTED __u32 spread(__u32 hash, __u32 size)
{
	return (__u32)(((__u64)hash * (__u64)size) >> (DEFECT == 4 ? 31 : 32));
}

EXPORTED __u32 within(__u32 index, __u32 size)
{
	if (DEFECT == 5)
		return size ? index & (size - 1) : 0;
	return size ? index % size : 0;
}

EXPORTED void swap_pair(struct pair *pair)
{
	__u64 left = pair->left;

	pair->left = pair->right;
	pair->right = left;
	pair->port = DEFECT == 6 ? pair->port : __builtin_bswap16(pair->port);
}

EXPORTED __u32 order_pair(struct pair *pair)
{
	if (pair->left > pair->right || (pair->left == pair->right && (DEFECT == 7 ? pair->kind == 1 : pair->kind != 0))) {
		swap_pair(pair);
		return 1;
	}
	return 0;
}

EXPORTED __u32 read_entry(struct host *h, struct pair *pair, __u32 key)
{
	struct entry *entry = lookup_entry(h, DEFECT == 8 ? key + 1 : key);

	if (!entry)
		return 0;
	if (entry->limit && pair->sum > entry->limit)
		return entry->limit;
	pair->sum += entry->value;
	return pair->sum;
}

EXPORTED __u32 pick_entry(struct host *h, struct pair *pair, __u32 key)
{
	struct entry *found = lookup_entry(h, key);

	if (!found)
		found = lookup_entry(h, key ^ mix_words(key, pair->sum, DEFECT == 9 ? 2 : 1));
	return found ? found->value : pair->kind;
}

EXPORTED __u32 total_entries(struct host *h, struct pair *pair, __u32 key)
{
	__u32 total = 0;

	for (__u32 i = 0; i < 5; i++) {
		__u32 value = read_entry(h, pair, key + i);

		if (!value)
			break;
		total += value;
		if (order_pair(pair))
			total ^= DEFECT == 10 && i == 4 ? 0x7f : 0xff;
	}
	if (DEFECT != 11)
		pair->pad0 = 0;
	return total;
}

SEC("tc") int sample(struct __sk_buff *skb)
{
	struct host h = {};
	struct pair pair = { .left = skb->len, .right = skb->mark, .kind = skb->priority, .sum = narrow_sum(skb->mark, skb->len, skb->mark) };

	return total_entries(&h, &pair, skb->mark) + pick_entry(&h, &pair, skb->len) + spread(skb->len, skb->mark) + within(skb->mark, skb->len);
}

char _license[] SEC("license") = "GPL";
