// Exports: every core function that is compiled by itself. Each is an eBPF subprogram, a WebAssembly export and a row of the
// verification report; whatever else the core contains becomes part of these.

export { checksumReplacePartial } from './checksum';
export { answered, begun, decide, isForeign, isHostOwned, related, revisited } from './decide';
export { backendHash, clientHash } from './hash';
export * from './inlined';
export { grantedVerdict } from './policy';
export { maglevIndex, selectBackend, selectMaglev } from './service';
export {
  applyToCall,
  isSocketsOwn,
  keepSocketFlow,
  selectKeptForSocket,
  selectSocketSlot,
  socketIndex,
  socketOrigin,
  socketTranslate,
} from './socket';
export { continueFlow, renewTranslation } from './stages/flow';
export { elsewhere } from './stages/elsewhere';
export { fragment } from './stages/fragment';
export { icmpPorts } from './stages/icmp';
export { masquerade, masqueradeAgain } from './stages/masquerade';
export { checkSender } from './stages/peers';
export { rewriteError } from './stages/rewrite';
export { stray, unrelated } from './stages/stray';
export { translate } from './stages/translate';
export { reverseTuple } from './tuple';
