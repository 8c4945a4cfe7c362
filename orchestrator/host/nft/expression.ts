// Expression: the steps of an nf_tables rule. Each loads into, or looks at, register 1.

import { attribute, joined } from '../../datapath/kernel/netlink.ts';
import { bigEndian, littleEndian } from '../attributes.ts';
import { type Family, nested, number, value } from './message.ts';

const register = 1;
const verdictRegister = 0;
const networkHeader = 1;
const transportHeader = 2;
/** NFT_META_MARK, NFT_META_IIFNAME, NFT_META_OIFNAME, NFT_META_L4PROTO. */
const [mark, inputName, outputName, protocolOf] = [3, 6, 7, 16];
/** IFNAMSIZ */
const nameBytes = 16;
/** NFT_REG32_00 and the next: the words of register 1. */
const [firstWord, secondWord] = [8, 9];
/** NFTA_FIB_F_SADDR, NFTA_FIB_F_DADDR; NFT_FIB_RESULT_ADDRTYPE; RTN_LOCAL, as the machine has it. */
const fibFlags = { source: 1, destination: 2 } as const;
const [addressType, localType] = [3, Uint8Array.of(2, 0, 0, 0)];
/** NFT_NAT_SNAT, NFT_NAT_DNAT. */
const natTypes = { source: 0, destination: 1 } as const;
const [equal, notEqual, inverted] = [0, 1, 1];
/** NFT_RETURN; NF_DROP, NF_ACCEPT. */
const [returnCode, dropCode, acceptCode] = [-5, 0, 1];
/** NF_NAT_RANGE_PROTO_SPECIFIED; NF_NAT_RANGE_PROTO_RANDOM_FULLY: two flows never wait for one port. */
const [portsFromRegisters, randomPorts] = [2, 16];
const offsets = { 2: { source: 12, destination: 16, length: 4 }, 10: { source: 8, destination: 24, length: 16 } } as const;

/** The rule goes on when the packet's address is, or with `isNot` is not, in the set. */
export function addressIn(family: Family, field: 'source' | 'destination', set: string, isNot = false): Uint8Array[] {
  const { [field]: offset, length } = offsets[family];
  return [
    expression('payload', number(1, register), number(2, networkHeader), number(3, offset), number(4, length)),
    expression('lookup', attribute(1, set), number(2, register), ...(isNot ? [number(5, inverted)] : [])),
  ];
}

/** The rule goes on when the name of the device by which the packet leaves begins so. */
export function leavesBy(prefix: string): Uint8Array[] {
  return [
    expression('meta', number(1, register), number(2, outputName)),
    expression('cmp', number(1, register), number(2, equal), value(3, new TextEncoder().encode(prefix))),
  ];
}

/** The rule goes on when the packet came by that device. */
export function comesBy(device: string): Uint8Array[] {
  const name = new Uint8Array(nameBytes);
  new TextEncoder().encodeInto(device, name);
  return [
    expression('meta', number(1, register), number(2, inputName)),
    expression('cmp', number(1, register), number(2, equal), value(3, name)),
  ];
}

/** The rule goes on when the mark has this value in the bits of the mask. */
export function markIs(wanted: number, mask: number): Uint8Array[] {
  return [...maskedMark(mask, 0), expression('cmp', number(1, register), number(2, equal), value(3, littleEndian(wanted, 4)))];
}

/** The mark gets this value in the bits of the mask, and keeps its others. */
export function setMark(wanted: number, mask: number): Uint8Array[] {
  return [...maskedMark(~mask, wanted), expression('meta', number(2, mark), number(3, register))];
}

function maskedMark(mask: number, change: number): Uint8Array[] {
  const bits = [number(3, 4), value(4, littleEndian(mask, 4)), value(5, littleEndian(change, 4))];
  return [
    expression('meta', number(1, register), number(2, mark)),
    expression('bitwise', number(1, register), number(2, register), ...bits),
  ];
}

/** The rule goes on when the packet is of this protocol. */
export function protocolIs(protocol: number): Uint8Array[] {
  return [
    expression('meta', number(1, register), number(2, protocolOf)),
    expression('cmp', number(1, register), number(2, equal), value(3, Uint8Array.of(protocol))),
  ];
}

/** The packet is given, as it is, to a transparent socket that listens on this port, or has its connection; without one the rule ends here. */
export function giveToListener(family: Family, port: number): Uint8Array[] {
  return [
    expression('immediate', number(1, register), value(2, bigEndian(port, 2))),
    expression('tproxy', number(1, family), number(3, register)),
  ];
}

/** No connection is made of the packet. */
export function untracked(): Uint8Array[] {
  return [expression('notrack')];
}

/** The rule goes on when the packet's address is one of this host's. */
export function isLocal(field: 'source' | 'destination'): Uint8Array[] {
  return [
    expression('fib', number(1, register), number(2, addressType), number(3, fibFlags[field])),
    expression('cmp', number(1, register), number(2, equal), value(3, localType)),
  ];
}

/** The rule goes on when the destination begins otherwise than with these bytes. */
export function beginsNot(family: Family, bytes: Uint8Array): Uint8Array[] {
  const load = [number(1, register), number(2, networkHeader), number(3, offsets[family].destination), number(4, bytes.length)];
  return [expression('payload', ...load), expression('cmp', number(1, register), number(2, notEqual), value(3, bytes))];
}

/** The rule goes on when protocol and destination port are in the set. */
export function portIn(set: string): Uint8Array[] {
  const [portOffset, portBytes] = [2, 2];
  return [
    expression('meta', number(1, firstWord), number(2, protocolOf)),
    expression('payload', number(1, secondWord), number(2, transportHeader), number(3, portOffset), number(4, portBytes)),
    expression('lookup', attribute(1, set), number(2, register)),
  ];
}

/** The packet, and those that follow it, have this address instead; answers are put right again. */
export function translate(family: Family, field: 'source' | 'destination', address: Uint8Array): Uint8Array[] {
  return [
    expression('immediate', number(1, register), value(2, address)),
    expression('nat', number(1, natTypes[field]), number(2, family), number(3, register)),
  ];
}

/** Done with this chain. */
export function leaveChain(): Uint8Array[] {
  return verdict(returnCode);
}

export function drop(): Uint8Array[] {
  return verdict(dropCode);
}

export function accept(): Uint8Array[] {
  return verdict(acceptCode);
}

function verdict(code: number): Uint8Array[] {
  return [expression('immediate', number(1, verdictRegister), nested(2, nested(2, number(1, code))))];
}

/** Each flow leaves with an address of the node and a port of these, or an identifier where it has none. */
export function masquerade([first, last]: readonly [first: number, last: number]): Uint8Array[] {
  return [
    expression('immediate', number(1, firstWord), value(2, bigEndian(first, 2))),
    expression('immediate', number(1, secondWord), value(2, bigEndian(last, 2))),
    expression('masq', number(1, portsFromRegisters | randomPorts), number(2, firstWord), number(3, secondWord)),
  ];
}

function expression(name: string, ...data: Uint8Array[]): Uint8Array {
  return joined(attribute(1, name), nested(2, ...data));
}
