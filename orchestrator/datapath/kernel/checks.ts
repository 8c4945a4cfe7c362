// Checks: each tries one thing that kernel mode needs or uses, for real, and leaves nothing behind.

import { mkdtempSync, readFileSync, rmdirSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mode } from '../capability.ts';
import { type Bpf, cgroupSocketAddress, mapType, noPreallocation, schedClassifier } from './bpf.ts';
import { clsactWorks } from './clsact.ts';
import { errno } from './errno.ts';
import { unifiedHierarchy } from './hierarchy.ts';
import type { Libc } from './libc.ts';
import { socketPrograms } from './sockets.ts';
import { returnZero, tryTcx } from './tcx.ts';

export interface Tools {
  readonly libc: Libc;
  readonly bpf: Bpf;
}

export interface Check {
  readonly name: string;
  readonly enables: string;
  readonly neededBy: readonly Mode[];
  /** 0 or more: it works; -errno otherwise. */
  run(tools: Tools): number;
}

/** O_DIRECTORY | O_CLOEXEC. */
const openFolder = 0o2200000;
const kernelMode: readonly Mode[] = ['kernel'];
const noMode: readonly Mode[] = [];
const keyed = { keySize: 8, valueSize: 8, entries: 16 };

/** Whether bpf(2) does anything at all for this process; when it does not, no other check can tell more. */
export const firstCheck = mapCheck('bpf(2)', 'every map and program in the kernel', {
  keySize: 4,
  valueSize: 4,
  entries: 1,
  type: mapType.array,
});

export const checks: readonly Check[] = [
  mapCheck('hash map', 'endpoints, nodes, services, grants', { ...keyed, type: mapType.hash, flags: noPreallocation }),
  mapCheck('LRU map', 'conntrack, translations, affinity', { ...keyed, type: mapType.lru }),
  mapCheck('longest-prefix map', 'ipcache and policy', { ...keyed, type: mapType.lpm, flags: noPreallocation }),
  mapCheck('per-CPU array', 'metrics and the programs’ working memory', { ...keyed, keySize: 4, type: mapType['percpu-array'] }),
  mapCheck('ring buffer', 'events', { keySize: 0, valueSize: 0, entries: 65536, type: mapType.ring }),
  mapCheck('locked memory', 'maps of 16 MiB and more', { keySize: 4, valueSize: 4096, entries: 4096, type: mapType.array }),
  {
    name: 'BTF',
    enables: 'maps that tell their layout, so that an upgrade keeps flows',
    neededBy: kernelMode,
    run: ({ libc, bpf }) => closing(libc, bpf.btfLoad(oneIntBtf())),
  },
  {
    name: 'traffic-control program',
    enables: 'the hooks',
    neededBy: kernelMode,
    run: ({ libc, bpf }) => closing(libc, bpf.programLoad(schedClassifier, returnZero)),
  },
  {
    name: 'socket program',
    enables: 'services chosen once a connection instead of packet by packet',
    neededBy: noMode,
    run: ({ libc, bpf }) => closing(libc, bpf.programLoad(cgroupSocketAddress, returnZero, socketPrograms.socket_connect4)),
  },
  {
    name: 'hook on a cgroup',
    enables: 'the same, for the processes of this node',
    neededBy: noMode,
    run: cgroupHook,
  },
  { name: 'program test run', enables: 'explain, and packet tests on this kernel', neededBy: noMode, run: testRun },
  { name: 'bpffs', enables: 'hooks and flows that outlive the agent', neededBy: kernelMode, run: pinSomething },
  {
    name: 'tcx link',
    enables: 'hooks whose program is exchanged without a gap',
    neededBy: noMode,
    run: ({ libc, bpf }) => tryTcx(bpf, libc),
  },
  {
    name: 'hook on an interface',
    enables: 'seeing packets: a tcx link, or a clsact filter before Linux 6.6',
    neededBy: kernelMode,
    run: hook,
  },
];

function mapCheck(name: string, enables: string, map: Parameters<Bpf['mapCreate']>[0]): Check {
  return { name, enables, neededBy: kernelMode, run: ({ libc, bpf }) => closing(libc, bpf.mapCreate({ ...map, name: 'axoneme_probe' })) };
}

function testRun(tools: Tools): number {
  return withProgram(tools, (program) => {
    const frame = new Uint8Array(64);
    const address = tools.libc.address(frame);
    const buffers = { packet: address, packetLength: 64, output: address, outputLength: 64, context: 0, contextLength: 0 };
    return tools.bpf.testRun({ program, ...buffers, repeat: 1 }).result;
  });
}

function pinSomething({ libc, bpf }: Tools): number {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-probe-'));
  const mounted = libc.mount('bpf', folder, 'bpf', 0, null);
  const map = bpf.mapCreate({ ...keyed, type: mapType.hash, flags: noPreallocation, name: 'axoneme_probe' });
  const pinned = mounted < 0 ? mounted : map < 0 ? map : bpf.pin(join(folder, 'map'), map);
  if (pinned >= 0) unlinkSync(join(folder, 'map'));
  closing(libc, map);
  if (mounted >= 0) libc.umount(folder);
  rmdirSync(folder);
  return pinned;
}

/** On a cgroup that is made for this, where there is a cgroup2 to make it in. */
function cgroupHook({ libc, bpf }: Tools): number {
  const root = unifiedHierarchy(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (root === undefined) return -errno.noent;
  const program = bpf.programLoad(cgroupSocketAddress, returnZero, socketPrograms.socket_connect4);
  if (program < 0) return program;
  const path = mkdtempSync(join(root, 'axoneme-probe-'));
  try {
    const folder = libc.open(path, openFolder);
    if (folder < 0) return folder;
    const attached = closing(libc, bpf.linkCreate(program, folder, socketPrograms.socket_connect4));
    libc.close(folder);
    return attached;
  } finally {
    libc.close(program);
    rmdirSync(path);
  }
}

function hook(tools: Tools): number {
  const tcx = tryTcx(tools.bpf, tools.libc);
  return tcx === 0 ? 0 : withProgram(tools, (program) => clsactWorks(tools.libc, program));
}

function withProgram({ libc, bpf }: Tools, use: (program: number) => number): number {
  const program = bpf.programLoad(schedClassifier, returnZero);
  if (program < 0) return program;
  const result = use(program);
  libc.close(program);
  return result;
}

/** A successful result is a descriptor. */
function closing(libc: Libc, result: number): number {
  if (result >= 0) libc.close(result);
  return result;
}

/** BTF with a single type, `int`. */
function oneIntBtf(): Uint8Array {
  const [headerBytes, typeBytes, names] = [24, 16, '\0int\0'];
  const data = new Uint8Array(headerBytes + typeBytes + names.length);
  const view = new DataView(data.buffer);
  const words = [0x0001eb9f, headerBytes, 0, typeBytes, typeBytes, names.length, 1, 0x01000000, 4, 0x01000020];
  words.forEach((word, index) => {
    view.setUint32(index * 4, word, true);
  });
  data.set(new TextEncoder().encode(names), headerBytes + typeBytes);
  return data;
}
