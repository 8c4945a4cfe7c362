// Map sizes for tests: small enough that a datapath opens in milliseconds and that maps can be filled up.

export const smallSizes = {
  events: 65536,
  endpoints: 64,
  ipcache: 4096,
  nodes: 64,
  policy: 4096,
  grants: 64,
  frontends: 64,
  maglev: 4096,
  backends: 256,
  backend_hits: 256,
  affinity: 64,
  conntrack: 1024,
  translations: 256,
  fragments: 64,
  socket_flows: 64,
  socket_reverse: 64,
} as const;
