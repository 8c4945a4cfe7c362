// Claims: what one owner says of a prefix. Several speak of the same one: a pod, a node, the API server, a policy.

import type { Prefix } from '../../net/prefix.ts';
import type { Labels } from '../labels.ts';

/** The best informed first. */
export const claimSources = [
  'kube-apiserver',
  'local',
  'kvstore',
  'custom-resource',
  'kubernetes',
  'clustermesh',
  'directory',
  'api',
  'generated',
  'restored',
  'unspecified',
] as const;

export type ClaimSource = (typeof claimSources)[number];

/** A claim without identity and labels asks for an identity of the prefix's own: some policy names it. */
export interface Claim {
  readonly prefix: Prefix;
  readonly source: ClaimSource;
  /** Who: with the prefix it names the claim. `policy cnp/shop/web`, `pod shop/web-1`. */
  readonly owner: string;
  /** Number of a pod's identity, or a reserved one. */
  readonly identity?: number;
  /** `reserved:remote-node`, `reserved:kube-apiserver`, `cidrgroup:partners`. */
  readonly labels?: Labels;
  /** The node that carries it. */
  readonly node?: string;
}

/** Better claims come first; of equally good ones the order of the owners' names decides, never that of arrival. */
export function compareClaims(a: Claim, b: Claim): number {
  const rank = claimSources.indexOf(a.source) - claimSources.indexOf(b.source);
  return rank !== 0 ? rank : a.owner < b.owner ? -1 : a.owner > b.owner ? 1 : 0;
}
