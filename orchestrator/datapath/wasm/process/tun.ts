// TUN: devices that hand packets to this process. Opened in the namespace where the device is, each packet behind a virtio-net header
// of 12 bytes, so that its IP header lies on four bytes; checksums and segments are left to us and are passed on as they are.

import { closeSync, constants, openSync } from 'node:fs';
import { AgentError } from '../../../errors.ts';
import type { Calls } from '../calls.ts';

const path = '/dev/net/tun';
const [setInterface, setPersist, setOffload, setHeaderSize] = [0x400454ca, 0x400454cb, 0x400454d0, 0x400454d8];
/** IFF_TUN | IFF_NO_PI | IFF_VNET_HDR. */
const deviceFlags = 0x1 | 0x1000 | 0x4000;
/** TUN_F_CSUM | TSO4 | TSO6 | TSO_ECN, and with USO4 | USO6, which kernels have from 6.2 on. */
const offloads = [0x0f | 0x60, 0x0f];
const headerBytes = 12;
const [busy, invalid] = [16, 22];
/** SIOCETHTOOL; ETHTOOL_GLINK; AF_UNIX; SOCK_DGRAM | SOCK_CLOEXEC. */
const [askDriver, linkState, local, datagrams] = [0x8946, 0x0a, 1, 0x80002];
/** CLONE_NEWNET. */
const network = 0x40000000;
/** IFNAMSIZ. */
const mostName = 15;

export interface TunOptions {
  readonly name: string;
  /** Path of the namespace where it is; this process's without one. */
  readonly netns?: string | undefined;
  /** Makes one that stays when nobody has it open, where there is none. Otherwise it must be there. */
  readonly make?: boolean;
}

/**
 * A descriptor that does not wait. Throws NETNS_UNKNOWN for a namespace that is gone, DEVICE_UNUSABLE for a device that is not there, is no
 * TUN, or is open elsewhere (which may pass).
 */
export function openTun(calls: Calls, options: TunOptions): number {
  if (options.name.length < 1 || options.name.length > mostName) throw unusable(options, 'not a name of a device', false);
  return options.netns === undefined ? open(calls, options) : within(calls, options.netns, () => open(calls, options));
}

/** Calls `act` with this thread in the namespace; it must not be asynchronous. */
function within<Result>(calls: Calls, netns: string, act: () => Result): Result {
  const own = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const theirs = openNamespace(netns);
    try {
      if (calls.setns(theirs, network) < 0)
        throw new AgentError('NETNS_UNKNOWN', `netns ${netns}: cannot be entered: errno ${calls.errno()}`);
      try {
        return act();
      } finally {
        // Whatever this thread did from now on would happen to the wrong host.
        if (calls.setns(own, network) < 0) process.abort();
      }
    } finally {
      closeSync(theirs);
    }
  } finally {
    closeSync(own);
  }
}

function openNamespace(netns: string): number {
  try {
    // A pipe would have us wait for its writer.
    return openSync(netns, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw new AgentError('NETNS_UNKNOWN', `netns ${netns}: ${(cause as NodeJS.ErrnoException).code ?? 'cannot be opened'}`, { cause });
  }
}

function open(calls: Calls, options: TunOptions): number {
  if (!options.make && calls.interfaceIndex(options.name) === 0) throw unusable(options, 'no such device', false);
  const descriptor = openDriver(options);
  try {
    setUp(calls, descriptor, options);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function openDriver(options: TunOptions): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (cause) {
    throw unusable(options, `${path}: ${(cause as NodeJS.ErrnoException).code ?? 'cannot be opened'}`, false, cause);
  }
}

function setUp(calls: Calls, descriptor: number, options: TunOptions): void {
  // struct ifreq
  const request = new Uint8Array(40);
  new TextEncoder().encodeInto(options.name, request);
  new DataView(request.buffer).setUint16(16, deviceFlags, true);
  if (calls.ioctl(descriptor, setInterface, calls.address(request)) < 0) {
    const number = calls.errno();
    const why: Record<number, string> = { [busy]: 'open in another process', [invalid]: 'is not a TUN of this kind' };
    throw unusable(options, why[number] ?? `errno ${number}`, number === busy);
  }
  const size = new Int32Array([headerBytes]);
  if (calls.ioctl(descriptor, setHeaderSize, calls.address(size)) < 0)
    throw unusable(options, `header size: errno ${calls.errno()}`, false);
  if (options.make && calls.ioctl(descriptor, setPersist, 1) < 0) throw unusable(options, `to keep it: errno ${calls.errno()}`, false);
  if (!offloads.some((some) => calls.ioctl(descriptor, setOffload, some) === 0)) {
    throw unusable(options, `offloads: errno ${calls.errno()}`, false);
  }
  settleLink(calls, options.name);
}

/**
 * A device that nobody had open drops what is sent into it, without a word, until a task of the kernel has noticed that somebody has:
 * later on a busy machine. Who asks for its link, of a kernel from 6.8 on, has that done first.
 */
function settleLink(calls: Calls, name: string): void {
  const socket = calls.socket(local, datagrams, 0);
  if (socket < 0) return;
  // struct ethtool_value, and struct ifreq with its address.
  const value = new Uint32Array([linkState, 0]);
  const request = new Uint8Array(40);
  new TextEncoder().encodeInto(name, request);
  new DataView(request.buffer).setBigUint64(16, BigInt(calls.address(value)), true);
  calls.ioctl(socket, askDriver, calls.address(request));
  calls.close(socket);
}

function unusable({ name, netns }: TunOptions, what: string, retryable: boolean, cause?: unknown): AgentError {
  const where = netns === undefined ? '' : ` in ${netns}`;
  return new AgentError('DEVICE_UNUSABLE', `device ${name}${where}: ${what}`, { retryable, cause });
}
