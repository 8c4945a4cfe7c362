// The module: core, host and packet linked into one WebAssembly file. Its exports are listed in README.md.

export * from './core/exports';
export * from './core/host';
export { entryRead, mapRead } from './host/copy';
export { create, reset, resetSeeded } from './host/create';
export { lookup, lookupArray, lookupNumber } from './host/lookup';
export { entryKey, entryValue, mapCopies, mapCopyStride, mapCount, mapDelete, mapExact, mapLookup, mapNext, mapUpdate } from './host/maps';
export { memoryFormat } from './host/memory';
export { recoverMaps } from './host/recover';
export { fillMaglev } from './maglev/table';
export { overlayDatagrams, overlayRoom } from './overlay/area';
export { overlayForeign, overlayLength, overlayNext, overlayReceived, overlayVni } from './overlay/receive';
export { overlayFill, overlayOpen, overlaySegment } from './overlay/send';
export { overlayTooBig, portUnreachable } from './overlay/icmp-error';
export { attachWorker, eventsPointer, factsPointer, inputBuffer, recordPointer, scratchPointer } from './packet/area';
export { eventCapacity } from './packet/event';
export { hostHook, podPort } from './packet/host-hook';
export { parse } from './packet/parse';
export { rewrite } from './packet/rewrite';
export { run } from './packet/run';
