// Attach: the programs of a port's hooks on its interface. A tcx link is pinned, so that it outlives the process and its program can
// be exchanged without a packet going by unseen; before 6.6 a clsact filter does the same, and its program is pinned as the mark.

import { AgentError } from '../../errors.ts';
import type { Port } from '../datapath.ts';
import { type Bpf, tcxEgress, tcxIngress } from './bpf.ts';
import { type Direction, exchangeFilter, putFilter, removeFilter } from './clsact.ts';
import { errno, errnoText } from './errno.ts';
import type { Libc } from './libc.ts';
import type { Pins } from './pins.ts';

export type AttachMethod = 'tcx' | 'clsact';

export interface Hook {
  /** Name of the program in the object. */
  readonly name: string;
  readonly direction: Direction;
}

/** The hooks of each kind of port. */
export const hooksOf: Readonly<Record<Port['kind'], readonly Hook[]>> = {
  pod: [
    { name: 'from_pod', direction: 'ingress' },
    { name: 'to_pod', direction: 'egress' },
  ],
  overlay: [{ name: 'from_overlay', direction: 'ingress' }],
  network: [{ name: 'from_network', direction: 'ingress' }],
  exit: [{ name: 'to_network', direction: 'egress' }],
  host: [{ name: 'to_host', direction: 'egress' }],
  // What the proxy's sockets send goes through the pod's own hook.
  proxy: [],
};

/** Behind a pin's name: the pin is the program of a clsact filter, not a link. */
const clsactMark = '@clsact';

export interface Attacher {
  readonly bpf: Bpf;
  readonly libc: Libc;
  readonly pins: Pins;
  readonly method: AttachMethod;
  /** Descriptor of a hook's program. */
  program(hook: string): number;
}

/** What taking hooks off needs: no program. */
export type Pinned = Pick<Attacher, 'bpf' | 'libc' | 'pins'>;

/** Puts one hook on a port, or gives the one that is there today's program. Throws ATTACH_FAILED. */
export async function attachHook(by: Attacher, port: number, hook: Hook): Promise<void> {
  if (renewHook(by, port, hook, by.method)) return;
  const program = by.program(hook.name);
  if (by.method === 'clsact') {
    check(port, hook, putFilter(by.libc, port, hook.direction, filterName(hook), program));
    by.pins.put(by.pins.linkPath(port, hook.name + clsactMark), program);
    return;
  }
  const link = await by.bpf.linkCreateLater(program, port, hook.direction === 'ingress' ? tcxIngress : tcxEgress);
  check(port, hook, link);
  try {
    by.pins.put(by.pins.linkPath(port, hook.name), link);
  } finally {
    by.libc.close(link);
  }
}

/** Takes one hook off a port; one that is not there is not an error. */
export function detachHook(by: Pinned, port: number, hook: Hook): void {
  const filter = by.pins.linkPath(port, hook.name + clsactMark);
  if (by.pins.has(filter)) {
    const result = removeFilter(by.libc, port, hook.direction);
    if (result < 0 && ![-errno.noent, -errno.nodev, -errno.inval].includes(result)) check(port, hook, result);
    by.pins.remove(filter);
  }
  const path = by.pins.linkPath(port, hook.name);
  const link = by.pins.get(path);
  if (link === undefined) return;
  by.bpf.linkDetach(link);
  by.libc.close(link);
  by.pins.remove(path);
}

/** Takes off every hook that is pinned. */
export function detachAll(by: Pinned): void {
  for (const { port, hook } of pinnedHooks(by.pins)) detachHook(by, port, hook);
}

/** Gives every hook that an earlier process left attached today's program; pins of interfaces that are gone are removed. */
export function renewAll(by: Attacher): void {
  for (const { port, hook, method } of pinnedHooks(by.pins)) renewHook(by, port, hook, method);
}

function pinnedHooks(pins: Pins): { port: number; hook: Hook; method: AttachMethod }[] {
  const hooks = Object.values(hooksOf).flat();
  return pins.links().flatMap(({ name }) => {
    const [, port, hookName, mark] = /^(\d+)-([a-z_]+)(@clsact)?$/.exec(name) ?? [];
    const hook = hooks.find((known) => known.name === hookName);
    return hook === undefined ? [] : [{ port: Number(port), hook, method: mark === undefined ? 'tcx' : 'clsact' }];
  });
}

/** Whether the hook was there; if so it runs today's program now. */
function renewHook(by: Attacher, port: number, hook: Hook, method: AttachMethod): boolean {
  const program = by.program(hook.name);
  const path = by.pins.linkPath(port, method === 'tcx' ? hook.name : hook.name + clsactMark);
  if (!by.pins.has(path)) return false;
  const result =
    method === 'tcx' ? updateLink(by, path, program) : exchangeFilter(by.libc, port, hook.direction, filterName(hook), program);
  if (result >= 0) {
    if (method === 'clsact') by.pins.put(path, program);
    return true;
  }
  if (![-errno.nolink, -errno.nodev, -errno.noent, -errno.inval].includes(result)) check(port, hook, result);
  by.pins.remove(path);
  return false;
}

function updateLink(by: Attacher, path: string, program: number): number {
  const link = by.pins.get(path);
  if (link === undefined) return -errno.noent;
  const result = by.bpf.linkUpdate(link, program);
  by.libc.close(link);
  return result;
}

function filterName(hook: Hook): string {
  return `axoneme_${hook.name}`;
}

function check(port: number, hook: Hook, result: number): void {
  if (result >= 0) return;
  throw new AgentError('ATTACH_FAILED', `port ${port}: hook ${hook.name} (${hook.direction}): ${errnoText(result)}`);
}
