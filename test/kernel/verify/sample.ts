// A small core of its own, once for each machine: the constructs that the prover must understand, one function each. In C, DEFECT is
// the number of the bug that is planted, 0 for none.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import binaryen from 'assemblyscript/binaryen';
import { type Machines, readMachines } from '../../../kernel/verify/proof/functions.ts';

/** The function in which each bug is. */
export const defects = [
  'narrowSum',
  'mixWords',
  'mixWords',
  'spread',
  'within',
  'swapPair',
  'orderPair',
  'readEntry',
  'pickEntry',
  'totalEntries',
  'totalEntries',
] as const;

const assemblyScript = `
@unmanaged
export class Pair {
  left: u64;
  right: u64;
  port: u16;
  kind: u8;
  pad0: u8;
  sum: u32;
}

@unmanaged
export class Entry {
  value: u32;
  limit: u16;
  pad0: u16;
}

/** Stands for the host's map; never called by the prover. */
export function lookupEntry(key: u32): Entry | null {
  return changetype<Entry | null>(load<u32>(key));
}

export function narrowSum(a: u8, b: u8, c: u16): u16 {
  const sum: u8 = a + b;
  return <u16>sum + c;
}

export function mixWords(a: u32, b: u32, seed: u32): u32 {
  let x: u32 = a + seed;
  let y: u32 = b ^ rotl<u32>(x, 13);
  for (let i: u32 = 0; i < 4; i++) {
    x += y;
    y = rotl<u32>(y, 7) ^ x;
  }
  return y - x;
}

export function spread(hash: u32, size: u32): u32 {
  return <u32>((<u64>hash * <u64>size) >> 32);
}

export function within(index: u32, size: u32): u32 {
  return size == 0 ? 0 : index % size;
}

export function swapPair(pair: Pair): void {
  const left: u64 = pair.left;
  pair.left = pair.right;
  pair.right = left;
  pair.port = bswap<u16>(pair.port);
}

export function orderPair(pair: Pair): u32 {
  if (pair.left > pair.right || (pair.left == pair.right && pair.kind != 0)) {
    swapPair(pair);
    return 1;
  }
  return 0;
}

export function readEntry(pair: Pair, key: u32): u32 {
  const entry = lookupEntry(key);
  if (entry == null) return 0;
  if (entry.limit != 0 && pair.sum > <u32>entry.limit) return <u32>entry.limit;
  pair.sum += entry.value;
  return pair.sum;
}

export function pickEntry(pair: Pair, key: u32): u32 {
  let found = lookupEntry(key);
  if (found == null) found = lookupEntry(key ^ mixWords(key, pair.sum, 1));
  return found == null ? <u32>pair.kind : found.value;
}

export function totalEntries(pair: Pair, key: u32): u32 {
  let total: u32 = 0;
  for (let i: u32 = 0; i < 5; i++) {
    const value = readEntry(pair, key + i);
    if (value == 0) break;
    total += value;
    if (orderPair(pair) != 0) total ^= 0xff;
  }
  pair.pad0 = 0;
  return total;
}
`;

const c = `
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
`;

/** Compiles AssemblyScript in which every exported function stays a call. */
export async function compileModule(source: string): Promise<Uint8Array> {
  let bytes: Uint8Array | undefined;
  const keepCalls = (module: binaryen.Module): void => {
    for (let index = 0; index < module.getNumExports(); index += 1) {
      const { kind, value } = binaryen.getExportInfo(module.getExportByIndex(index));
      if (kind !== binaryen.ExternalFunction) continue;
      binaryen.setPassArgument('no-inline', value);
      module.runPasses(['no-inline']);
      binaryen.clearPassArguments();
    }
  };
  const { error, stderr } = await asc.main(
    [
      'sample.ts',
      '-O3',
      '--runtime',
      'stub',
      '--noAssert',
      '--importMemory',
      '--noExportMemory',
      '--outFile',
      'sample.wasm',
      '--config',
      'none',
    ],
    {
      readFile: (name) => (name === 'sample.ts' ? source : null),
      writeFile: (_name, content) => {
        bytes = content as Uint8Array;
      },
      listFiles: () => [],
      transforms: [{ afterCompile: keepCalls }] as never,
    },
  );
  if (error || !bytes) throw new Error(`sample: ${error?.message}\n${stderr.toString()}`);
  return bytes;
}

let compiled: Promise<Uint8Array> | undefined;

export function sampleModule(): Promise<Uint8Array> {
  compiled ??= compileModule(assemblyScript);
  return compiled;
}

/** Why the C side cannot be compiled here; false when it can. */
export function clangSkip(): string | false {
  return spawnSync('clang-19', ['--version']).status === 0 ? false : 'clang-19 is not installed';
}

function sampleObject(defect: number): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'sample-'));
  try {
    writeFileSync(join(folder, 'sample.bpf.c'), c);
    const options = [
      '-O2',
      '-g',
      '-target',
      'bpf',
      '-mcpu=v3',
      '-fno-strict-aliasing',
      '-idirafter',
      '/usr/include/x86_64-linux-gnu',
      `-DDEFECT=${defect}`,
    ];
    const { status, stderr } = spawnSync('clang-19', [...options, '-c', 'sample.bpf.c', '-o', 'sample.o'], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`sample: ${stderr}`);
    return readFileSync(join(folder, 'sample.o'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Both machines of the sample, with one of its bugs or none. */
export async function sampleMachines(defect = 0): Promise<Machines> {
  return readMachines(await sampleModule(), sampleObject(defect));
}
