// Sizes: how many entries policies need, before anything is written.

/** Entries of one set. */
export interface SetSize {
  readonly set: number;
  /** Of its endpoints. */
  readonly identity: number;
  readonly endpoints: readonly number[];
  readonly ingress: number;
  readonly egress: number;
}

export interface SizeEstimate {
  /** Entries of all sets. */
  readonly total: number;
  readonly capacity: number;
  readonly fits: boolean;
  /** The largest sets first. */
  readonly sets: readonly SetSize[];
  /** Of the largest set: what one endpoint may find itself with. */
  readonly most: number;
}

/** `capacity`: entries of the datapath's policy map, which all sets share. */
export function estimateSize(sizes: readonly SetSize[], capacity: number): SizeEstimate {
  const entries = ({ ingress, egress }: SetSize): number => ingress + egress;
  const sets = [...sizes].sort((a, b) => entries(b) - entries(a) || a.set - b.set);
  const total = sets.reduce((sum, set) => sum + entries(set), 0);
  return { total, capacity, fits: total <= capacity, sets, most: sets[0] === undefined ? 0 : entries(sets[0]) };
}
