// Inlined: exported core functions whose bodies their callers get. On processors that guard returns a call costs more than these do,
// and together they are the path of an established packet. Each is compiled by itself too, and has its row in the report.

export { readEpochs } from './address';
export { checksumAdd, checksumFold, checksumOfAddressChange, checksumOfPortChange, checksumReplace } from './checksum';
export { conntrackExpiry, conntrackLifetime, conntrackReopens, conntrackTransition, isReply } from './conntrack';
export { established, opened } from './decide';
export { addressSlot, scaleHash } from './hash';
export { matchReason, policyMatch, policyPort, policyVerdict } from './policy';
export { evaluate, evaluateEgress, evaluateIngress } from './stages/evaluate';
export { isCurrent, newFlow, touchFlow } from './stages/flow';
export { forward } from './stages/forward';
export { noteOriginator, noteResponder } from './stages/peers';
export { rewriteForward, rewriteReply } from './stages/rewrite';
export { hasExpired } from './time';
export { flowKeyOf } from './tuple';
