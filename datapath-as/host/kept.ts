// Kept: the conntrack entry that the core's last lookup found, so that its effects need no second lookup.

/** Per instance on purpose: each worker is under way with one packet. 0: none was found. */
let conntrack: usize = 0;

/** Keeps the entry and hands it on. */
export function keepConntrack(entry: usize): usize {
  conntrack = entry;
  return entry;
}
export function keptConntrack(): usize {
  return conntrack;
}
