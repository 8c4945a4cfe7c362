// A world of two pods whose policies enforce nothing: whatever is well formed passes.
import { HINT_ENDPOINT, HOOK_FROM_POD } from '../../../orchestrator/datapath/generated/enums.ts';
import * as specs from '../../../orchestrator/datapath/generated/maps.ts';
import type { MapSpec } from '../../../orchestrator/datapath/layout.ts';
import { buildPacket, type Packet } from '../../../orchestrator/net/packet.ts';
import { addressWords } from '../../../orchestrator/net/words.ts';
import { addressSlot } from '../../support/address-slot.ts';
import { createMap, type Machine, type Offload, place, startMachine, updateMap, VIRTIO } from './machine.ts';

export const CLIENT = 1;
export const SERVER = 2;
export const addresses = {
  ipv4: { [CLIENT]: '10.0.0.10', [SERVER]: '10.0.0.20' },
  ipv6: { [CLIENT]: 'fd00::10', [SERVER]: 'fd00::20' },
} as const;

export interface WorldOptions {
  /** Entries of conntrack (0: it is not made), and its kind: a plain hash refuses what a hash for recent flows would make room for. */
  readonly flows?: number;
  readonly conntrackKind?: MapSpec['kind'];
  readonly memory?: WebAssembly.Memory;
}

export function startWorld({ flows = 1024, conntrackKind = 'lru', memory }: WorldOptions = {}): Machine {
  const machine = startMachine(memory);
  for (const spec of specs.maps.filter(({ kind, name }) => kind !== 'ring' && (name !== 'conntrack' || flows > 0))) {
    const entries = spec.name === 'conntrack' ? flows : typeof spec.entries === 'number' ? Math.min(spec.entries, 65536) : 256;
    const isSmall = spec.kind === 'hash' || spec.kind === 'lpm' || spec.name.startsWith('socket_');
    const small = isSmall ? Math.min(entries, 64) : entries;
    createMap(machine, spec.name === 'conntrack' ? { ...spec, kind: conntrackKind } : spec, small);
  }
  for (const family of ['ipv4', 'ipv6'] as const) {
    for (const port of [CLIENT, SERVER] as const) addPod(machine, addresses[family][port], port);
  }
  return machine;
}

function addPod(machine: Machine, address: string, port: number): void {
  const pod = { port, id: port, identity: 1000 + port, policySet: 0, flags: 0, mac: BigInt(port), gatewayMac: 9n };
  updateMap(machine, specs.endpointsSpec, addressWords(address), pod);
  updateMap(machine, specs.epochsSpec, addressSlot(address), { epoch: 1, hints: HINT_ENDPOINT });
}

export interface Result {
  readonly nextHop: number;
  readonly reason: number;
}

/** A packet that a pod sends. It lies at the end of the memory, or in the input buffer of a worker that shares it. */
export function send(machine: Machine, port: number, packet: Packet | Uint8Array, now = 1, offload?: Offload, buffered = false): Result {
  const bytes = packet instanceof Uint8Array ? packet : buildPacket(packet);
  let at = machine.call.inputBuffer!();
  if (buffered) machine.bytes.fill(0, at, at + VIRTIO).set(bytes, at + VIRTIO);
  else at = place(machine, bytes, offload);
  const decided = machine.call.run!(HOOK_FROM_POD, port, at, bytes.length + VIRTIO, now, 7, 0);
  return { nextHop: decided & 0xff, reason: (decided >>> 8) & 0xff };
}
