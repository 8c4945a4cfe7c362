// Meaning: whom the addresses of a prefix stand for, once its claims are merged and what holds for wider prefixes is inherited.

import type { Prefix } from '../../net/prefix.ts';
import { worldName } from '../identities.ts';
import { type ReservedName, reserved } from '../identity.ts';
import { type Label, Labels } from '../labels.ts';
import type { LocalMeaning } from '../local-identities.ts';
import { type Claim, compareClaims } from './claim.ts';

/** An identity by number, or one that this node has to number. */
export type Meaning =
  | { readonly kind: 'number'; readonly number: number; readonly node?: string }
  | { readonly kind: 'local'; readonly local: LocalMeaning & { readonly kind: 'prefix' }; readonly node?: string };

/** Reserved labels that place an address in the cluster, the strongest first: CIDR rules do not speak of it, and its identity has no prefix. */
const placing = ['host', 'remote-node', 'health', 'ingress', 'init', 'unmanaged'] as const satisfies readonly ReservedName[];

/** What an address stands for that nobody claims. */
export function worldMeaning(prefix: Prefix): Meaning {
  return { kind: 'number', number: reserved[worldName(prefix.family)] };
}

/** Claims of one prefix, in any order; `wider` is the meaning of the longest prefix around it. */
export function mergeClaims(prefix: Prefix, claims: Iterable<Claim>, wider: Meaning = worldMeaning(prefix)): Meaning {
  const sorted = [...claims].sort(compareClaims);
  const labels = mergeLabels(sorted);
  const node = sorted.find((claim) => claim.node !== undefined)?.node;
  const placed = sorted.find((claim) => claim.identity !== undefined || placeOf(claim.labels) !== undefined);
  if (placed !== undefined) return withNode({ kind: 'number', number: placed.identity ?? placedNumber(labels) }, node);
  if (wider.kind === 'number' && !isWorld(wider.number) && !hasReserved(labels)) return node === undefined ? wider : { ...wider, node };
  if (prefix.length === 0) return withNode(worldMeaning(prefix), node);
  return withNode({ kind: 'local', local: { kind: 'prefix', prefix, labels: inherit(prefix, labels, wider) } }, node ?? wider.node);
}

export function isSameMeaning(a: Meaning, b: Meaning): boolean {
  if (a.node !== b.node || a.kind !== b.kind) return false;
  if (a.kind === 'number') return b.kind === 'number' && a.number === b.number;
  return b.kind === 'local' && a.local.labels.text === b.local.labels.text && a.local.prefix.text === b.local.prefix.text;
}

/** What narrower prefixes take over; equal texts: they do not notice the difference. */
export function inheritedText(meaning: Meaning): string {
  const own = meaning.kind === 'number' ? `${meaning.number}` : meaning.local.labels.text;
  return `${own} ${meaning.node ?? ''}`;
}

/** Labels of a wider prefix hold within it, unless a narrower one says otherwise under the same key. */
function inherit(prefix: Prefix, own: Labels, wider: Meaning): Labels {
  const world: Label = { source: 'reserved', key: worldName(prefix.family), value: '' };
  return new Labels([world, ...(wider.kind === 'local' ? wider.local.labels : []), ...own]);
}

function mergeLabels(sorted: readonly Claim[]): Labels {
  return new Labels(sorted.toReversed().flatMap(({ labels }) => [...(labels ?? [])]));
}

function placeOf(labels: Labels | undefined): (typeof placing)[number] | undefined {
  return labels === undefined ? undefined : placing.find((name) => labels.values('reserved', name).length > 0);
}

/** A node that is an API server too has an identity of its own; the local host stays what it is. */
function placedNumber(labels: Labels): number {
  const place = placeOf(labels) ?? 'unmanaged';
  const isApiServer = labels.values('reserved', 'kube-apiserver').length > 0;
  return place === 'remote-node' && isApiServer ? reserved['kube-apiserver'] : reserved[place];
}

function hasReserved(labels: Labels): boolean {
  return [...labels].some(({ source }) => source === 'reserved');
}

function isWorld(number: number): boolean {
  return number === reserved['world-ipv4'] || number === reserved['world-ipv6'] || number === reserved.world;
}

function withNode<M extends Meaning>(meaning: M, node: string | undefined): M {
  return node === undefined ? meaning : { ...meaning, node };
}
