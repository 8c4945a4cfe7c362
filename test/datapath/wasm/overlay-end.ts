// One end of a tunnel: a worker's overlay with a real socket, and all that it takes.
import type { Test } from 'tap';
import { recordCodec } from '../../../orchestrator/datapath/generated/layouts.ts';
import { openCalls } from '../../../orchestrator/datapath/wasm/calls.ts';
import { joinEngine, readModule } from '../../../orchestrator/datapath/wasm/engine.ts';
import { openOverlay, openOverlaySocket, setting } from '../../../orchestrator/datapath/wasm/process/overlay-socket.ts';
import { addressWords } from '../../../orchestrator/net/words.ts';
import { type Handed, hand } from '../../datapath-as/overlay/tunnel.ts';
import type { Machine } from '../../datapath-as/packet/machine.ts';

export const calls = await openCalls();
const module = await readModule();
const pages = 800;

interface Taken {
  readonly bytes: Uint8Array;
  readonly segment: number;
  readonly identity: number;
}

/** A worker with a socket at a port of its own, which takes its peers to be at another. */
export async function openEnd(t: Test, own: number, peers: number, mtu = 1450) {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const engine = await joinEngine(module, memory, 0);
  const { descriptor, isIpv4 } = openOverlaySocket(calls, own);
  const settings = new Int32Array(new SharedArrayBuffer(setting.count * 4));
  settings[setting.mtu] = mtu;
  settings[setting.tunnelPort] = peers;
  settings[setting.isIpv4] = Number(isIpv4);
  const taken: Taken[] = [];
  const lane = {
    put: () => true,
    take(_hook: number, _port: number, packet: number, length: number, identity: number) {
      const segment = engine.view.getUint16(packet + 4, true);
      taken.push({ bytes: engine.bytes.slice(packet + 12, packet + length), segment, identity });
    },
  };
  const overlay = openOverlay({ engine, calls, lane, settings });
  const machine: Machine = { call: engine.exports as never, bytes: engine.bytes, view: engine.view };
  const zero = recordCodec.decode(new DataView(new ArrayBuffer(recordCodec.size)), 0);
  t.teardown(() => calls.close(descriptor));
  return {
    taken,
    send(handed: Handed, node: string, identity: number): boolean {
      const at = hand(machine, handed);
      const { hi, lo } = addressWords(node);
      const record = { ...zero, tunnelHi: hi, tunnelLo: lo, sourceIdentity: identity };
      recordCodec.encode(record, engine.view, engine.exports.recordPointer());
      return overlay.send(descriptor, at, 12 + handed.bytes.length, 16);
    },
    async receive(count: number): Promise<readonly Taken[]> {
      for (
        const end = Date.now() + 10_000;
        taken.length < count && Date.now() < end;
        await new Promise((resolve) => setTimeout(resolve, 1))
      ) {
        overlay.receive(descriptor, 64);
      }
      return taken;
    },
  };
}
