// Events: what the datapath tells the orchestrator through the ring. Established packets tell nothing.

export const EVENT_NONE: u8 = 0;
/** A packet was dropped; `reason` says why, the rules say by whose word. */
export const EVENT_DROP: u8 = 1;
/** The first packet of a flow was allowed, or an established flow was allowed anew after an epoch moved. */
export const EVENT_ALLOW: u8 = 2;
/** A would-be drop passed because the endpoint is in audit mode. */
export const EVENT_AUDIT: u8 = 3;
/** A map refused an entry; `reason` is MAP_FULL and `backend` carries the map's number. */
export const EVENT_OVERFLOW: u8 = 4;

/** Slot of `metrics` whose packets are events that found the ring full: the slot of a reason (255) that no packet has. */
export const METRIC_EVENTS_LOST: u32 = 510;

/** Direction of a verdict, as the local endpoint sees it. */
export const DIRECTION_INGRESS: u8 = 0;
export const DIRECTION_EGRESS: u8 = 1;
