// Address key: an address as a key of a Map that is made without text: a number for IPv4, a string of its bytes for IPv6.

import { parseAddress } from '../../net/address.ts';

export type AddressKey = number | string;

/** Of 4 bytes at a place: with its sign, for numbers of 32 bits with one are no objects. */
export function ipv4Key(bytes: Uint8Array, at: number): AddressKey {
  return ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
}

/** Of 16 bytes at a place; an IPv4-mapped address is the IPv4 address. */
export function ipv6Key(bytes: Buffer, at: number): AddressKey {
  const key = bytes.toString('latin1', at, at + 16);
  return key.startsWith(mapped) ? ipv4Key(bytes, at + 12) : key;
}

/** Throws a TypeError that quotes the text when it is no address. */
export function addressKey(text: string): AddressKey {
  const bytes = Buffer.from(parseAddress(text));
  return bytes.length === 4 ? ipv4Key(bytes, 0) : ipv6Key(bytes, 0);
}

/** 16 bytes, IPv4 as IPv4-mapped. */
export function writeMapped(key: AddressKey, into: Uint8Array, at: number): void {
  if (typeof key === 'string') {
    for (let index = 0; index < 16; index += 1) into[at + index] = key.charCodeAt(index);
    return;
  }
  for (let index = 0; index < 10; index += 1) into[at + index] = 0;
  into[at + 10] = 0xff;
  into[at + 11] = 0xff;
  for (let index = 0; index < 4; index += 1) into[at + 12 + index] = key >>> (24 - index * 8);
}

const mapped = Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff])]).toString('latin1');
