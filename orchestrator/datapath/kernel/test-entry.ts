// Test entry: what a test run cannot do to a packet, a small program does before it jumps into the hook's own. It reads its orders
// from the context: cb[0] the VNI of a tunnel key to set if cb[1] is not 0, cb[2] the length to cut the frame to if that is not 0.

import { AgentError } from '../../errors.ts';
import { type Bpf, mapType, schedClassifier } from './bpf.ts';
import { errnoText } from './errno.ts';
import type { Libc } from './libc.ts';

export interface TestEntry extends Disposable {
  readonly program: number;
}

/** Orders for an entry: the words of cb. */
export function entryOrders(tunnelIdentity: number | undefined, cutTo: number): [number, number, number] {
  return [tunnelIdentity ?? 0, tunnelIdentity === undefined ? 0 : 1, cutTo];
}

/** sizeof(struct bpf_tunnel_key), and where it lies below the frame pointer. */
const keyBytes = 44;
const keyAt = -48;
const helper = { tailCall: 12, setTunnelKey: 21, changeTail: 38 } as const;
/** __sk_buff.cb. */
const cbOffset = 48;

const operation = {
  move: 0xb7,
  moveRegister: 0xbf,
  add: 0x07,
  storeZero: 0x7a,
  storeWord: 0x63,
  loadWord: 0x61,
  loadWide: 0x18,
  jumpIfZero: 0x15,
  call: 0x85,
  exit: 0x95,
} as const;

/** `program` must stay loaded as long as the entry is used. */
export function loadTestEntry(bpf: Bpf, libc: Libc, program: number): TestEntry {
  const jumps = check('map', bpf.mapCreate({ type: mapType['prog-array'], keySize: 4, valueSize: 4, entries: 1, name: 'test_entry' }));
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

/** Register 6 keeps the context. Both orders are skipped, by so many instructions, when they are 0. */
function entryCode(jumps: number): Uint8Array {
  const { move, moveRegister, add, storeZero, storeWord, loadWord, loadWide, jumpIfZero, call, exit } = operation;
  const cut = [instruction(moveRegister, 1, 6, 0, 0), instruction(move, 3, 0, 0, 0), instruction(call, 0, 0, 0, helper.changeTail)];
  const setKey = [
    ...Array.from({ length: -keyAt / 8 }, (_, index) => instruction(storeZero, 10, 0, keyAt + index * 8, 0)),
    instruction(loadWord, 1, 6, cbOffset, 0),
    instruction(storeWord, 10, 1, keyAt, 0),
    instruction(moveRegister, 1, 6, 0, 0),
    instruction(moveRegister, 2, 10, 0, 0),
    instruction(add, 2, 0, 0, keyAt),
    instruction(move, 3, 0, 0, keyBytes),
    instruction(move, 4, 0, 0, 0),
    instruction(call, 0, 0, 0, helper.setTunnelKey),
  ];
  const jump = [
    instruction(moveRegister, 1, 6, 0, 0),
    instruction(loadWide, 2, 1, 0, jumps),
    instruction(0, 0, 0, 0, 0),
    instruction(move, 3, 0, 0, 0),
    instruction(call, 0, 0, 0, helper.tailCall),
    instruction(move, 0, 0, 0, -1),
    instruction(exit, 0, 0, 0, 0),
  ];
  const code = [
    instruction(moveRegister, 6, 1, 0, 0),
    instruction(loadWord, 2, 6, cbOffset + 8, 0),
    instruction(jumpIfZero, 2, 0, cut.length, 0),
    ...cut,
    instruction(loadWord, 1, 6, cbOffset + 4, 0),
    instruction(jumpIfZero, 1, 0, setKey.length, 0),
    ...setKey,
    ...jump,
  ];
  return Uint8Array.from(code.flat());
}

/** Eight bytes; `to` and `from` are registers. */
function instruction(code: number, to: number, from: number, offset: number, immediate: number): number[] {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setUint8(0, code);
  bytes.setUint8(1, to | (from << 4));
  bytes.setInt16(2, offset, true);
  bytes.setInt32(4, immediate, true);
  return [...new Uint8Array(bytes.buffer)];
}

function check(what: string, result: number): number {
  if (result < 0) throw new AgentError('BPF_CALL_FAILED', `test entry: ${what}: ${errnoText(result)}`);
  return result;
}
