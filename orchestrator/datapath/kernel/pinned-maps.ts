// Pinned maps: maps of a datapath that another process has loaded, by their pins. They stay of use while they are the ones that are pinned: a
// successor of another size or layout takes their place.

import { statSync } from 'node:fs';
import { AgentError } from '../../errors.ts';
import type { MapSpec } from '../layout.ts';
import { Bpf } from './bpf.ts';
import { errnoText } from './errno.ts';
import { type Libc, openLibc } from './libc.ts';
import { KernelMap } from './map.ts';
import { Pins } from './pins.ts';

interface Opened {
  readonly path: string;
  readonly descriptor: number;
  /** Of the pin: whatever takes its place has another one. */
  readonly inode: number;
}

export class PinnedMaps implements Disposable {
  private readonly libc: Libc;
  private readonly bpf: Bpf;
  private readonly pins: Pins;
  private readonly opened: Opened[] = [];

  private constructor(libc: Libc, folder: string) {
    this.libc = libc;
    this.bpf = new Bpf(libc);
    this.pins = new Pins(folder, this.bpf, libc);
  }

  /** `folder`: the node's, on bpffs. Rejects with FFI_MISSING, BPF_CALL_FAILED. */
  static async open(folder: string): Promise<PinnedMaps> {
    return new PinnedMaps(await openLibc(), folder);
  }

  /** Throws DATAPATH_UNREACHABLE when no such map of today's layout is pinned, BPF_CALL_FAILED. Of maps with a value for each processor there is none. */
  map<K, V>(spec: MapSpec<K, V>): KernelMap<K, V> {
    const { bpf, libc, pins } = this;
    const path = pins.mapPath(spec.name, spec.layoutHash);
    const descriptor = pins.get(path);
    if (descriptor === undefined) throw new AgentError('DATAPATH_UNREACHABLE', `map ${spec.name}: not pinned: ${path}`);
    const info = bpf.mapInfo(descriptor);
    if (typeof info === 'number') throw new AgentError('BPF_CALL_FAILED', `map ${spec.name}: info: ${errnoText(info)}`);
    this.opened.push({ path, descriptor, inode: statSync(path).ino });
    return new KernelMap(spec, { bpf, libc, descriptor, capacity: info.entries, valueSize: info.valueSize });
  }

  /** Whether all of them are still the ones that the datapath has. */
  areCurrent(): boolean {
    return this.opened.every(({ path, inode }) => statSync(path, { throwIfNoEntry: false })?.ino === inode);
  }

  [Symbol.dispose](): void {
    for (const { descriptor } of this.opened) this.libc.close(descriptor);
  }
}
