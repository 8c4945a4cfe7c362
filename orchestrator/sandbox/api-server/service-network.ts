// The service network: addresses of each family, and node ports, that services are given.
import { BlockList, isIPv6, SocketAddress } from 'node:net';
import type { ServiceNetwork } from './resource.ts';

/** Addresses that are drawn from: a larger prefix is used up to here. */
const most = 2 ** 20;

/** `prefixes` as in "10.96.0.0/16", the preferred family first. */
export function serviceNetwork(prefixes: readonly string[], nodePorts: readonly [number, number] = [30000, 32767]): ServiceNetwork {
  return { nodePorts, families: prefixes.map(family) };
}

function family(text: string): ServiceNetwork['families'][number] {
  const [base, length] = text.split('/');
  const kind = isIPv6(base) ? 'ipv6' : 'ipv4';
  const bits = kind === 'ipv6' ? 128 : 32;
  const list = new BlockList();
  list.addSubnet(base, Number(length), kind);
  const first = toNumber(base, kind);
  return {
    text,
    family: kind === 'ipv6' ? 'IPv6' : 'IPv4',
    size: Math.min(2 ** (bits - Number(length)), most),
    address: (index) => toText(first + BigInt(index), kind),
    contains: (address) => isIPv6(address) === (kind === 'ipv6') && list.check(address, kind),
  };
}

function toNumber(address: string, kind: 'ipv4' | 'ipv6'): bigint {
  if (kind === 'ipv4') return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head, tail] = address.split('::');
  const groups = (part: string | undefined) => (part ? part.split(':') : []);
  const zeros = address.includes('::') ? 8 - groups(head).length - groups(tail).length : 0;
  const all = [...groups(head), ...Array<string>(zeros).fill('0'), ...groups(tail)];
  return all.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

function toText(value: bigint, kind: 'ipv4' | 'ipv6'): string {
  if (kind === 'ipv4') return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(16 * (7 - index))) & 0xffffn).toString(16));
  // The system's own short form.
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
