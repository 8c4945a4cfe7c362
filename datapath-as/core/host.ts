// Host functions: all that the core may ask its machine. Lookups only; null means absent. The bodies are WASM's answer
// (linear memory); the kernel's answer stands in kernel/lib/host.h. The code generator takes the signatures and leaves the bodies.

import { keepConntrack } from '../host/kept';
import { lookup, lookupArray, lookupNumber } from '../host/lookup';
import { policyMatches } from '../host/lookup-policy';
import {
  MAP_AFFINITY,
  MAP_BACKENDS,
  MAP_CONFIG,
  MAP_CONNTRACK,
  MAP_ENDPOINTS,
  MAP_EPOCHS,
  MAP_FRAGMENTS,
  MAP_FRONTENDS,
  MAP_GRANTS,
  MAP_IPCACHE,
  MAP_MAGLEV,
  MAP_NODES,
  MAP_SOCKET_CONFIG,
  MAP_SOCKET_FLOWS,
  MAP_SOCKET_REVERSE,
  MAP_SOURCE_RANGES,
  MAP_TRANSLATIONS,
} from '../host/generated/maps';
import { AddressSlot, Conntrack, FragmentKey, FragmentPorts, Translation } from './layout/conntrack';
import { Config } from './layout/config';
import { Endpoint, Node, Prefix, PrefixKey } from './layout/endpoint';
import { Grant, GrantKey, PolicyMatches } from './layout/policy';
import { Affinity, AffinityKey, Backend, Frontend, FrontendKey, MaglevSlot, SourceRange, SourceRangeKey } from './layout/service';
import { SocketConfig, SocketFrontend, SocketKey } from './layout/socket';
import { Address, FlowKey, Tuple } from './layout/tuple';

export function lookupConfig(): Config | null {
  return changetype<Config | null>(lookupArray(MAP_CONFIG, 0));
}
export function lookupEpoch(slot: u32): AddressSlot | null {
  return changetype<AddressSlot | null>(lookupArray(MAP_EPOCHS, slot));
}
/** The host keeps the pointer: effects on the entry are applied through it. */
export function lookupConntrack(key: FlowKey): Conntrack | null {
  return changetype<Conntrack | null>(keepConntrack(lookup(MAP_CONNTRACK, changetype<usize>(key))));
}
export function lookupTranslation(key: Tuple): Translation | null {
  return changetype<Translation | null>(lookup(MAP_TRANSLATIONS, changetype<usize>(key)));
}
export function lookupEndpoint(key: Address): Endpoint | null {
  return changetype<Endpoint | null>(lookup(MAP_ENDPOINTS, changetype<usize>(key)));
}
export function lookupPrefix(key: PrefixKey): Prefix | null {
  return changetype<Prefix | null>(lookup(MAP_IPCACHE, changetype<usize>(key)));
}
export function lookupNode(number: u32): Node | null {
  return changetype<Node | null>(lookupNumber(MAP_NODES, number));
}
/** The longest match of a whole key, whose words it gets one by one; `traffic` is the key's last word. Never null. */
export function lookupPolicy(set: u32, identity: u32, traffic: u32): PolicyMatches {
  return changetype<PolicyMatches>(policyMatches(set, identity, traffic));
}
/** As `lookupPolicy`, of the entries that speak of every peer. `found` is what that returned last, for the same set and traffic. */
export function everyPeersMatch(found: PolicyMatches, _set: u32, _traffic: u32): u64 {
  return found.everyPeer;
}
export function lookupGrant(key: GrantKey): Grant | null {
  return changetype<Grant | null>(lookup(MAP_GRANTS, changetype<usize>(key)));
}
export function lookupFrontend(key: FrontendKey): Frontend | null {
  return changetype<Frontend | null>(lookup(MAP_FRONTENDS, changetype<usize>(key)));
}
export function lookupSourceRange(key: SourceRangeKey): SourceRange | null {
  return changetype<SourceRange | null>(lookup(MAP_SOURCE_RANGES, changetype<usize>(key)));
}
export function lookupMaglev(slot: u32): MaglevSlot | null {
  return changetype<MaglevSlot | null>(lookupArray(MAP_MAGLEV, slot));
}
export function lookupBackend(id: u32): Backend | null {
  return changetype<Backend | null>(lookupNumber(MAP_BACKENDS, id));
}
export function lookupAffinity(key: AffinityKey): Affinity | null {
  return changetype<Affinity | null>(lookup(MAP_AFFINITY, changetype<usize>(key)));
}
export function lookupFragment(key: FragmentKey): FragmentPorts | null {
  return changetype<FragmentPorts | null>(lookup(MAP_FRAGMENTS, changetype<usize>(key)));
}
export function lookupSocketConfig(): SocketConfig | null {
  return changetype<SocketConfig | null>(lookupArray(MAP_SOCKET_CONFIG, 0));
}
export function lookupSocketFlow(key: SocketKey): Translation | null {
  return changetype<Translation | null>(lookup(MAP_SOCKET_FLOWS, changetype<usize>(key)));
}
export function lookupSocketReverse(key: SocketKey): SocketFrontend | null {
  return changetype<SocketFrontend | null>(lookup(MAP_SOCKET_REVERSE, changetype<usize>(key)));
}
