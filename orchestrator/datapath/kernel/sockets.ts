// Sockets: the programs for calls of sockets on a cgroup. Each is a link that is pinned, as hooks on interfaces are: it outlives the process,
// and its program is exchanged without a call going by unseen.

import { statSync } from 'node:fs';
import { AgentError } from '../../errors.ts';
import type { Attacher, Pinned } from './attach.ts';
import { errno, errnoText } from './errno.ts';
import type { Libc } from './libc.ts';

/** Programs of the object, and BPF_CGROUP_* of each. */
export const socketPrograms = {
  socket_connect4: 10,
  socket_connect6: 11,
  socket_sendmsg4: 14,
  socket_sendmsg6: 15,
  socket_recvmsg4: 19,
  socket_recvmsg6: 20,
  socket_getpeername4: 29,
  socket_getpeername6: 30,
} as const;

export type SocketProgram = keyof typeof socketPrograms;
export const socketProgramNames = Object.keys(socketPrograms) as SocketProgram[];

/** O_RDONLY | O_DIRECTORY | O_CLOEXEC. */
const openFolder = 0o2200000;
/** Offset of cgroup_id in struct bpf_link_info. */
const cgroupIdAt = 16;
const [inet, datagramCloseOnExec] = [2, 0o2000002];
const [solSocket, soNetnsCookie] = [1, 71];

/**
 * Puts them all on a cgroup, or gives those that are there today's programs; those on another cgroup are taken off. Throws ATTACH_FAILED; then
 * none is on.
 */
export function attachSockets(by: Attacher, cgroup: string): void {
  const folder = by.libc.open(cgroup, openFolder);
  if (folder < 0) throw new AgentError('ATTACH_FAILED', `cgroup ${cgroup}: ${errnoText(folder)}`);
  try {
    for (const name of socketProgramNames) attachProgram(by, cgroup, folder, name);
  } catch (error) {
    detachSockets(by);
    throw error;
  } finally {
    by.libc.close(folder);
  }
}

/** Takes off whatever is on; true if anything was. */
export function detachSockets(by: Pinned): boolean {
  return socketProgramNames.map((name) => detachProgram(by, name)).includes(true);
}

/** Gives what an earlier process left on a cgroup today's programs; where the kernel took none, what was left goes. */
export function renewSockets(by: Attacher, has: (name: SocketProgram) => boolean): void {
  for (const name of socketProgramNames) {
    const link = by.pins.get(by.pins.socketPath(name));
    if (link === undefined) continue;
    const result = has(name) ? by.bpf.linkUpdate(link, by.program(name)) : -errno.noent;
    by.libc.close(link);
    if (result < 0) detachProgram(by, name);
  }
}

/** Cookie of this process's network namespace; 0 on a kernel that does not tell. */
export function namespaceCookie(libc: Libc): bigint {
  const socket = libc.socket(inet, datagramCloseOnExec, 0);
  if (socket < 0) return 0n;
  const [value, length] = [new BigUint64Array(1), Uint32Array.of(8)];
  const result = libc.getsockopt(socket, solSocket, soNetnsCookie, libc.address(value), libc.address(length));
  libc.close(socket);
  return result < 0 ? 0n : (value[0] ?? 0n);
}

function attachProgram(by: Attacher, cgroup: string, folder: number, name: SocketProgram): void {
  const program = by.program(name);
  const path = by.pins.socketPath(name);
  const held = by.pins.get(path);
  if (held !== undefined) {
    const renewed = isOn(by, held, cgroup) && by.bpf.linkUpdate(held, program) >= 0;
    by.libc.close(held);
    if (renewed) return;
    detachProgram(by, name);
  }
  const link = by.bpf.linkCreate(program, folder, socketPrograms[name]);
  if (link < 0) throw new AgentError('ATTACH_FAILED', `cgroup ${cgroup}: hook ${name}: ${errnoText(link)}`);
  try {
    by.pins.put(path, link);
  } finally {
    by.libc.close(link);
  }
}

function detachProgram(by: Pinned, name: SocketProgram): boolean {
  const path = by.pins.socketPath(name);
  const link = by.pins.get(path);
  if (link === undefined) return false;
  by.bpf.linkDetach(link);
  by.libc.close(link);
  by.pins.remove(path);
  return true;
}

/** A link whose cgroup is gone is on none. */
function isOn({ bpf }: Attacher, link: number, cgroup: string): boolean {
  const info = new Uint8Array(64);
  if (bpf.info(link, info) < 0) return false;
  return new DataView(info.buffer).getBigUint64(cgroupIdAt, true) === statSync(cgroup, { bigint: true }).ino;
}
