// Tcx: whether this kernel has tcx links (6.6 and later, unless built without).

import { type Bpf, schedClassifier, tcxIngress } from './bpf.ts';
import { errno } from './errno.ts';
import type { Libc } from './libc.ts';

/** An interface index that cannot exist. */
export const noInterface = 0x7fffffff;

/** A program: r0 = 0; exit. */
export const returnZero = Uint8Array.from([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);

/**
 * 0, or -errno. A kernel with tcx looks for the interface and does not find it (ENODEV); one without does not know this kind of
 * link (EINVAL).
 */
export function tryTcx(bpf: Bpf, libc: Libc): number {
  const program = bpf.programLoad(schedClassifier, returnZero);
  if (program < 0) return program;
  const result = bpf.linkCreate(program, noInterface, tcxIngress);
  libc.close(program);
  return result === -errno.nodev ? 0 : result;
}
