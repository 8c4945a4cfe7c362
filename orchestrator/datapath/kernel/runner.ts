// Runner: an IP packet through a hook's program, and what was decided about it, read from the workspace that the program left behind.

import { AgentError, NotSupported } from '../../errors.ts';
import { currentTick } from '../clock.ts';
import type { RunOptions, RunResult } from '../datapath.ts';
import { NEXT_HOP_DROP, NEXT_HOP_STACK } from '../generated/enums.ts';
import { factsCodec, recordCodec } from '../generated/layouts.ts';
import type { Bpf } from './bpf.ts';
import { errnoText } from './errno.ts';
import { ethernetBytes, framed } from './frame.ts';
import { hookPrograms } from './hook-programs.ts';
import type { Libc } from './libc.ts';
import { partSize, possibleCpus } from './per-cpu.ts';
import { entryOrders, loadTestEntry, type TestEntry } from './test-entry.ts';
import { runFrame } from './test-run.ts';

/** Map of the object with one workspace per CPU, which begins with facts and record. */
const workspaceMap = 'scratch';
/** TC_ACT_SHOT. */
const actionDrop = 2;
/** The kernel refuses to run IP frames without a whole IP header; a shorter packet is cut to its length on the way. */
const shortestPacket = 40;
/** A clock that is further off than this many ticks is not the kernel's. */
const clockSlack = 60;

export class Runner implements Disposable {
  private readonly bpf: Bpf;
  private readonly libc: Libc;
  private readonly program: (name: string) => number;
  private readonly workspaces: { readonly descriptor: number; readonly part: number; readonly bytes: Uint8Array };
  private readonly index = new Uint8Array(4);
  private readonly entries = new Map<number, TestEntry>();

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
    const program = this.programOf(hook, options);
    const { tunnelIdentity, port = 1, segment = 0 } = options;
    const frame = framed(packet, shortestPacket);
    const cut = packet.length < shortestPacket ? ethernetBytes + packet.length : 0;
    const isPlain = tunnelIdentity === undefined && cut === 0;
    const segments = segment === 0 ? 0 : Math.ceil(packet.length / segment);
    const cb = isPlain ? [] : entryOrders(tunnelIdentity, cut);
    const context = { ifindex: port, ingressIfindex: port, cb, gsoSize: segment, gsoSegments: segments };
    this.clearWorkspaces();
    const done = runFrame(this.bpf, this.libc, isPlain ? program : this.entryOf(hook, program), frame, context);
    const left = done.frame.slice(ethernetBytes);
    const record = this.findRecord();
    const isDropped = done.action === actionDrop;
    if (record === undefined) return { nextHop: isDropped ? NEXT_HOP_DROP : NEXT_HOP_STACK, reason: 0, packet: left, record };
    return { nextHop: isDropped ? NEXT_HOP_DROP : record.nextHop, reason: record.reason, packet: left, record };
  }

  [Symbol.dispose](): void {
    for (const entry of this.entries.values()) entry[Symbol.dispose]();
  }

  private programOf(hook: number, { now, random }: RunOptions): number {
    const name = hookPrograms[hook];
    if (name === undefined) throw new AgentError('OBJECT_REFUSED', `object: no hook of the number ${hook}`);
    if (random !== undefined) throw new NotSupported('kernel test run: a given random number');
    if (now !== undefined && Math.abs((now - currentTick()) | 0) > clockSlack) throw new NotSupported('kernel test run: a given time');
    return this.program(name);
  }

  private entryOf(hook: number, program: number): TestEntry['program'] {
    const entry = this.entries.get(hook) ?? loadTestEntry(this.bpf, this.libc, program);
    this.entries.set(hook, entry);
    return entry.program;
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
