// Policy: entries of canonical policy sets, matched by longest prefix over protocol and port.

/**
 * Key of `policy` (longest prefix). Set, identity and direction are always matched whole; the prefix then reaches into protocol
 * and port, so that port ranges become prefixes and "any protocol" is the shortest. 16 bytes.
 */
@unmanaged
export class PolicyKey {
  prefixLength: u32;
  set: u32;
  identity: u32;
  direction: u8;
  protocol: u8;
  /** Network order: the trie compares memory from the left, and a port's prefix is its high bits. */
  port: u16;
}

/**
 * Value of `policy`, for the core one little-endian word, so that the better of two matches is the one with the larger
 * top 16 bits. 8 bytes.
 *
 *  63         56 55          48 47          32 31                0
 * +-------------+--------------+--------------+------------------+
 * | precedence  | match length | proxy port   |     rule id      |
 * +-------------+--------------+--------------+------------------+
 * match length = bits of protocol and port that the entry fixes, plus 1 (1..25), so that no entry's word is 0.
 */
@unmanaged
export class PolicyEntry {
  rule: u32;
  proxyPort: u16;
  matchLength: u8;
  precedence: u8;
}

/**
 * What is found about one peer for one set, direction, protocol and port: its own match and that of the entries that speak of every
 * peer, as words (see above); 0 is no match. Valid until the next lookup of policy. 16 bytes.
 */
@unmanaged
export class PolicyMatches {
  peer: u64;
  /** Only wasm knows it already: the core asks `everyPeersMatch`. */
  everyPeer: u64;
}

/** Key of `grants`: an address that one endpoint got in a DNS answer. 24 bytes. */
@unmanaged
export class GrantKey {
  hi: u64;
  lo: u64;
  endpoint: u32;
  pad0: u32;
}

/** Value of `grants`: up to four live names' identities; 0 is a free place. An expiry is the first tick it no longer counts. 32 bytes. */
@unmanaged
export class Grant {
  identity0: u32;
  expires0: u32;
  identity1: u32;
  expires1: u32;
  identity2: u32;
  expires2: u32;
  identity3: u32;
  expires3: u32;
}
