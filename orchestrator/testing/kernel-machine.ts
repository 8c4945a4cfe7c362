// The datapath in the kernel as a machine: whole packets through the hooks' programs by test run. It keeps the kernel's own clock, so
// time that passes on the virtual one is taken off what is left of everything that ends.

import { rmSync } from 'node:fs';
import { currentTick } from '../datapath/clock.ts';
import type { RunResult } from '../datapath/datapath.ts';
import { DIRECTION_EGRESS, NEXT_HOP_DROP } from '../datapath/generated/enums.ts';
import { conntrackSpec, fragmentsSpec } from '../datapath/generated/maps.ts';
import type { ImmediateMap } from '../datapath/immediate.ts';
import { type KernelDatapath, openKernelDatapath } from '../datapath/kernel/kernel-datapath.ts';
import type { MapSpec } from '../datapath/layout.ts';
import { probe } from '../datapath/probe.ts';
import { NotSupported } from '../errors.ts';
import { swapPort } from '../net/words.ts';
import { flowKey } from './flow-key.ts';
import { fragmentEntry } from './fragment-entry.ts';
import type { Decision, Machine } from './machine.ts';
import { type Message, messageBytes } from './message.ts';
import { SentFlows } from './sent-flows.ts';

/** What has not ended on the virtual clock must not end on the real one while the test runs. */
const farAhead = 1 << 29;

let opened = 0;

/** Rejects with NOT_SUPPORTED where this process may not use BPF, and says why. */
export async function openKernelMachine(sizes: Readonly<Record<string, number>>): Promise<KernelMachine> {
  const { choice } = await probe();
  if (choice.mode !== 'kernel') throw new NotSupported(`engine "kernel": ${choice.sentence}`);
  const folder = `/sys/fs/bpf/axoneme-testing-${process.pid}-${opened++}`;
  // A process that ends with its cluster open leaves no pins behind.
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    return new KernelMachine(await openKernelDatapath({ bpffsFolder: folder, sizes }), () => {
      process.off('exit', remove);
      remove();
    });
  } catch (error) {
    remove();
    throw error;
  }
}

export class KernelMachine implements Machine {
  readonly name = 'kernel';
  private readonly datapath: KernelDatapath;
  private readonly remove: () => void;
  /** What the virtual clock makes older. */
  private readonly flows = new SentFlows();

  constructor(datapath: KernelDatapath, remove: () => void) {
    this.datapath = datapath;
    this.remove = remove;
  }

  map<K, V>(spec: MapSpec<K, V>): ImmediateMap<K, V> {
    return this.datapath.map(spec);
  }

  ask(hook: number, message: Message): Decision {
    if (message.form === 'redirect')
      throw new NotSupported('engine "kernel": policy about ICMP redirects, which the datapath always refuses');
    const first = message.form === 'later-fragment' ? fragmentEntry(message, this.expiry(1)) : undefined;
    if (first !== undefined) this.map(fragmentsSpec).updateNow(...first);
    const decision = this.run(hook, message);
    if (first !== undefined) this.map(fragmentsSpec).deleteNow(first[0]);
    if (decision.nextHop !== NEXT_HOP_DROP) this.map(conntrackSpec).deleteNow(flowKey(message));
    return decision;
  }

  send(hook: number, message: Message): Decision {
    this.flows.note(message);
    return this.run(hook, message);
  }

  expiry(ticks: number): number {
    return (currentTick() + (ticks > 0 ? farAhead : ticks)) >>> 0;
  }

  advance(ticks: number): void {
    const conntrack = this.map(conntrackSpec);
    this.flows.filter((key) => {
      const entry = conntrack.getNow(key);
      if (entry !== undefined) conntrack.updateNow(key, { ...entry, expires: (entry.expires - ticks) >>> 0 });
      return entry !== undefined;
    });
  }

  forgetFlows(): void {
    this.flows.filter((key) => {
      this.map(conntrackSpec).deleteNow(key);
      return false;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.datapath.remove();
    this.remove();
  }

  private run(hook: number, message: Message): Decision {
    const { nextHop, reason, record }: RunResult = this.datapath.runNow(hook, messageBytes(message));
    return {
      nextHop,
      reason,
      direction: record?.direction ?? DIRECTION_EGRESS,
      proxyPort: swapPort(record?.proxyPort ?? 0),
      egressRule: record?.egressRule ?? 0,
      ingressRule: record?.ingressRule ?? 0,
    };
  }
}
