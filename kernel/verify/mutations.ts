// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Mutations: bugs to plant, each in one machine only. Every one must be found, or the proof proves nothing. `within` is the C or
// AssemblyScript function that is edited; `row` the exported function in whose proof or cases it must show.

export interface Mutation {
  readonly bug: string;
  readonly row: string;
  readonly file: string;
  readonly within: string;
  readonly from: string;
  readonly to: string;
  /** What the proof cannot see by its design: only the differential run can find it. */
  readonly beyondProof?: true;
}

const core = 'kernel/generated/core.h';
const kernelHost = 'kernel/lib/host.h';
const wasmHost = 'datapath-as/core/host.ts';

export const mutations: readonly Mutation[] = [
  { bug: 'a rotation by one bit less', row: 'clientHash', file: core, within: 'jhash6', from: 'rotl32(c, 16)', to: 'rotl32(c, 15)' },
  { bug: 'a needle: one address in 2^64 hashes differently', row: 'clientHash', file: core, within: 'client_hash', from: '(u32)tuple->protocol, seed)', to: '(u32)tuple->protocol, seed ^ (tuple->source_lo == 0x1122334455667788ULL))' },
  { bug: 'the low half of a product instead of the high', row: 'scaleHash', file: core, within: 'inline_scale_hash', from: '>> 32', to: '>> 31' },
  { bug: 'slots of another product bit', row: 'addressSlot', file: core, within: 'inline_address_slot', from: 'hi ^ (lo', to: 'hi + (lo' },
  { bug: 'a carry is lost', row: 'checksumAdd', file: core, within: 'inline_checksum_add', from: ' + (u32)(total >> 32)', to: '' },
  { bug: 'a sum is folded once', row: 'checksumFold', file: core, within: 'inline_checksum_fold', from: '(u16)((once & 0xffff) + (once >> 16))', to: '(u16)once' },
  { bug: 'a checksum field is not complemented', row: 'checksumReplace', file: core, within: 'inline_checksum_replace', from: '(u16)~inline', to: '(u16)inline' },
  { bug: 'half of an address change is not summed', row: 'checksumOfAddressChange', file: core, within: 'difference_of_words', from: '(u32)(after >> 32)', to: '(u32)after' },
  { bug: 'ports of an answer stay on their sides', row: 'reverseTuple', file: core, within: 'reverse_tuple', from: 'to->source_port = from->destination_port', to: 'to->source_port = from->source_port' },
  { bug: 'flow keys are not ordered by port', row: 'flowKeyOf', file: core, within: 'inline_flow_key_of', from: 'source_port > destination_port', to: 'source_port >= destination_port' },
  { bug: 'the last tick counts', row: 'hasExpired', file: core, within: 'inline_has_expired', from: '<= 0', to: '< 0' },
  { bug: 'expiry compares without sign', row: 'hasExpired', file: core, within: 'inline_has_expired', from: '(i32)(expires - now) <= 0', to: 'expires <= now' },
  { bug: 'the broader match wins', row: 'policyVerdict', file: core, within: 'better_match', from: ') > (', to: ') < (' },
  { bug: 'a deny of the peer is overruled', row: 'policyVerdict', file: core, within: 'inline_policy_verdict', from: '(u64)PRECEDENCE_DENY', to: '(u64)PRECEDENCE_ALLOW' },
  { bug: 'the fourth grant does not count', row: 'grantedVerdict', file: core, within: 'granted_verdict', from: 'grant->identity3, grant->expires3', to: 'grant->identity3, grant->expires2' },
  { bug: 'expired grants count', row: 'grantedVerdict', file: core, within: 'grant_match', from: 'inline_has_expired(expires, scratch->now)', to: 'inline_has_expired(scratch->now, expires)' },
  { bug: 'a redirect without a proxy passes', row: 'matchReason', file: core, within: 'inline_match_reason', from: 'REASON_L7_NOT_ENFORCED', to: 'REASON_FORWARDED' },
  { bug: 'policy for ICMP asks for the wrong byte of the port', row: 'policyPort', file: core, within: 'inline_policy_port', from: '<< 8', to: '<< 0' },
  { bug: 'RST closes one side only', row: 'conntrackTransition', file: core, within: 'inline_conntrack_transition', from: 'added | CONNTRACK_BOTH_CLOSED | CONNTRACK_RESET', to: 'added | CONNTRACK_ORIGIN_CLOSED | CONNTRACK_RESET' },
  { bug: 'a handshake without its third segment is established', row: 'conntrackLifetime', file: core, within: 'inline_conntrack_lifetime', from: '(flags & CONNTRACK_HANDSHAKE_DONE) == CONNTRACK_HANDSHAKE_DONE', to: '(flags & CONNTRACK_HANDSHAKE_DONE) != 0' },
  { bug: 'a SYN-ACK reopens a flow', row: 'conntrackReopens', file: core, within: 'inline_conntrack_reopens', from: 'TCP_SYN | TCP_ACK', to: 'TCP_SYN' },
  { bug: 'expiry never 0 is forgotten', row: 'conntrackExpiry', file: core, within: 'inline_conntrack_expiry', from: 'wanted == 0 ? 1 : wanted', to: 'wanted' },
  { bug: 'responder bytes are counted as 32 bits', row: 'continueFlow', file: core, within: 'continue_flow', from: 'old->responder_bytes + (u64)facts->length', to: '(u32)(old->responder_bytes + facts->length)' },
  { bug: 'the new entry keeps an old rule', row: 'newFlow', file: core, within: 'write_verdict', from: 'entry->ingress_rule = record->ingress_rule;', to: '' },
  { bug: 'the epochs are swapped for answers', row: 'isCurrent', file: core, within: 'inline_is_current', from: 'reply != 0 ? scratch->source_epoch : scratch->destination_epoch', to: 'scratch->destination_epoch' },
  { bug: 'Maglev does not wrap around', row: 'selectMaglev', file: core, within: 'select_maglev', from: 'index + 1 == size ? 0 : index + 1', to: 'index + 1' },
  { bug: 'a terminating backend is refused', row: 'selectMaglev', file: core, within: 'offer_backend', from: '== BACKEND_QUARANTINED', to: '!= BACKEND_ACTIVE' },
  { bug: 'affinity lasts for ever', row: 'selectBackend', file: core, within: 'select_kept', from: '!inline_has_expired(kept->expires, scratch->now)', to: 'kept->expires != 0' },
  { bug: 'a closed service reaches the network', row: 'translate', file: core, within: 'translate_new', from: 'REASON_SERVICE_PORT_UNKNOWN', to: 'TRANSLATE_NONE' },
  { bug: 'a fragment is known by 16 bits of its id', row: 'fragment', file: core, within: 'fragment', from: 'facts->fragment_id', to: '(u16)facts->fragment_id' },
  { bug: 'the hairpin answer keeps its destination', row: 'rewriteReply', file: core, within: 'inline_rewrite_reply', from: 'set_destination(record, facts->source_hi', to: 'set_destination(record, facts->destination_hi' },
  { bug: 'an error quotes the wrong port', row: 'rewriteError', file: core, within: 'rewrite_error_forward', from: 'entry->frontend_port);', to: 'entry->proxy_port);' },
  { bug: 'no node is a node', row: 'forward', file: core, within: 'forward_remote', from: 'number == 0 || ', to: '' },
  { bug: 'a spoofed sender passes', row: 'checkSender', file: core, within: 'sender_reason', from: 'sender->port == facts->port', to: 'sender->port != 0' },
  { bug: 'egress identity is asked for ingress', row: 'evaluateIngress', file: core, within: 'inline_evaluate_ingress', from: 'DIRECTION_INGRESS, scratch->origin_identity', to: 'DIRECTION_INGRESS, scratch->responder_identity' },
  { bug: 'an expired entry is continued', row: 'decide', file: core, within: 'judge', from: 'inline_has_expired(entry->expires, facts->now) ? OPENS', to: 'false ? OPENS' },
  { bug: 'the kernel asks for the next slot', row: 'readEpochs', file: kernelHost, within: 'lookup_epoch', from: '{', to: '{\n\tslot += 1;' },
  { bug: 'the kernel asks another map', row: 'fragment', file: kernelHost, within: 'lookup_fragment', from: '&fragments', to: '&translations' },
  { bug: 'wasm looks nodes up among backends', row: 'forward', file: wasmHost, within: 'lookupNode', from: 'MAP_NODES', to: 'MAP_BACKENDS', beyondProof: true },
  { bug: 'wasm forgets that a narrow sum wraps', row: 'checksumFold', file: 'datapath-as/core/checksum.ts', within: 'checksumFold', from: '(sum >> 16)', to: '(sum >> 15)' },
];
