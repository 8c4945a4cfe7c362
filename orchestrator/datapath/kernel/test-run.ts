// Test run: one frame through a loaded traffic-control program (BPF_PROG_TEST_RUN), without a device and without leaving the host.

import { AgentError } from '../../errors.ts';
import type { Bpf } from './bpf.ts';
import { errnoText } from './errno.ts';
import type { Libc } from './libc.ts';

/**
 * Fields of __sk_buff that the kernel takes from a test run's context: mark, priority, ingress_ifindex, ifindex, cb, tstamp,
 * wire_len, gso_segs, gso_size, hwtstamp. All others must be zero, and the lengths follow from the frame. An ifindex above 1 must be
 * an interface of the caller's network namespace; 0 and 1 are its loopback. There is no way to give a tunnel key.
 */
export interface FrameContext {
  readonly mark?: number;
  readonly ifindex?: number;
  readonly ingressIfindex?: number;
  readonly cb?: readonly number[];
  readonly wireLength?: number;
  readonly gsoSegments?: number;
  readonly gsoSize?: number;
}

export interface FrameResult {
  /** What the program returned: TC_ACT_*; redirects of all kinds are 7. */
  readonly action: number;
  readonly frame: Uint8Array;
  readonly mark: number;
  /** Mean of one run, rounded down, with the kernel's own share of about 10 ns. */
  readonly nanoseconds: number;
}

const contextBytes = 192;
const at = { mark: 8, ingressIfindex: 36, ifindex: 40, cb: 48, wireLength: 160, gsoSegments: 164, gsoSize: 176 } as const;

/** Room for what a program may put in front. */
const growth = 256;

/** What the kernel is reading: an address alone keeps no memory from the garbage collector. */
const underway: Uint8Array[] = [];

/**
 * Runs the program `repeat` times over the same frame, which it may change again each time. A frame is 14 bytes at least and, before
 * Linux 6.18, about 3,500 at most: it must fit a page. Throws BPF_CALL_FAILED.
 */
export function runFrame(bpf: Bpf, libc: Libc, program: number, frame: Uint8Array, context: FrameContext = {}, repeat = 1): FrameResult {
  const input = frame.slice();
  underway.push(input);
  const output = new Uint8Array(frame.length + growth);
  const fields = contextOf(context);
  const done = bpf.testRun({
    program,
    packet: libc.address(input),
    packetLength: input.length,
    output: libc.address(output),
    outputLength: output.length,
    context: libc.address(fields),
    contextLength: fields.length,
    repeat,
  });
  underway.length = 0;
  if (done.result < 0) {
    throw new AgentError(
      'BPF_CALL_FAILED',
      `test run: ${frame.length} bytes at interface ${context.ifindex ?? 1}: ${errnoText(done.result)}`,
    );
  }
  const mark = new DataView(fields.buffer).getUint32(at.mark, true);
  return { action: done.value, frame: output.subarray(0, done.length), mark, nanoseconds: done.nanoseconds };
}

function contextOf(context: FrameContext): Uint8Array {
  const fields = new Uint8Array(contextBytes);
  const view = new DataView(fields.buffer);
  const { cb = [], ...words } = context;
  for (const [name, value] of Object.entries(words)) view.setUint32(at[name as keyof typeof words], value, true);
  cb.forEach((value, index) => {
    view.setUint32(at.cb + index * 4, value, true);
  });
  return fields;
}
