// The header of a DNS message (RFC 1035, 4.1.1): twelve bytes, read and changed where they are. Offsets of these functions are the message's start in its
// buffer; whoever calls them has seen that twelve bytes are there.

export const headerBytes = 12;

/** Those that are told here. */
export const rcode = { noError: 0, formErr: 1, servFail: 2, nxDomain: 3, notImp: 4, refused: 5 } as const;

/** Those that are read here; opt is of RFC 6891. */
export const recordType = { a: 1, cname: 5, aaaa: 28, opt: 41 } as const;
export const classInternet = 1;

/** Bits of the second word. */
export const flag = {
  isAnswer: 0x8000,
  opcode: 0x7800,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  checkingDisabled: 0x0010,
  rcode: 0x000f,
} as const;

/** Where the counts of the four sections stand. */
export const count = { questions: 4, answers: 6, authorities: 8, additionals: 10 } as const;

/** Two bytes in network order. */
export function readWord(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

export function writeWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

export function messageId(bytes: Uint8Array, start: number): number {
  return readWord(bytes, start);
}

export function setMessageId(bytes: Uint8Array, start: number, id: number): void {
  writeWord(bytes, start, id);
}

export function messageFlags(bytes: Uint8Array, start: number): number {
  return readWord(bytes, start + 2);
}
