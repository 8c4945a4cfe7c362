// Sockets of a namespace of this node, its own or a pod's, whichever way its packets go.

import type { Libc } from '../datapath/kernel/libc.ts';
import { namespaceCookie } from '../datapath/kernel/sockets.ts';
import type { Namespaces } from './namespace.ts';
import { type ConnectedSocket, endSockets, listConnected, openDiagnosis } from './socket-diag.ts';

export interface NamespaceSockets {
  /** Cookie of a pod's namespace, or of this one: the datapath names sockets without an address by it; 0 on a kernel that tells none. */
  namespaceCookie(netns?: string): bigint;
  /** Connected sockets of a pod's namespace, or of this one. Throws NETNS_UNKNOWN, NETLINK_FAILED. */
  connected(netns?: string): ConnectedSocket[];
  /** Ends some of them for whoever uses them: those that were there, and why others could not be ended. Throws as above. */
  endSockets(sockets: readonly ConnectedSocket[], netns?: string): { ended: ConnectedSocket[]; problem: string | undefined };
}

export function namespaceSockets({ libc, namespaces }: { readonly libc: Libc; readonly namespaces: Namespaces }): NamespaceSockets {
  const within = <Result>(netns: string | undefined, act: () => Result): Result =>
    netns === undefined ? act() : namespaces.open(netns, (descriptor) => namespaces.within(netns, descriptor, act));
  return {
    namespaceCookie: (netns) => within(netns, () => namespaceCookie(libc)),
    connected(netns) {
      using diagnosis = within(netns, () => openDiagnosis(libc));
      return listConnected(diagnosis);
    },
    endSockets(sockets, netns) {
      using diagnosis = within(netns, () => openDiagnosis(libc));
      return endSockets(diagnosis, sockets);
    },
  };
}
