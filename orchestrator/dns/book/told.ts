// Told addresses: what one answer, or what is remembered of some, says of a name. A learned answer is one.

export interface ToldAddresses {
  readonly count: number;
  /** 16 bytes each, IPv4 mapped, as words of the machine. */
  readonly words: Int32Array;
  /** Seconds. */
  readonly ttls: ArrayLike<number>;
  /** CNAMEs on the way from the question; see NameGrant. */
  readonly depths: ArrayLike<number>;
}
