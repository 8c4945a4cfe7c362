// The two ends of the tunnel as the module has them: a packet becomes datagrams, datagrams become packets.
import { buildPacket, type Packet } from '../../../orchestrator/net/packet.ts';
import { type Machine, type Offload, VIRTIO } from '../packet/machine.ts';

export const frameBytes = 22;
export const mtu = 1450;
export const vni = 70_001;

/** A packet as a TUN device hands it over. */
export interface Handed {
  readonly bytes: Uint8Array;
  readonly offload: Offload;
}

/** `segment` bytes of payload go into each packet that it is to be cut into. */
export function segmented(packet: Packet, segment: number): Handed {
  const bytes = buildPacket({ ...packet, transport: { ...packet.transport, checksum: 'partial' } as Packet['transport'] });
  const isIpv6 = (bytes[0] as number) >> 4 === 6;
  const start = isIpv6 ? 40 : ((bytes[0] as number) & 15) * 4;
  const isTcp = packet.transport.protocol === 'tcp';
  const type = isTcp ? (isIpv6 ? 4 : 1) : 5;
  return { bytes, offload: { flags: 1, type, segment, start, offset: isTcp ? 16 : 6, headerLength: start } };
}

export function plain(packet: Packet): Handed {
  return { bytes: buildPacket(packet), offload: {} };
}

/** Lays the packet into the input buffer and has it parsed; its address. */
export function hand(machine: Machine, { bytes, offload }: Handed): number {
  const at = machine.call.inputBuffer!() + 64;
  machine.bytes.fill(0, at, at + VIRTIO);
  machine.bytes.set(bytes, at + VIRTIO);
  machine.view.setUint8(at, offload.flags ?? 0);
  machine.view.setUint8(at + 1, offload.type ?? 0);
  machine.view.setUint16(at + 2, offload.headerLength ?? 0, true);
  machine.view.setUint16(at + 4, offload.segment ?? 0, true);
  machine.view.setUint16(at + 6, offload.start ?? 0, true);
  machine.view.setUint16(at + 8, offload.offset ?? 0, true);
  machine.call.parse!(at, VIRTIO + bytes.length, machine.call.factsPointer!());
  return at;
}

/** The datagrams of a packet; undefined when the tunnel does not take it. `most` at once. */
export function datagrams(machine: Machine, handed: Handed, most = 64, longest = mtu): Uint8Array[] | undefined {
  if (machine.call.overlayOpen!(hand(machine, handed), vni, longest) !== 0) return undefined;
  return drain(machine, most);
}

function drain(machine: Machine, most: number): Uint8Array[] {
  const { overlayFill, overlaySegment, overlayDatagrams, overlayRoom } = machine.call;
  const found: Uint8Array[] = [];
  for (let bytes = overlayFill!(most); bytes > 0; bytes = overlayFill!(most)) {
    if (bytes > overlayRoom!()) throw new Error(`${bytes} bytes in a buffer of ${overlayRoom!()}`);
    const at = overlayDatagrams!();
    for (let done = 0; done < bytes; done += overlaySegment!()) {
      found.push(machine.bytes.slice(at + done, at + Math.min(done + overlaySegment!(), bytes)));
    }
  }
  return found;
}

export interface Received {
  readonly packet: Handed;
  readonly vni: number;
}

/** What comes out of datagrams that the kernel hands over in one piece. */
export function receive(machine: Machine, pieces: readonly Uint8Array[], each = pieces[0]?.length ?? 0): Received[] {
  const at = machine.call.inputBuffer!() + 64;
  let end = at;
  for (const piece of pieces) {
    machine.bytes.set(piece, end);
    end += piece.length;
  }
  machine.call.overlayReceived!(at, end - at, each, mtu);
  const found: Received[] = [];
  for (let next = machine.call.overlayNext!(); next !== 0; next = machine.call.overlayNext!()) {
    const length = machine.call.overlayLength!();
    if (next < at || next + length > end) throw new Error(`a packet of [${next}, ${next + length}) outside of [${at}, ${end})`);
    const view = machine.view;
    const offload = {
      flags: view.getUint8(next),
      type: view.getUint8(next + 1),
      headerLength: view.getUint16(next + 2, true),
      segment: view.getUint16(next + 4, true),
      start: view.getUint16(next + 6, true),
      offset: view.getUint16(next + 8, true),
    };
    found.push({ packet: { bytes: machine.bytes.slice(next + VIRTIO, next + length), offload }, vni: machine.call.overlayVni!() });
  }
  return found;
}
