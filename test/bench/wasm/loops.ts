// Loops around the shipped module, in a module of their own that shares its memory: what is called is the product, compiled as shipped.
// @ts-nocheck: AssemblyScript; the functions declared here are imports, bound to the datapath's exports.

declare function run(hook: u32, port: u32, packet: u32, length: u32, now: u32, random: u32, tunnelIdentity: u32): u32;
declare function policyVerdict(set: u32, identity: u32, traffic: u32, peersOnly: u32): u64;
declare function maglevIndex(scratch: u32, size: u32): u32;
declare function lookupMaglev(slot: u32): u32;
declare function hasExpired(expires: u32, now: u32): u32;

const PACKET: u32 = 12;
const EGRESS: u32 = 1;

/** Calls that do nothing: what the crossing into the other module costs. */
export function calls(count: u32): u64 {
  let sum: u64 = 0;
  for (let index: u32 = 0; index < count; index++) sum += <u64>hasExpired(index, count);
  return sum;
}

/** Queries of {identity u32, port u16, protocol u8} for egress. Sum of the rules that decided. */
export function verdicts(count: u32, set: u32, queries: u32, mask: u32): u64 {
  let sum: u64 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const query: u32 = queries + ((index & mask) << 3);
    const traffic = EGRESS | ((<u32>load<u8>(query, 6)) << 8) | ((<u32>load<u16>(query, 4)) << 16);
    sum += policyVerdict(set, load<u32>(query), traffic, 0) & 0xffffffff;
  }
  return sum;
}

/** Tuples of {source, destination, ports, protocol} as words; `client` is the client's tuple in the scratch. Sum of the backends. */
export function selections(count: u32, scratch: u32, client: u32, tuples: u32, mask: u32, size: u32): u64 {
  let sum: u64 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const tuple: u32 = tuples + ((index & mask) << 4);
    store<u32>(client, load<u32>(tuple), 12);
    store<u32>(client, load<u32>(tuple, 8), 32);
    sum += <u64>load<u32>(lookupMaglev(maglevIndex(scratch, size)));
  }
  return sum;
}

/**
 * Packets of `flows` flows, from flow `first` on. The bits of a flow's number that `portMask` has are in its source port,
 * those above bit 10 that it lacks in the last byte of its destination. The header is written anew each
 * time, because a decision may rewrite it. Returns the sum of the verdicts.
 */
export function decisions(
  count: u32,
  first: u32,
  flows: u32,
  packet: u32,
  length: u32,
  port: u32,
  now: u32,
  destination: u32,
  destinationPort: u32,
  portMask: u32,
): u64 {
  let sum: u64 = 0;
  const spread: u32 = 0xffff & ~portMask;
  for (let index: u32 = 0; index < count; index++) {
    const flow: u32 = (first + index) & (flows - 1);
    store<u32>(packet, destination + ((flow & spread) << 14), PACKET + 16);
    store<u16>(packet, bswap<u16>(<u16>(flow & portMask)), PACKET + 20);
    store<u16>(packet, <u16>destinationPort, PACKET + 22);
    sum += <u64>run(1, port, packet, length, now, index, 0);
  }
  return sum;
}
