// Keys of identities, and what stands there. Numbers and values are written together, so either leads to the other:
//
//   id/<number>                 the labels, as text
//   value/<hash of labels>      [{ number, labels }]; all labels that have this hash, usually one
//   references/<number>/<node>  somebody on this node uses it; under the node's lease
//   retired/<number>            when it was taken back: nobody gets this number for a while
import { createHash } from 'node:crypto';

const root = 'axoneme/state/identities/v1/';

export const idPrefix = `${root}id/`;
export const valuePrefix = `${root}value/`;
export const referencePrefix = `${root}references/`;
export const retiredPrefix = `${root}retired/`;

export const idKey = (number: number): string => `${idPrefix}${number}`;
export const retiredKey = (number: number): string => `${retiredPrefix}${number}`;
/** With its slash: `references/12` would be a prefix of the references of 123. */
export const referencesOf = (number: number): string => `${referencePrefix}${number}/`;
export const referenceKey = (number: number, node: string): string => `${referencesOf(number)}${encodeURIComponent(node)}`;

export type LabelHash = (labels: string) => string;

export const sha256: LabelHash = (labels) => createHash('sha256').update(labels).digest('hex');

export const valueKey = (hash: string): string => `${valuePrefix}${hash}`;

export interface ValueRecord {
  readonly number: number;
  readonly labels: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const encodeText = (text: string): Uint8Array => encoder.encode(text);
export const decodeText = (value: Uint8Array): string => decoder.decode(value);

export const encodeValues = (records: readonly ValueRecord[]): Uint8Array => encoder.encode(JSON.stringify(records));

/** What nobody of ours has written is left out. */
export function decodeValues(value: Uint8Array): ValueRecord[] {
  try {
    const read: unknown = JSON.parse(decoder.decode(value));
    return Array.isArray(read) ? read.filter((record) => Number.isInteger(record?.number) && typeof record.labels === 'string') : [];
  } catch {
    return [];
  }
}

/** The number at the end of a key below `prefix`; undefined when there is none. */
export function numberIn(key: string, prefix: string): number | undefined {
  const text = key.slice(prefix.length).split('/', 1)[0];
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
}
