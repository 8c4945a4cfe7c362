// Tcx: whether this kernel has tcx links (6.6 and later, unless built without).

import { type Bpf, schedClassifier, tcxIngress } from './bpf.ts';
import { errno } from './errno.ts';
import type { Libc } from './libc.ts';

/**
 * An interface index that cannot exist: a kernel with tcx looks for the interface (ENODEV), one without does not know the kind of
 * link (EINVAL).
 */
const noInterface = 0x7fffffff;

export function tcxWorks(bpf: Bpf, libc: Libc): boolean {
  const program = bpf.programLoad(schedClassifier, returnZero);
  if (program < 0) return false;
  const result = bpf.linkCreate(program, noInterface, tcxIngress);
  libc.close(program);
  return result === -errno.nodev;
}

/** r0 = 0; exit */
export const returnZero = Uint8Array.from([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
