// The datapath in WebAssembly as a machine: one packet per form and family lies ready in its memory, and a question costs the words that
// differ.

import { NEXT_HOP_DROP } from '../datapath/generated/enums.ts';
import { conntrackSpec, fragmentsSpec } from '../datapath/generated/maps.ts';
import type { ImmediateMap } from '../datapath/immediate.ts';
import type { MapSpec } from '../datapath/layout.ts';
import { readModule } from '../datapath/wasm/engine.ts';
import type { Lain, PacketLane } from '../datapath/wasm/lane.ts';
import { openWasmDatapath, type WasmDatapath } from '../datapath/wasm/wasm-datapath.ts';
import { fragmentEntry } from './fragment-entry.ts';
import type { Decision, Machine } from './machine.ts';
import { type Form, formFamilies, type Message, messageBytes } from './message.ts';
import { type Family, parsePlace } from './place.ts';
import { SentFlows } from './sent-flows.ts';

/** Where fields are, counted from the IP header. */
const layouts = {
  4: { source: 12, destination: 16, transport: 20 },
  6: { source: 8, destination: 24, transport: 40 },
} as const;
const flagsAt = 13;
const identifierAt = 4;

/** The virtual clock starts here: an expiry some years back is still no negative number. */
const startTick = 1 << 20;

let compiled: Promise<WebAssembly.Module> | undefined;
/** Datapaths of clusters that were closed, empty again. */
const idle: WasmMachine[] = [];
const mostIdle = 4;

/** A machine with empty maps; of these sizes, which by and large are those of a test. */
export async function openWasmMachine(sizes: Readonly<Record<string, number>>): Promise<WasmMachine> {
  const text = JSON.stringify(sizes);
  const found = idle.findIndex((machine) => machine.sizes === text);
  if (found >= 0) return idle.splice(found, 1)[0] as WasmMachine;
  compiled ??= readModule();
  return new WasmMachine(await openWasmDatapath({ sizes, module: await compiled }), text);
}

export class WasmMachine implements Machine {
  readonly name = 'wasm';
  readonly sizes: string;
  private readonly datapath: WasmDatapath;
  private readonly lane: PacketLane;
  private readonly packets: Record<Family, Partial<Record<Form, Lain>>> = { 4: {}, 6: {} };
  private readonly flows = new SentFlows();
  private now = startTick;

  constructor(datapath: WasmDatapath, sizes: string) {
    this.datapath = datapath;
    this.sizes = sizes;
    this.lane = datapath.openLane();
    for (const [form, families] of Object.entries(formFamilies) as [Form, readonly Family[]][]) {
      for (const family of families) this.packets[family][form] = this.lane.lay(messageBytes(sample(form, family)));
    }
  }

  map<K, V>(spec: MapSpec<K, V>): ImmediateMap<K, V> {
    return this.datapath.map(spec);
  }

  ask(hook: number, message: Message): Decision {
    if (message.form === 'redirect') {
      this.lane.decide(this.write(message), hook, 1, this.now);
      return this.lane;
    }
    if (message.form === 'later-fragment') return this.askFragment(hook, message);
    this.lane.run(this.write(message), hook, 1, this.now);
    if (this.lane.nextHop !== NEXT_HOP_DROP) this.lane.forgetFlow();
    return this.lane;
  }

  send(hook: number, message: Message): Decision {
    this.flows.note(message);
    this.lane.run(this.write(message), hook, 1, this.now);
    return this.lane;
  }

  expiry(ticks: number): number {
    return (this.now + ticks) >>> 0;
  }

  advance(ticks: number): void {
    this.now = (this.now + ticks) >>> 0;
  }

  forgetFlows(): void {
    this.flows.filter((key) => {
      this.map(conntrackSpec).deleteNow(key);
      return false;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.now = startTick;
    if (idle.length < mostIdle) idle.push(this);
    else await this.datapath.close();
  }

  private askFragment(hook: number, message: Message): Decision {
    const first = this.map(fragmentsSpec);
    const [key, value] = fragmentEntry(message, this.expiry(1));
    first.updateNow(key, value);
    this.lane.run(this.write(message), hook, 1, this.now);
    this.lane.forgetFlow();
    first.deleteNow(key);
    return this.lane;
  }

  /** Fills the message's own words into the packet of its form. */
  private write(message: Message): Lain {
    const { form, family, source, destination, sourcePort, destinationPort } = message;
    const lain = this.packets[family][form] as Lain;
    const layout = layouts[family];
    this.writeAddress(lain, layout.source, source.words);
    this.writeAddress(lain, layout.destination, destination.words);
    if (form === 'later-fragment') return lain;
    const { bytes } = this.lane;
    const transport = this.lane.byteAt(lain, layout.transport);
    if (form === 'tcp' || form === 'udp' || form === 'sctp') {
      bytes[transport] = sourcePort >> 8;
      bytes[transport + 1] = sourcePort;
      bytes[transport + 2] = destinationPort >> 8;
      bytes[transport + 3] = destinationPort;
      if (form === 'tcp') bytes[transport + flagsAt] = message.flags;
      return lain;
    }
    bytes[transport] = destinationPort;
    if (form === 'error') {
      this.writeAddress(lain, layout.transport + 8 + layout.source, destination.words);
      this.writeAddress(lain, layout.transport + 8 + layout.destination, source.words);
      return lain;
    }
    bytes[transport + identifierAt] = sourcePort >> 8;
    bytes[transport + identifierAt + 1] = sourcePort;
    return lain;
  }

  private writeAddress(lain: Lain, offset: number, address: Uint32Array): void {
    const { words } = this.lane;
    const at = this.lane.byteAt(lain, offset) >>> 2;
    for (let index = 0; index < address.length; index++) words[at + index] = address[index] as number;
  }
}

function sample(form: Form, family: Family): Message {
  const place = parsePlace(family === 4 ? '0.0.0.0' : '::');
  const type = form === 'error' ? 3 : form === 'later-fragment' ? 135 : form === 'redirect' ? 5 : 1;
  return { form, family, source: place, destination: place, sourcePort: 1, destinationPort: type, flags: 0 };
}
