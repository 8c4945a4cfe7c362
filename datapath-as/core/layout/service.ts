// Services: frontends, their Maglev tables in one flat array, and backends with ids that never change meaning.

/** Key of `frontends`. Port 0 with protocol 0 stands for "any other port of this address". 24 bytes. */
@unmanaged
export class FrontendKey {
  hi: u64;
  lo: u64;
  port: u16;
  protocol: u8;
  scope: u8;
  pad0: u32;
}

/** scope: clients outside the cluster (from the network), clients inside (pods and this host). */
export const SCOPE_EXTERNAL: u8 = 0;
export const SCOPE_INTERNAL: u8 = 1;

/** Value of `frontends`. 24 bytes. */
@unmanaged
export class Frontend {
  service: u32;
  /** The service's slots in `maglev`: [offset, offset + size). Size 0: no backend. */
  offset: u32;
  size: u32;
  flags: u32;
  /** Ticks for which a client keeps its backend. */
  affinityTicks: u32;
  pad0: u32;
}

export const FRONTEND_AFFINITY: u32 = 1;
/** No service listens here although the address is a service's: drop, don't let it reach the network. */
export const FRONTEND_CLOSED: u32 = 2;
/** Only clients in one of the service's `source_ranges` begin a flow. */
export const FRONTEND_SOURCE_RANGES: u32 = 4;
/** Direct server return: a backend elsewhere gets the client's packet untranslated, through the tunnel. The frontend is on every node. */
export const FRONTEND_DSR: u32 = 8;

/** Key of `source_ranges` (longest prefix). A range's length counts from the service: 32 + bits of the v4-mapped address. 24 bytes. */
@unmanaged
export class SourceRangeKey {
  prefixLength: u32;
  service: u32;
  hi: u64;
  lo: u64;
}

/** Value of `source_ranges`: its being there is what counts. 8 bytes. */
@unmanaged
export class SourceRange {
  flags: u32;
  pad0: u32;
}

/** Value of `maglev`, found by slot number: a backend id, 0 for none. 4 bytes. */
@unmanaged
export class MaglevSlot {
  backend: u32;
}

/** Value of `backends`, found by backend id. 32 bytes. */
@unmanaged
export class Backend {
  hi: u64;
  lo: u64;
  port: u16;
  protocol: u8;
  state: u8;
  /** Moves when the id is given to another backend. */
  generation: u32;
  cluster: u32;
  zone: u16;
  flags: u16;
}

/** Value of `backend_hits`, found by backend id. Those of another generation are of whom the id meant before, and count no more. 16 bytes. */
@unmanaged
export class BackendHits {
  connections: u64;
  generation: u32;
  pad0: u32;
}

export const BACKEND_ACTIVE: u8 = 0;
/** Takes new flows only while its table still names it; established ones go on. */
export const BACKEND_TERMINATING: u8 = 1;
/** Takes no new flows; established ones go on. */
export const BACKEND_QUARANTINED: u8 = 2;

/** Key of `affinity`. 24 bytes. */
@unmanaged
export class AffinityKey {
  clientHi: u64;
  clientLo: u64;
  service: u32;
  pad0: u32;
}

/** Value of `affinity`. 8 bytes. */
@unmanaged
export class Affinity {
  backend: u32;
  expires: u32;
}
