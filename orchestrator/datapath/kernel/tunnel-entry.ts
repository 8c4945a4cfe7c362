// Tunnel entry: a test run cannot give a packet a tunnel key, so a small program does: it takes the VNI from cb[0], sets the key and
// jumps into the hook's program.

import { AgentError } from '../../errors.ts';
import { type Bpf, mapType, schedClassifier } from './bpf.ts';
import { errnoText } from './errno.ts';
import type { Libc } from './libc.ts';

export interface TunnelEntry extends Disposable {
  readonly program: number;
}

/** sizeof(struct bpf_tunnel_key), and where it lies below the frame pointer. */
const keyBytes = 44;
const keyAt = -48;
const helper = { tailCall: 12, setTunnelKey: 21 } as const;
/** __sk_buff.cb[0]. */
const cbOffset = 48;

/** `program` must stay loaded as long as the entry is used. */
export function loadTunnelEntry(bpf: Bpf, libc: Libc, program: number): TunnelEntry {
  const jumps = check('map', bpf.mapCreate({ type: mapType['prog-array'], keySize: 4, valueSize: 4, entries: 1, name: 'tunnel_entry' }));
  const [key, value] = [new Uint32Array(1), Uint32Array.of(program)];
  check('jump', bpf.update(jumps, libc.address(key), libc.address(value)));
  const entry = check('program', bpf.programLoad(schedClassifier, entryCode(jumps)));
  return {
    program: entry,
    [Symbol.dispose]() {
      libc.close(entry);
      libc.close(jumps);
    },
  };
}

function entryCode(jumps: number): Uint8Array {
  const code: number[] = [];
  /** dst and src are registers. */
  const emit = (operation: number, dst: number, src: number, offset: number, immediate: number): void => {
    const instruction = new DataView(new ArrayBuffer(8));
    instruction.setUint8(0, operation);
    instruction.setUint8(1, dst | (src << 4));
    instruction.setInt16(2, offset, true);
    instruction.setInt32(4, immediate, true);
    code.push(...new Uint8Array(instruction.buffer));
  };
  const [move, moveRegister, add, storeZero, storeWord, loadWord, loadWide, call, exit] = [
    0xb7, 0xbf, 0x07, 0x7a, 0x63, 0x61, 0x18, 0x85, 0x95,
  ];
  emit(moveRegister, 6, 1, 0, 0);
  for (let at = keyAt; at < 0; at += 8) emit(storeZero, 10, 0, at, 0);
  emit(loadWord, 1, 6, cbOffset, 0);
  emit(storeWord, 10, 1, keyAt, 0);
  emit(moveRegister, 1, 6, 0, 0);
  emit(moveRegister, 2, 10, 0, 0);
  emit(add, 2, 0, 0, keyAt);
  emit(move, 3, 0, 0, keyBytes);
  emit(move, 4, 0, 0, 0);
  emit(call, 0, 0, 0, helper.setTunnelKey);
  emit(moveRegister, 1, 6, 0, 0);
  emit(loadWide, 2, 1, 0, jumps);
  emit(0, 0, 0, 0, 0);
  emit(move, 3, 0, 0, 0);
  emit(call, 0, 0, 0, helper.tailCall);
  emit(move, 0, 0, 0, -1);
  emit(exit, 0, 0, 0, 0);
  return Uint8Array.from(code);
}

function check(what: string, result: number): number {
  if (result < 0) throw new AgentError('BPF_CALL_FAILED', `tunnel entry: ${what}: ${errnoText(result)}`);
  return result;
}
