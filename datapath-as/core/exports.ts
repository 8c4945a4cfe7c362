// Exports: every core function that is compiled by itself. Each is an eBPF subprogram, a WebAssembly export and a row of the
// verification report; whatever else the core contains becomes part of these.

export { addressSlot, backendHash, clientHash, scaleHash } from './hash';
export { checksumAdd, checksumFold, checksumOfAddressChange, checksumOfPortChange, checksumReplace, checksumReplacePartial } from './checksum';
export { flowKeyOf, reverseTuple } from './tuple';
export { hasExpired } from './time';
export { grantedVerdict, matchReason, policyMatch, policyPort, policyVerdict } from './policy';
export { conntrackExpiry, conntrackLifetime, conntrackReopens, conntrackTransition, isReply } from './conntrack';
export { readEpochs } from './address';
export { maglevIndex, selectBackend, selectMaglev } from './service';
export { translate } from './stages/translate';
export { fragment } from './stages/fragment';
export { icmpPorts } from './stages/icmp';
export { checkSender, noteOriginator, noteResponder } from './stages/peers';
export { evaluate, evaluateEgress, evaluateIngress } from './stages/evaluate';
export { continueFlow, isCurrent, newFlow, renewTranslation, touchFlow } from './stages/flow';
export { rewriteError, rewriteForward, rewriteReply } from './stages/rewrite';
export { forward } from './stages/forward';
export { decide, established, opened, related, revisited } from './decide';
