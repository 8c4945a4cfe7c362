// Ports of a datapath that is a process of its own: what each one needs to be opened, now and by the process that comes after.

import type { Port } from '../datapath.ts';

/** Numbers that are the same on every node; pods have the others. */
export const [hostPort, overlayPort, proxyPort, firstPodPort] = [1, 2, 3, 16];
/** Numbers are below. */
export const portLimit = 4096;

export interface UserPort extends Port {
  /** pod, host, proxy: name of a TUN device that is there already. A port without has no packets. */
  readonly device?: string;
  /** pod: path of the namespace where it is, which outlives whoever names it. */
  readonly netns?: string;
  /** Bytes of the largest IP packet that it takes. */
  readonly mtu?: number;
  /** overlay: UDP port of the tunnel. */
  readonly tunnelPort?: number;
}
