// Services: from what a client wrote on a packet to the backend that answers.

import { EFFECT_REPLACE } from './enum/effect';
import { REASON_FORWARDED, REASON_NO_BACKEND } from './enum/reason';
import { clientHash, scaleHash } from './hash';
import { lookupAffinity, lookupBackend, lookupMaglev } from './host';
import { Translation } from './layout/conntrack';
import { Record } from './layout/packet';
import { affinityKey, clientTuple, newAffinity, newTranslation, Scratch } from './layout/scratch';
import { Backend, BACKEND_QUARANTINED, Frontend, FRONTEND_AFFINITY } from './layout/service';
import { hasExpired } from './time';

/** Slots tried when a table still names a backend that is gone or quarantined. */
const SELECT_ATTEMPTS: u32 = 4;
const CLIENT_SEED: u32 = 0;

/** The Maglev slot of a client among `size` > 0. */
export function maglevIndex(scratch: Scratch, size: u32): u32 {
  return scaleHash(clientHash(clientTuple(scratch), CLIENT_SEED), size);
}

/** Copies field by field: the two may lie in values of other sizes, and padding is always zero. */
export function copyTranslation(from: Translation, to: Translation): void {
  to.backendHi = from.backendHi;
  to.backendLo = from.backendLo;
  to.backendPort = from.backendPort;
  to.flags = from.flags;
  to.backend = from.backend;
  to.service = from.service;
  to.generation = from.generation;
  to.sourcePort = from.sourcePort;
  to.pad0 = 0;
  to.pad1 = 0;
}

/** Notes a backend as the translation's target. */
function chooseBackend(translation: Translation, id: u32, backend: Backend): void {
  translation.backendHi = backend.hi;
  translation.backendLo = backend.lo;
  translation.backendPort = backend.port;
  translation.flags = 0;
  translation.backend = id;
  translation.generation = backend.generation;
  translation.sourcePort = 0;
  translation.pad0 = 0;
  translation.pad1 = 0;
}

/** 1 when `id` is a backend that takes new flows; it is then the translation's target. */
export function offerBackend(translation: Translation, id: u32): u32 {
  if (id == 0) return 0;
  const backend = lookupBackend(id);
  if (backend == null || backend.state == BACKEND_QUARANTINED) return 0;
  chooseBackend(translation, id, backend);
  return 1;
}

function slotBackend(slot: u32): u32 {
  const found = lookupMaglev(slot);
  return found == null ? 0 : found.backend;
}

/** Picks from the slot `first` on, of a service with `size` > 0 slots; REASON_NO_BACKEND if those tried name none that takes new flows. */
export function selectSlot(translation: Translation, offset: u32, size: u32, first: u32): u8 {
  let index: u32 = first;
  for (let attempt: u32 = 0; attempt < SELECT_ATTEMPTS; attempt++) {
    if (offerBackend(translation, slotBackend(offset + index)) != 0) return REASON_FORWARDED;
    index = index + 1 == size ? 0 : index + 1;
  }
  return REASON_NO_BACKEND;
}

/** Picks by Maglev, as the client's hash says. */
export function selectMaglev(scratch: Scratch, offset: u32, size: u32): u8 {
  if (size == 0) return REASON_NO_BACKEND;
  return selectSlot(newTranslation(scratch), offset, size, maglevIndex(scratch, size));
}

/** Picks the client's kept backend, or by Maglev and keeps it. */
function selectKept(scratch: Scratch, record: Record, frontend: Frontend): u8 {
  const key = affinityKey(scratch);
  key.clientHi = clientTuple(scratch).sourceHi;
  key.clientLo = clientTuple(scratch).sourceLo;
  key.service = frontend.service;
  key.pad0 = 0;
  const kept = lookupAffinity(key);
  let reason: u8 = REASON_NO_BACKEND;
  if (kept != null && !hasExpired(kept.expires, scratch.now) && offerBackend(newTranslation(scratch), kept.backend) != 0)
    reason = REASON_FORWARDED;
  if (reason != REASON_FORWARDED) reason = selectMaglev(scratch, frontend.offset, frontend.size);
  if (reason != REASON_FORWARDED) return reason;
  const affinity = newAffinity(scratch);
  affinity.backend = newTranslation(scratch).backend;
  affinity.expires = scratch.now + frontend.affinityTicks;
  record.affinity = EFFECT_REPLACE;
  return REASON_FORWARDED;
}

/** Chooses the frontend's backend for the scratch's client tuple into its new translation; a reason if there is none. */
export function selectBackend(record: Record, scratch: Scratch, frontend: Frontend): u8 {
  if (frontend.size == 0) return REASON_NO_BACKEND;
  newTranslation(scratch).service = frontend.service;
  if ((frontend.flags & FRONTEND_AFFINITY) != 0) return selectKept(scratch, record, frontend);
  return selectMaglev(scratch, frontend.offset, frontend.size);
}
