// Runner: an IP packet through a hook's program, and what was decided about it, read from the workspace that the program left behind.

import { AgentError, NotSupported } from '../../errors.ts';
import { currentTick } from '../clock.ts';
import type { RunOptions, RunResult } from '../datapath.ts';
import { HOOK_FROM_OVERLAY, NEXT_HOP_DROP, NEXT_HOP_STACK } from '../generated/enums.ts';
import { factsCodec, recordCodec } from '../generated/layouts.ts';
import type { Bpf } from './bpf.ts';
import { errnoText } from './errno.ts';
import { ethernetBytes, framed } from './frame.ts';
import { hookPrograms } from './hook-programs.ts';
import type { Libc } from './libc.ts';
import { partSize, possibleCpus } from './per-cpu.ts';
import { runFrame } from './test-run.ts';
import { loadTunnelEntry, type TunnelEntry } from './tunnel-entry.ts';

/** Map of the object with one workspace per CPU, which begins with facts and record. */
const workspaceMap = 'scratch';
/** TC_ACT_SHOT. */
const actionDrop = 2;
/** A clock that is further off than this many ticks is not the kernel's. */
const clockSlack = 60;

export class Runner implements Disposable {
  private readonly bpf: Bpf;
  private readonly libc: Libc;
  private readonly program: (name: string) => number;
  private readonly workspaces: { readonly descriptor: number; readonly part: number; readonly bytes: Uint8Array };
  private readonly index = new Uint8Array(4);
  private tunnel: TunnelEntry | undefined;

  /** `maps` and `program` are those of the loaded object. */
  constructor(bpf: Bpf, libc: Libc, maps: ReadonlyMap<string, number>, program: (name: string) => number) {
    this.bpf = bpf;
    this.libc = libc;
    this.program = program;
    const descriptor = maps.get(workspaceMap);
    const info = descriptor === undefined ? undefined : bpf.mapInfo(descriptor);
    if (descriptor === undefined || typeof info !== 'object')
      throw new AgentError('OBJECT_REFUSED', `object: no map of the name "${workspaceMap}"`);
    const part = partSize(info.valueSize);
    this.workspaces = { descriptor, part, bytes: new Uint8Array(part * possibleCpus()) };
  }

  run(hook: number, packet: Uint8Array, options: RunOptions): RunResult {
    const program = this.entry(hook, options);
    this.clearWorkspaces();
    const port = options.port ?? 1;
    const context = { ifindex: port, ingressIfindex: port, cb: options.tunnelIdentity === undefined ? [] : [options.tunnelIdentity] };
    const done = runFrame(this.bpf, this.libc, program, framed(packet), context);
    const left = done.frame.slice(ethernetBytes);
    const record = this.findRecord();
    if (record === undefined)
      return { nextHop: done.action === actionDrop ? NEXT_HOP_DROP : NEXT_HOP_STACK, reason: 0, packet: left, record };
    return { nextHop: done.action === actionDrop ? NEXT_HOP_DROP : record.nextHop, reason: record.reason, packet: left, record };
  }

  [Symbol.dispose](): void {
    this.tunnel?.[Symbol.dispose]();
  }

  private entry(hook: number, options: RunOptions): number {
    const name = hookPrograms[hook];
    if (name === undefined) throw new AgentError('OBJECT_REFUSED', `object: no hook of the number ${hook}`);
    if (options.random !== undefined) throw new NotSupported('kernel test run: a given random number');
    if (options.now !== undefined && Math.abs((options.now - currentTick()) | 0) > clockSlack)
      throw new NotSupported('kernel test run: a given time');
    if (options.tunnelIdentity === undefined) return this.program(name);
    if (hook !== HOOK_FROM_OVERLAY) throw new NotSupported(`kernel test run: a tunnel key at ${name}`);
    this.tunnel ??= loadTunnelEntry(this.bpf, this.libc, this.program(name));
    return this.tunnel.program;
  }

  /** A packet that is let through without a decision leaves no record; so that an older one is not taken for its, none may be there. */
  private clearWorkspaces(): void {
    const { descriptor, bytes } = this.workspaces;
    bytes.fill(0);
    this.check('clear', this.bpf.update(descriptor, this.libc.address(this.index), this.libc.address(bytes)));
  }

  /** The record of the CPU on which the run was: the only one whose facts name a hook. */
  private findRecord() {
    const { descriptor, part, bytes } = this.workspaces;
    this.check('read', this.bpf.lookup(descriptor, this.libc.address(this.index), this.libc.address(bytes)));
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += part) {
      if (factsCodec.decode(view, at).hook !== 0) return recordCodec.decode(view, at + factsCodec.size);
    }
    return undefined;
  }

  private check(doing: string, result: number): void {
    if (result < 0) throw new AgentError('BPF_CALL_FAILED', `map ${workspaceMap}: ${doing}: ${errnoText(result)}`);
  }
}
