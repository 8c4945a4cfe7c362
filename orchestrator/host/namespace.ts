// Namespace: doing something in another network namespace. A socket belongs for good to the namespace in which it was opened, so the
// thread goes there, opens what it needs and comes back, without yielding: nothing else of this process ever runs over there.

import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { errno, errnoText } from '../datapath/kernel/errno.ts';
import type { Libc } from '../datapath/kernel/libc.ts';
import { AgentError } from '../errors.ts';

/** CLONE_NEWNET: setns(2) takes nothing else. */
const network = 0x40000000;

export class Namespaces implements Disposable {
  private readonly libc: Libc;
  /** Of this process. */
  private readonly own = openSync('/proc/thread-self/ns/net', 'r');

  constructor(libc: Libc) {
    this.libc = libc;
  }

  /**
   * Calls `act` with an open descriptor of the namespace. Throws NETNS_UNKNOWN when nothing is at the path, and when the namespace is
   * our own: a pod that has none of its own needs nothing from us.
   */
  open<Result>(path: string, act: (descriptor: number) => Result): Result {
    const descriptor = this.openFile(path);
    try {
      const [theirs, ours] = [fstatSync(descriptor), fstatSync(this.own)];
      if (theirs.ino === ours.ino && theirs.dev === ours.dev) {
        throw new AgentError('NETNS_UNKNOWN', `netns ${path}: is the namespace of the node itself`);
      }
      return act(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Calls `act` with this thread in the namespace; it must not be asynchronous. Throws NETNS_UNKNOWN when the file is none. */
  within<Result>(path: string, descriptor: number, act: () => Result): Result {
    const entered = this.libc.syscall('setns', descriptor, network);
    if (entered === -errno.inval) throw new AgentError('NETNS_UNKNOWN', `netns ${path}: is no network namespace`);
    if (entered < 0) throw new AgentError('NETNS_UNKNOWN', `netns ${path}: cannot be entered: ${errnoText(entered)}`);
    try {
      return act();
    } finally {
      // Whatever this thread did from now on would happen to the wrong host.
      if (this.libc.syscall('setns', this.own, network) < 0) process.abort();
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.own);
  }

  private openFile(path: string): number {
    try {
      // A pipe would have us wait for its writer.
      return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (cause) {
      throw new AgentError('NETNS_UNKNOWN', `netns ${path}: ${whyNot(path, cause as NodeJS.ErrnoException)}`, { cause });
    }
  }
}

function whyNot(path: string, { code = 'cannot be opened', errno }: NodeJS.ErrnoException): string {
  // The kernel takes a look at another process for tracing it; a namespace that the runtime has mounted on a file is free to all.
  if (code === 'EACCES' && path.startsWith('/proc/')) return "permission denied: another process's namespace takes CAP_SYS_PTRACE";
  return errno === undefined ? code : errnoText(errno);
}
