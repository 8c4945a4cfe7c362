// User checks: each tries one thing that wasm mode needs or uses, or that both modes do, for real. What would change the host is done in a
// network namespace that ends with the check.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Check, Tools } from './kernel/checks.ts';
import { errno } from './kernel/errno.ts';
import type { Libc } from './kernel/libc.ts';
import { Netlink } from './kernel/netlink.ts';
import { noInterface } from './kernel/tcx.ts';
import { espAlgorithms, tryAlgorithm } from './xfrm-check.ts';

/** CLONE_NEWNET. */
const network = 0x40000000;
/** O_RDWR | O_NONBLOCK | O_CLOEXEC. */
const openDevice = 0o2004002;
const [setInterface, setOffload, setHeaderSize] = [0x400454ca, 0x400454d0, 0x400454d8];
/** IFF_TUN | IFF_NO_PI | IFF_VNET_HDR. */
const deviceFlags = 0x5001;
/** TUN_F_CSUM | TSO4 | TSO6 | TSO_ECN, and USO4 | USO6. */
const [segmentsOfTcp, segmentsOfUdp] = [0x0f, 0x60];
/** AF_INET; SOCK_DGRAM | SOCK_CLOEXEC; SOL_UDP; UDP_SEGMENT, UDP_GRO. */
const [ipv4, datagrams, udp, cut, joined] = [2, 2 | 0x80000, 17, 103, 104];
/** RTM_DELLINK. */
const deleteLink = 17;

export const userChecks: readonly Check[] = [
  {
    name: 'netlink',
    enables: 'addresses, routes and devices of pods',
    neededBy: ['kernel', 'wasm'],
    run: ({ libc }) => netlink(libc),
  },
  {
    name: 'network namespaces',
    enables: "entering pods' namespaces",
    neededBy: ['kernel', 'wasm'],
    run: ({ libc }) => elsewhere(libc, () => 0),
  },
  {
    name: 'TUN',
    enables: "pods' interfaces where eBPF is refused",
    neededBy: ['wasm'],
    run: ({ libc }) => tun(libc, 0),
  },
  {
    name: 'TUN: TCP segments',
    enables: 'streams five times as fast in wasm mode',
    neededBy: [],
    run: ({ libc }) => tun(libc, segmentsOfTcp),
  },
  {
    name: 'TUN: UDP segments',
    enables: 'the same for QUIC (Linux 6.2 or later)',
    neededBy: [],
    run: ({ libc }) => tun(libc, segmentsOfTcp | segmentsOfUdp),
  },
  {
    name: 'UDP GSO',
    enables: 'many datagrams to another node in one system call',
    neededBy: [],
    run: ({ libc }) => socketOption(libc, cut, 1400),
  },
  {
    name: 'UDP GRO',
    enables: 'and from one',
    neededBy: [],
    run: ({ libc }) => socketOption(libc, joined, 1),
  },
  {
    name: 'user namespaces',
    enables: 'sandboxes and demos without root',
    neededBy: [],
    run: userNamespace,
  },
  ...espAlgorithms.map((algorithm) => ({
    name: `ESP: ${algorithm.name}`,
    enables: algorithm.enables,
    neededBy: [],
    run: ({ libc }: Tools) => elsewhere(libc, () => tryAlgorithm(libc, algorithm)),
  })),
];

/** The kernel looks for a device that cannot exist only for those who may delete one. */
function netlink(libc: Libc): number {
  using socket = new Netlink(libc);
  const body = new Uint8Array(16);
  new DataView(body.buffer).setInt32(4, noInterface, true);
  const result = socket.request(deleteLink, 0, body);
  return result === -errno.nodev ? 0 : result;
}

/** Does something in a new network namespace, which ends when this thread has left it and nothing there is open. */
function elsewhere(libc: Libc, act: () => number): number {
  const own = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const made = libc.syscall('unshare', network);
    if (made < 0) return made;
    try {
      return act();
    } finally {
      // Whatever this thread did from now on would happen to the wrong host.
      if (libc.syscall('setns', own, network) < 0) process.abort();
    }
  } finally {
    closeSync(own);
  }
}

/** A device that ends when it is closed. */
function tun(libc: Libc, offloads: number): number {
  const device = libc.open('/dev/net/tun', openDevice);
  if (device < 0) return device;
  const request = new Uint8Array(40);
  request.set(new TextEncoder().encode('axnprobe%d'));
  new DataView(request.buffer).setUint16(16, deviceFlags, true);
  const size = Int32Array.of(12);
  let result = libc.syscall('ioctl', device, setInterface, libc.address(request));
  if (result >= 0) result = libc.syscall('ioctl', device, setHeaderSize, libc.address(size));
  if (result >= 0) result = libc.syscall('ioctl', device, setOffload, offloads);
  libc.close(device);
  return result;
}

function socketOption(libc: Libc, option: number, value: number): number {
  const socket = libc.socket(ipv4, datagrams, 0);
  if (socket < 0) return socket;
  const given = Int32Array.of(value);
  const result = libc.setsockopt(socket, udp, option, libc.address(given), 4);
  libc.close(socket);
  return result;
}

/** A process with threads cannot enter one itself. */
function userNamespace(): number {
  const { status, error } = spawnSync('unshare', ['--user', '--map-root-user', '--net', 'true'], { stdio: 'ignore', timeout: 5_000 });
  if (error !== undefined) throw new Error(`${notTriedBecause} ${(error as NodeJS.ErrnoException).code ?? error.message}`);
  return status === 0 ? 0 : -errno.perm;
}

const notTriedBecause = 'not tried: unshare(1) cannot be run:';
