// Clsact: hooks on kernels before 6.6, which have no tcx links: a bpf filter in direct-action mode under the clsact qdisc. A filter
// stays with its interface until it is deleted, so it outlives the process as a pinned link does.

import { errno } from './errno.ts';
import type { Libc } from './libc.ts';
import { attribute, joined, Netlink, netlinkFlag } from './netlink.ts';

export type Direction = 'ingress' | 'egress';

const newQdisc = 36;
const newFilter = 44;
const deleteFilter = 45;
const deleteQdisc = 37;
const loopback = 1;
/** TC_H_CLSACT, and the two places under it. */
const clsactParent = 0xfffffff1;
const parents = { ingress: 0xfffffff2, egress: 0xfffffff3 } as const;
/** Our filter's number under its parent, and its priority: first, as what we drop nobody else shall see. */
const [handle, priority] = [1, 1];
const everyProtocol = 0x0300;
const attributes = { kind: 1, options: 2, descriptor: 6, name: 7, flags: 8 } as const;
const directAction = 1;

/** Puts a filter with this program on an interface, or exchanges the program of ours that is there. 0 or -errno. */
export function putFilter(libc: Libc, port: number, direction: Direction, name: string, program: number): number {
  using netlink = new Netlink(libc);
  const qdisc = joined(trafficControl(port, 0xffff0000, clsactParent, 0), attribute(attributes.kind, 'clsact'));
  const added = netlink.request(newQdisc, netlinkFlag.create | netlinkFlag.exclusive, qdisc);
  if (added < 0 && added !== -errno.exist) return added;
  return netlink.request(newFilter, netlinkFlag.create, filter(port, direction, name, program));
}

/** Exchanges the program of a filter of ours. -ENOENT when there is none, -ENODEV when the interface is gone. */
export function exchangeFilter(libc: Libc, port: number, direction: Direction, name: string, program: number): number {
  using netlink = new Netlink(libc);
  return netlink.request(newFilter, 0, filter(port, direction, name, program));
}

export function removeFilter(libc: Libc, port: number, direction: Direction): number {
  using netlink = new Netlink(libc);
  return netlink.request(deleteFilter, 0, joined(ourFilter(port, direction), attribute(attributes.kind, 'bpf')));
}

/** 0 or -errno of a filter on the loopback interface, which is taken off again at once. */
export function clsactWorks(libc: Libc, program: number): number {
  using netlink = new Netlink(libc);
  const qdisc = joined(trafficControl(loopback, 0xffff0000, clsactParent, 0), attribute(attributes.kind, 'clsact'));
  const added = netlink.request(newQdisc, netlinkFlag.create | netlinkFlag.exclusive, qdisc);
  if (added === -errno.exist) return 0;
  if (added < 0) return added;
  const result = netlink.request(newFilter, netlinkFlag.create, filter(loopback, 'ingress', 'axoneme_probe', program));
  netlink.request(deleteQdisc, 0, qdisc);
  return result;
}

function filter(port: number, direction: Direction, name: string, program: number): Uint8Array {
  const options = joined(
    attribute(attributes.descriptor, program),
    attribute(attributes.name, name),
    attribute(attributes.flags, directAction),
  );
  return joined(ourFilter(port, direction), attribute(attributes.kind, 'bpf'), attribute(attributes.options, options));
}

function ourFilter(port: number, direction: Direction): Uint8Array {
  return trafficControl(port, handle, parents[direction], ((priority << 16) | everyProtocol) >>> 0);
}

/** struct tcmsg. */
function trafficControl(port: number, ownHandle: number, parent: number, info: number): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setInt32(4, port, true);
  view.setUint32(8, ownHandle, true);
  view.setUint32(12, parent, true);
  view.setUint32(16, info, true);
  return bytes;
}
