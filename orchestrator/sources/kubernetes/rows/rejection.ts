// Rejection: why an object means nothing here. Its row says so, and the others proceed.

import { type Problem, pathText } from '../../../model/policy/problem.ts';
import { checkObject } from '../../../model/schema/kinds.ts';
import { formatAddress, parseAddress } from '../../../net/address.ts';
import { parsePrefix } from '../../../net/prefix.ts';
import type { KubeObject } from '../object.ts';

/** What every row has. */
export interface ObjectRow {
  /** `namespace/name`, or `name`. */
  readonly key: string;
  /** Undefined for an object that means what its row says; else the row has its place and nothing more. */
  readonly rejected: string | undefined;
}

/** What every object says of itself, is checked, and no row needs. */
export const unreadMetadata = ['generateName', 'annotations', 'creationTimestamp', 'ownerReferences', 'managedFields', 'selfLink'].map(
  (name) => `metadata.${name}`,
);

/** Why a value does not mean anything: the message of the rejection. */
class Unreadable extends Error {}

export function unreadable(place: string, what: string, value: unknown): Error {
  return new Unreadable(`${place}: ${what}: ${JSON.stringify(value)?.slice(0, 100)}`);
}

/** What `read` makes of an object that its schema lets pass, or the reason why nothing. */
export function accepted<Value>(object: KubeObject, read: () => Value): { value: Value } | { rejected: string } {
  const errors = checkObject(object, { stored: true }).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return { rejected: reasonOf(errors) };
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof Unreadable) return { rejected: error.message };
    throw error;
  }
}

export function reasonOf(errors: readonly Problem[]): string {
  const reasons = errors.slice(0, 3).map(({ path, message }) => (path.length > 0 ? `${pathText(path)}: ${message}` : message));
  return errors.length > 3 ? `${reasons.join('; ')}; and ${errors.length - 3} more` : reasons.join('; ');
}

/** An address in its canonical form. */
export function addressText(text: string, place: string): string {
  try {
    return formatAddress(parseAddress(text));
  } catch {
    throw unreadable(place, 'not an address', text);
  }
}

export function prefixText(text: string, place: string): string {
  try {
    return parsePrefix(text).text;
  } catch {
    throw unreadable(place, 'not a prefix', text);
  }
}

const protocols: Readonly<Record<string, number>> = { TCP: 6, UDP: 17, SCTP: 132 };

/** The number of a protocol; TCP where none is named. */
export function protocolNumber(name: string | null | undefined, place: string): number {
  const number = protocols[name || 'TCP'];
  if (number === undefined) throw unreadable(place, 'not one of TCP, UDP, SCTP', name);
  return number;
}

/** 1 to 65535. */
export function portNumber(port: number | null | undefined, place: string): number {
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65535) throw unreadable(place, 'not a port', port);
  return port;
}
