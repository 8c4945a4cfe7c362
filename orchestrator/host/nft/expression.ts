// Expression: the steps of an nf_tables rule. Each loads into, or looks at, register 1.

import { attribute, joined } from '../../datapath/kernel/netlink.ts';
import { type Family, nested, number, value } from './message.ts';

const register = 1;
const verdictRegister = 0;
const networkHeader = 1;
/** NFT_META_OIFNAME */
const outputName = 7;
const [equal, inverted] = [0, 1];
/** NFT_RETURN */
const returnCode = -5;
/** NF_NAT_RANGE_PROTO_RANDOM_FULLY: two flows never wait for one port. */
const randomPorts = 16;
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

/** Done with this chain. */
export function leaveChain(): Uint8Array[] {
  const verdict = nested(2, number(1, returnCode));
  return [expression('immediate', number(1, verdictRegister), nested(2, verdict))];
}

export function masquerade(): Uint8Array[] {
  return [expression('masq', number(1, randomPorts))];
}

function expression(name: string, ...data: Uint8Array[]): Uint8Array {
  return joined(attribute(1, name), nested(2, ...data));
}
