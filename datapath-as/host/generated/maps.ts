// Generated from datapath-as/core by kernel/codegen (npm run generate); do not edit.

export const MAP_CONFIG: u32 = 0;
export const MAP_METRICS: u32 = 1;
export const MAP_EVENTS: u32 = 2;
export const MAP_EPOCHS: u32 = 3;
export const MAP_ENDPOINTS: u32 = 4;
export const MAP_IPCACHE: u32 = 5;
export const MAP_NODES: u32 = 6;
export const MAP_POLICY: u32 = 7;
export const MAP_GRANTS: u32 = 8;
export const MAP_FRONTENDS: u32 = 9;
export const MAP_SOURCE_RANGES: u32 = 10;
export const MAP_MAGLEV: u32 = 11;
export const MAP_BACKENDS: u32 = 12;
export const MAP_AFFINITY: u32 = 13;
export const MAP_CONNTRACK: u32 = 14;
export const MAP_TRANSLATIONS: u32 = 15;
export const MAP_FRAGMENTS: u32 = 16;
export const MAP_SOCKET_CONFIG: u32 = 17;
export const MAP_SOCKET_FLOWS: u32 = 18;
export const MAP_SOCKET_REVERSE: u32 = 19;
export const MAP_BACKEND_HITS: u32 = 20;
export const MAP_COUNT: u32 = 21;
