// Scratch: where the core builds keys and new values. One per CPU and hook family; nothing in it outlives a packet.
// An @unmanaged class cannot hold another by value, so embedded structs are spelled out field by field, each block equal to the
// layout of the class it stands for, and are reached through the functions below.

import { Conntrack, FragmentKey, FragmentPorts, Translation } from './conntrack';
import { PrefixKey } from './endpoint';
import { GrantKey } from './policy';
import { Affinity, AffinityKey, FrontendKey, SourceRangeKey } from './service';
import { Address, FlowKey, Tuple } from './tuple';

/** Blocks are plain words: their meaning is that of the class they stand for. 584 bytes. */
@unmanaged
export class Scratch {
  /** Tuple: the packet after its destination was translated (from_pod) or as it is. */
  tuple0: u64;
  tuple1: u64;
  tuple2: u64;
  tuple3: u64;
  tuple4: u64;
  /** Tuple: the flow as its originator sends it, after translation. */
  origin0: u64;
  origin1: u64;
  origin2: u64;
  origin3: u64;
  origin4: u64;
  /** FlowKey of `tuple`. */
  flow0: u64;
  flow1: u64;
  flow2: u64;
  flow3: u64;
  flow4: u64;
  /** Tuple: key under which `translation` is written. */
  client0: u64;
  client1: u64;
  client2: u64;
  client3: u64;
  client4: u64;
  address0: u64;
  address1: u64;
  prefix0: u64;
  prefix1: u64;
  prefix2: u64;
  grant0: u64;
  grant1: u64;
  grant2: u64;
  frontend0: u64;
  frontend1: u64;
  frontend2: u64;
  sourceRange0: u64;
  sourceRange1: u64;
  sourceRange2: u64;
  affinityKey0: u64;
  affinityKey1: u64;
  affinityKey2: u64;
  affinity0: u64;
  fragmentKey0: u64;
  fragmentKey1: u64;
  fragmentKey2: u64;
  fragmentKey3: u64;
  fragmentKey4: u64;
  fragmentPorts0: u64;
  translation0: u64;
  translation1: u64;
  translation2: u64;
  translation3: u64;
  translation4: u64;
  /** Conntrack: the value to create or replace with. */
  conntrack0: u64;
  conntrack1: u64;
  conntrack2: u64;
  conntrack3: u64;
  conntrack4: u64;
  conntrack5: u64;
  conntrack6: u64;
  conntrack7: u64;
  conntrack8: u64;
  conntrack9: u64;
  conntrack10: u64;
  conntrack11: u64;
  conntrack12: u64;
  conntrack13: u64;
  conntrack14: u64;
  conntrack15: u64;
  conntrack16: u64;
  /** Epochs of the tuple's source and destination, read before anything that they guard. */
  sourceEpoch: u32;
  destinationEpoch: u32;
  /** Identities and places found for the originator and the responder. */
  originIdentity: u32;
  responderIdentity: u32;
  originPort: u32;
  responderPort: u32;
  remoteNode: u32;
  /** 1: the source of the flow key is its high side. */
  sourceHigh: u32;
  now: u32;
  /** Hints of the slot of the tuple's destination. */
  hints: u32;
  /** Whether the originator's address stands for another: HIDDEN_*. */
  hidden: u32;
  /** 1: the flow was allowed before, so a grant that has expired since still counts. */
  keepsGrants: u32;
  /** What policy is asked about: protocol and port as in the last word of a policy key, whose direction is left 0. */
  traffic: u32;
  /** 1: an entry that has expired is in the way of the packet tuple's flow. */
  stale: u32;
}

/** hidden: the originator is the responder itself, behind the node's hairpin address. */
export const HIDDEN_HAIRPIN: u32 = 1;
/** hidden: the originator is a client from the network, behind the node's router address; the client tuple knows it. */
export const HIDDEN_MASQUERADE: u32 = 2;

export function packetTuple(scratch: Scratch): Tuple {
  return changetype<Tuple>(changetype<usize>(scratch) + offsetof<Scratch>('tuple0'));
}
export function originTuple(scratch: Scratch): Tuple {
  return changetype<Tuple>(changetype<usize>(scratch) + offsetof<Scratch>('origin0'));
}
export function flowKey(scratch: Scratch): FlowKey {
  return changetype<FlowKey>(changetype<usize>(scratch) + offsetof<Scratch>('flow0'));
}
export function clientTuple(scratch: Scratch): Tuple {
  return changetype<Tuple>(changetype<usize>(scratch) + offsetof<Scratch>('client0'));
}
export function addressKey(scratch: Scratch): Address {
  return changetype<Address>(changetype<usize>(scratch) + offsetof<Scratch>('address0'));
}
export function prefixKey(scratch: Scratch): PrefixKey {
  return changetype<PrefixKey>(changetype<usize>(scratch) + offsetof<Scratch>('prefix0'));
}
export function grantKey(scratch: Scratch): GrantKey {
  return changetype<GrantKey>(changetype<usize>(scratch) + offsetof<Scratch>('grant0'));
}
export function frontendKey(scratch: Scratch): FrontendKey {
  return changetype<FrontendKey>(changetype<usize>(scratch) + offsetof<Scratch>('frontend0'));
}
export function sourceRangeKey(scratch: Scratch): SourceRangeKey {
  return changetype<SourceRangeKey>(changetype<usize>(scratch) + offsetof<Scratch>('sourceRange0'));
}
export function affinityKey(scratch: Scratch): AffinityKey {
  return changetype<AffinityKey>(changetype<usize>(scratch) + offsetof<Scratch>('affinityKey0'));
}
export function newAffinity(scratch: Scratch): Affinity {
  return changetype<Affinity>(changetype<usize>(scratch) + offsetof<Scratch>('affinity0'));
}
export function fragmentKey(scratch: Scratch): FragmentKey {
  return changetype<FragmentKey>(changetype<usize>(scratch) + offsetof<Scratch>('fragmentKey0'));
}
export function newFragmentPorts(scratch: Scratch): FragmentPorts {
  return changetype<FragmentPorts>(changetype<usize>(scratch) + offsetof<Scratch>('fragmentPorts0'));
}
export function newTranslation(scratch: Scratch): Translation {
  return changetype<Translation>(changetype<usize>(scratch) + offsetof<Scratch>('translation0'));
}
export function newConntrack(scratch: Scratch): Conntrack {
  return changetype<Conntrack>(changetype<usize>(scratch) + offsetof<Scratch>('conntrack0'));
}
