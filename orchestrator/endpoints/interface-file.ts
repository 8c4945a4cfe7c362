// The file of one interface: all that a restarted agent has to know of it, with a checksum, for a changed address would be worse than
// none.

import { createHash } from 'node:crypto';
import { formatAddress, parseAddress } from '../net/address.ts';
import type { PodInterface } from './interfaces.ts';

/** All but the port: the kernel gives a device its number, and knows it. */
export type StoredInterface = Omit<PodInterface, 'port'>;

const format = 1;
const texts = ['containerId', 'namespace', 'pod', 'uid', 'netns', 'ifname', 'device', 'mac', 'gatewayMac'] as const;

export function fileName(endpoint: number): string {
  return `${endpoint}.json`;
}

/** The same once more: one spoilt file shall cost no pod its network. */
export function copyName(endpoint: number): string {
  return `${endpoint}.copy`;
}

/** The endpoint of a file's name or its copy's; undefined for other files. */
export function fileEndpoint(name: string): number | undefined {
  const match = /^([1-9]\d{0,4})\.(json|copy)$/.exec(name);
  const endpoint = Number(match?.[1]);
  return endpoint <= 65535 ? endpoint : undefined;
}

export function fileText(row: StoredInterface): string {
  const stored = storedOf(row);
  return `${JSON.stringify({ format, sum: checksum(stored), interface: stored }, undefined, 2)}\n`;
}

/** Throws an Error that says why the text is not what this room wrote. */
export function readFileText(text: string, endpoint: number): StoredInterface {
  const file = parse(text);
  if (file.format !== format) throw new Error(`format: not ${format}: ${JSON.stringify(file.format)}`);
  const stored = file.interface as StoredInterface;
  if (typeof stored !== 'object' || stored === null || !hasShape(stored))
    throw new Error('interface: fields are missing or of another type');
  if (checksum(storedOf(stored)) !== file.sum) throw new Error('sum: does not belong to the content');
  if (stored.endpoint !== endpoint) throw new Error(`interface.endpoint: not that of the file's name: ${stored.endpoint}`);
  return storedOf(stored);
}

/** The device that a text names that cannot be read otherwise. */
export function deviceIn(text: string): string | undefined {
  return /"device":\s*"(axn[0-9a-f]{10})"/.exec(text)?.[1];
}

function parse(text: string): { format?: unknown; sum?: unknown; interface?: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(text.trim() === '' ? 'empty' : 'not JSON, or not all of it');
  }
  if (typeof value !== 'object' || value === null) throw new Error('not an object');
  return value;
}

function hasShape(stored: StoredInterface): boolean {
  return (
    texts.every((field) => typeof stored[field] === 'string') &&
    Number.isInteger(stored.endpoint) &&
    Number.isInteger(stored.mtu) &&
    Array.isArray(stored.addresses) &&
    stored.addresses.every((address) => isCanonical(address))
  );
}

function isCanonical(address: unknown): boolean {
  try {
    return typeof address === 'string' && formatAddress(parseAddress(address)) === address;
  } catch {
    return false;
  }
}

/** Fields in one order, and only those. */
function storedOf({ endpoint, addresses, mtu, ...row }: StoredInterface): StoredInterface {
  const named = Object.fromEntries(texts.map((field) => [field, row[field]])) as Pick<StoredInterface, (typeof texts)[number]>;
  return { endpoint, ...named, addresses: [...addresses], mtu };
}

function checksum(stored: StoredInterface): string {
  return createHash('sha256').update(JSON.stringify(stored)).digest('hex').slice(0, 16);
}
