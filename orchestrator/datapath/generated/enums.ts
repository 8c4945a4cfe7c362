// Generated from datapath-as/core by kernel/codegen (npm run generate); do not edit.

export const EFFECT_NONE = 0;
export const EFFECT_CREATE = 1;
export const EFFECT_TOUCH = 2;
export const EFFECT_REPLACE = 3;
export const EFFECT_DELETE = 4;
export const EFFECT_CLAIM = 5;
export const REWRITE_NONE = 0;
export const REWRITE_SOURCE = 1;
export const REWRITE_DESTINATION = 2;
export const REWRITE_EMBEDDED = 4;
export const REWRITE_OUTER_SOURCE = 8;
export const REWRITE_OUTER_DESTINATION = 16;
export const EVENT_NONE = 0;
export const EVENT_DROP = 1;
export const EVENT_ALLOW = 2;
export const EVENT_AUDIT = 3;
export const EVENT_OVERFLOW = 4;
export const METRIC_EVENTS_LOST = 510;
export const DIRECTION_INGRESS = 0;
export const DIRECTION_EGRESS = 1;
export const HOOK_FROM_POD = 1;
export const HOOK_TO_POD = 2;
export const HOOK_FROM_OVERLAY = 3;
export const HOOK_FROM_NETWORK = 4;
export const HOOK_TO_HOST = 5;
export const HOOK_SOCKET = 6;
export const HOOK_TO_NETWORK = 7;
export const IDENTITY_UNKNOWN = 0;
export const IDENTITY_HOST = 1;
export const IDENTITY_WORLD = 2;
export const IDENTITY_UNMANAGED = 3;
export const IDENTITY_HEALTH = 4;
export const IDENTITY_INIT = 5;
export const IDENTITY_REMOTE_NODE = 6;
export const IDENTITY_KUBE_APISERVER = 7;
export const IDENTITY_INGRESS = 8;
export const IDENTITY_SCOPE_MASK = 0xff000000;
export const MARK_PAYLOAD_MASK = 0xffff0000;
export const MARK_KIND_MASK = 0xf00;
export const MARK_IDENTITY_HIGH_MASK = 0xff;
export const MARK_KIND_PROXY = 0x200;
export const MARK_KIND_PROXY_TAKEN = 0x300;
export const MARK_KIND_OVERLAY = 0x400;
export const MARK_KIND_PROXY_ANSWER = 0xa00;
export const MARK_KIND_DECRYPTED = 0xd00;
export const MARK_KIND_ENCRYPT = 0xe00;
export const MARK_KIND_IDENTITY = 0xf00;
export const NEXT_HOP_DROP = 0;
export const NEXT_HOP_STACK = 1;
export const NEXT_HOP_LOCAL = 2;
export const NEXT_HOP_OVERLAY = 3;
export const NEXT_HOP_PROXY = 4;
export const PRECEDENCE_NONE = 0;
export const PRECEDENCE_ALLOW = 1;
export const PRECEDENCE_REDIRECT = 2;
export const PRECEDENCE_DENY = 255;
export const POLICY_ANY_IDENTITY = 0;
export const POLICY_PREFIX_PEER = 72;
export const POLICY_PREFIX_PROTOCOL = 80;
export const POLICY_PREFIX_PORT = 96;
export const PROTOCOL_ICMP = 1;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_ICMPV6 = 58;
export const PROTOCOL_SCTP = 132;
export const FAMILY_IPV4 = 4;
export const FAMILY_IPV6 = 6;
export const TCP_FIN = 0x1;
export const TCP_SYN = 0x2;
export const TCP_RST = 0x4;
export const TCP_ACK = 0x10;
export const ICMP_ECHO_REPLY = 0;
export const ICMP_ECHO_REQUEST = 8;
export const ICMPV6_ECHO_REQUEST = 128;
export const ICMPV6_ECHO_REPLY = 129;
export const ICMPV6_ROUTER_SOLICITATION = 133;
export const ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136;
export const ICMPV6_REDIRECT = 137;
export const REASON_FORWARDED = 0;
export const REASON_INVALID_SOURCE = 132;
export const REASON_POLICY_DENIED = 133;
export const REASON_INVALID_PACKET = 134;
export const REASON_UNSUPPORTED_L3 = 139;
export const REASON_UNSUPPORTED_L4 = 142;
export const REASON_UNKNOWN_TARGET = 150;
export const REASON_MAP_FULL = 155;
export const REASON_INVALID_EXTENSION_HEADER = 156;
export const REASON_FRAGMENT_UNSUPPORTED = 157;
export const REASON_NO_BACKEND = 158;
export const REASON_NO_TUNNEL_ENDPOINT = 160;
export const REASON_NO_CONFIG = 165;
export const REASON_NO_SOURCE_PORT = 167;
export const REASON_INVALID_IDENTITY = 171;
export const REASON_FRAGMENT_UNKNOWN = 175;
export const REASON_INVALID_NEIGHBOUR = 176;
export const REASON_SOURCE_RANGE = 177;
export const REASON_POLICY_DENY = 181;
export const REASON_L7_NOT_ENFORCED = 210;
export const REASON_TRANSLATION_CLASH = 211;
export const REASON_ICMP_UNSOLICITED = 212;
export const REASON_GRANT_EXPIRED = 213;
export const REASON_SERVICE_PORT_UNKNOWN = 214;
export const REASON_HAIRPIN_UNSUPPORTED = 215;
export const REASON_RELATED_UNKNOWN = 216;
export const REASON_CONNTRACK_CONFLICT = 217;
export const REASON_REWRITE_FAILED = 218;
export const CALL_CONNECT = 1;
export const CALL_SEND = 2;
export const SOCKET_UNTOUCHED = 0;
export const SOCKET_TRANSLATED = 1;
export const SOCKET_REFUSED = 2;
export const TICK_SHIFT = 24;
export const LIFETIME_TCP_CLOSING = 596;
export const LIFETIME_TCP_SYN = 3576;
export const LIFETIME_TCP_ESTABLISHED = 476837;
export const LIFETIME_OTHER = 3576;
export const LIFETIME_UDP_REPLIED = 10728;
export const LIFETIME_SCTP_REPLIED = 476837;
export const LIFETIME_ICMP = 1788;
export const LIFETIME_FRAGMENT = 298;
export const EXPIRY_GRANULARITY = 60;
export const TRANSLATION_RENEWAL = 298;
export const CONFIG_ALLOW_EVENTS = 2;
export const CONNTRACK_ORIGIN_HIGH = 1;
export const CONNTRACK_REPLIED = 2;
export const CONNTRACK_ORIGIN_NON_SYN = 4;
export const CONNTRACK_RESPONDER_NON_SYN = 8;
export const CONNTRACK_ORIGIN_CLOSED = 16;
export const CONNTRACK_RESPONDER_CLOSED = 32;
export const CONNTRACK_RESET = 64;
export const CONNTRACK_TRANSLATED = 128;
export const CONNTRACK_HAIRPIN = 256;
export const CONNTRACK_PROXY = 512;
export const CONNTRACK_MASQUERADED = 1024;
export const TRANSLATION_HAIRPIN = 1;
export const TRANSLATION_MASQUERADED = 2;
export const TRANSLATION_DSR = 4;
export const HINT_FRONTEND = 1;
export const HINT_ENDPOINT = 2;
export const ENDPOINT_EGRESS_ENFORCED = 1;
export const ENDPOINT_INGRESS_ENFORCED = 2;
export const ENDPOINT_HOST = 4;
export const ENDPOINT_AUDIT = 8;
export const ENDPOINT_EGRESS_PEERS_ONLY = 16;
export const ENDPOINT_INGRESS_PEERS_ONLY = 32;
export const NODE_MODE_NATIVE = 0;
export const NODE_MODE_OVERLAY = 1;
export const FACT_ICMP_ERROR = 1;
export const FACT_FIRST_FRAGMENT = 2;
export const FACT_LATER_FRAGMENT = 4;
export const FACT_NEIGHBOUR = 8;
export const HIDDEN_HAIRPIN = 1;
export const HIDDEN_MASQUERADE = 2;
export const SCOPE_EXTERNAL = 0;
export const SCOPE_INTERNAL = 1;
export const FRONTEND_AFFINITY = 1;
export const FRONTEND_CLOSED = 2;
export const FRONTEND_SOURCE_RANGES = 4;
export const FRONTEND_DSR = 8;
export const BACKEND_ACTIVE = 0;
export const BACKEND_TERMINATING = 1;
export const BACKEND_QUARANTINED = 2;

export const Effect = {
  none: EFFECT_NONE,
  create: EFFECT_CREATE,
  touch: EFFECT_TOUCH,
  replace: EFFECT_REPLACE,
  delete: EFFECT_DELETE,
  claim: EFFECT_CLAIM,
} as const;

const effectNames: ReadonlyMap<number, keyof typeof Effect> = new Map(
  (Object.keys(Effect) as (keyof typeof Effect)[]).map((key) => [Effect[key], key]),
);

/** Name of a number of Effect; undefined for a number that has none. */
export function effectName(number: number): keyof typeof Effect | undefined {
  return effectNames.get(number);
}

export const Rewrite = {
  none: REWRITE_NONE,
  source: REWRITE_SOURCE,
  destination: REWRITE_DESTINATION,
  embedded: REWRITE_EMBEDDED,
  outerSource: REWRITE_OUTER_SOURCE,
  outerDestination: REWRITE_OUTER_DESTINATION,
} as const;

const rewriteNames: ReadonlyMap<number, keyof typeof Rewrite> = new Map(
  (Object.keys(Rewrite) as (keyof typeof Rewrite)[]).map((key) => [Rewrite[key], key]),
);

/** Name of a number of Rewrite; undefined for a number that has none. */
export function rewriteName(number: number): keyof typeof Rewrite | undefined {
  return rewriteNames.get(number);
}

export const Event = {
  none: EVENT_NONE,
  drop: EVENT_DROP,
  allow: EVENT_ALLOW,
  audit: EVENT_AUDIT,
  overflow: EVENT_OVERFLOW,
} as const;

const eventNames: ReadonlyMap<number, keyof typeof Event> = new Map(
  (Object.keys(Event) as (keyof typeof Event)[]).map((key) => [Event[key], key]),
);

/** Name of a number of Event; undefined for a number that has none. */
export function eventName(number: number): keyof typeof Event | undefined {
  return eventNames.get(number);
}

export const Direction = {
  ingress: DIRECTION_INGRESS,
  egress: DIRECTION_EGRESS,
} as const;

const directionNames: ReadonlyMap<number, keyof typeof Direction> = new Map(
  (Object.keys(Direction) as (keyof typeof Direction)[]).map((key) => [Direction[key], key]),
);

/** Name of a number of Direction; undefined for a number that has none. */
export function directionName(number: number): keyof typeof Direction | undefined {
  return directionNames.get(number);
}

export const Hook = {
  fromPod: HOOK_FROM_POD,
  toPod: HOOK_TO_POD,
  fromOverlay: HOOK_FROM_OVERLAY,
  fromNetwork: HOOK_FROM_NETWORK,
  toHost: HOOK_TO_HOST,
  socket: HOOK_SOCKET,
  toNetwork: HOOK_TO_NETWORK,
} as const;

const hookNames: ReadonlyMap<number, keyof typeof Hook> = new Map(
  (Object.keys(Hook) as (keyof typeof Hook)[]).map((key) => [Hook[key], key]),
);

/** Name of a number of Hook; undefined for a number that has none. */
export function hookName(number: number): keyof typeof Hook | undefined {
  return hookNames.get(number);
}

export const Identity = {
  unknown: IDENTITY_UNKNOWN,
  host: IDENTITY_HOST,
  world: IDENTITY_WORLD,
  unmanaged: IDENTITY_UNMANAGED,
  health: IDENTITY_HEALTH,
  init: IDENTITY_INIT,
  remoteNode: IDENTITY_REMOTE_NODE,
  kubeApiserver: IDENTITY_KUBE_APISERVER,
  ingress: IDENTITY_INGRESS,
  scopeMask: IDENTITY_SCOPE_MASK,
} as const;

const identityNames: ReadonlyMap<number, keyof typeof Identity> = new Map(
  (Object.keys(Identity) as (keyof typeof Identity)[]).map((key) => [Identity[key], key]),
);

/** Name of a number of Identity; undefined for a number that has none. */
export function identityName(number: number): keyof typeof Identity | undefined {
  return identityNames.get(number);
}

export const Mark = {
  payloadMask: MARK_PAYLOAD_MASK,
  kindMask: MARK_KIND_MASK,
  identityHighMask: MARK_IDENTITY_HIGH_MASK,
  kindProxy: MARK_KIND_PROXY,
  kindProxyTaken: MARK_KIND_PROXY_TAKEN,
  kindOverlay: MARK_KIND_OVERLAY,
  kindProxyAnswer: MARK_KIND_PROXY_ANSWER,
  kindDecrypted: MARK_KIND_DECRYPTED,
  kindEncrypt: MARK_KIND_ENCRYPT,
  kindIdentity: MARK_KIND_IDENTITY,
} as const;

export const NextHop = {
  drop: NEXT_HOP_DROP,
  stack: NEXT_HOP_STACK,
  local: NEXT_HOP_LOCAL,
  overlay: NEXT_HOP_OVERLAY,
  proxy: NEXT_HOP_PROXY,
} as const;

const nextHopNames: ReadonlyMap<number, keyof typeof NextHop> = new Map(
  (Object.keys(NextHop) as (keyof typeof NextHop)[]).map((key) => [NextHop[key], key]),
);

/** Name of a number of NextHop; undefined for a number that has none. */
export function nextHopName(number: number): keyof typeof NextHop | undefined {
  return nextHopNames.get(number);
}

export const Precedence = {
  none: PRECEDENCE_NONE,
  allow: PRECEDENCE_ALLOW,
  redirect: PRECEDENCE_REDIRECT,
  deny: PRECEDENCE_DENY,
} as const;

const precedenceNames: ReadonlyMap<number, keyof typeof Precedence> = new Map(
  (Object.keys(Precedence) as (keyof typeof Precedence)[]).map((key) => [Precedence[key], key]),
);

/** Name of a number of Precedence; undefined for a number that has none. */
export function precedenceName(number: number): keyof typeof Precedence | undefined {
  return precedenceNames.get(number);
}

export const Policy = {
  anyIdentity: POLICY_ANY_IDENTITY,
  prefixPeer: POLICY_PREFIX_PEER,
  prefixProtocol: POLICY_PREFIX_PROTOCOL,
  prefixPort: POLICY_PREFIX_PORT,
} as const;

const policyNames: ReadonlyMap<number, keyof typeof Policy> = new Map(
  (Object.keys(Policy) as (keyof typeof Policy)[]).map((key) => [Policy[key], key]),
);

/** Name of a number of Policy; undefined for a number that has none. */
export function policyName(number: number): keyof typeof Policy | undefined {
  return policyNames.get(number);
}

export const Protocol = {
  icmp: PROTOCOL_ICMP,
  tcp: PROTOCOL_TCP,
  udp: PROTOCOL_UDP,
  icmpv6: PROTOCOL_ICMPV6,
  sctp: PROTOCOL_SCTP,
} as const;

const protocolNames: ReadonlyMap<number, keyof typeof Protocol> = new Map(
  (Object.keys(Protocol) as (keyof typeof Protocol)[]).map((key) => [Protocol[key], key]),
);

/** Name of a number of Protocol; undefined for a number that has none. */
export function protocolName(number: number): keyof typeof Protocol | undefined {
  return protocolNames.get(number);
}

export const Family = {
  ipv4: FAMILY_IPV4,
  ipv6: FAMILY_IPV6,
} as const;

const familyNames: ReadonlyMap<number, keyof typeof Family> = new Map(
  (Object.keys(Family) as (keyof typeof Family)[]).map((key) => [Family[key], key]),
);

/** Name of a number of Family; undefined for a number that has none. */
export function familyName(number: number): keyof typeof Family | undefined {
  return familyNames.get(number);
}

export const Tcp = {
  fin: TCP_FIN,
  syn: TCP_SYN,
  rst: TCP_RST,
  ack: TCP_ACK,
} as const;

const tcpNames: ReadonlyMap<number, keyof typeof Tcp> = new Map(
  (Object.keys(Tcp) as (keyof typeof Tcp)[]).map((key) => [Tcp[key], key]),
);

/** Name of a number of Tcp; undefined for a number that has none. */
export function tcpName(number: number): keyof typeof Tcp | undefined {
  return tcpNames.get(number);
}

export const Icmp = {
  echoReply: ICMP_ECHO_REPLY,
  echoRequest: ICMP_ECHO_REQUEST,
} as const;

const icmpNames: ReadonlyMap<number, keyof typeof Icmp> = new Map(
  (Object.keys(Icmp) as (keyof typeof Icmp)[]).map((key) => [Icmp[key], key]),
);

/** Name of a number of Icmp; undefined for a number that has none. */
export function icmpName(number: number): keyof typeof Icmp | undefined {
  return icmpNames.get(number);
}

export const Icmpv6 = {
  echoRequest: ICMPV6_ECHO_REQUEST,
  echoReply: ICMPV6_ECHO_REPLY,
  routerSolicitation: ICMPV6_ROUTER_SOLICITATION,
  neighbourAdvertisement: ICMPV6_NEIGHBOUR_ADVERTISEMENT,
  redirect: ICMPV6_REDIRECT,
} as const;

const icmpv6Names: ReadonlyMap<number, keyof typeof Icmpv6> = new Map(
  (Object.keys(Icmpv6) as (keyof typeof Icmpv6)[]).map((key) => [Icmpv6[key], key]),
);

/** Name of a number of Icmpv6; undefined for a number that has none. */
export function icmpv6Name(number: number): keyof typeof Icmpv6 | undefined {
  return icmpv6Names.get(number);
}

export const Reason = {
  forwarded: REASON_FORWARDED,
  invalidSource: REASON_INVALID_SOURCE,
  policyDenied: REASON_POLICY_DENIED,
  invalidPacket: REASON_INVALID_PACKET,
  unsupportedL3: REASON_UNSUPPORTED_L3,
  unsupportedL4: REASON_UNSUPPORTED_L4,
  unknownTarget: REASON_UNKNOWN_TARGET,
  mapFull: REASON_MAP_FULL,
  invalidExtensionHeader: REASON_INVALID_EXTENSION_HEADER,
  fragmentUnsupported: REASON_FRAGMENT_UNSUPPORTED,
  noBackend: REASON_NO_BACKEND,
  noTunnelEndpoint: REASON_NO_TUNNEL_ENDPOINT,
  noConfig: REASON_NO_CONFIG,
  noSourcePort: REASON_NO_SOURCE_PORT,
  invalidIdentity: REASON_INVALID_IDENTITY,
  fragmentUnknown: REASON_FRAGMENT_UNKNOWN,
  invalidNeighbour: REASON_INVALID_NEIGHBOUR,
  sourceRange: REASON_SOURCE_RANGE,
  policyDeny: REASON_POLICY_DENY,
  l7NotEnforced: REASON_L7_NOT_ENFORCED,
  translationClash: REASON_TRANSLATION_CLASH,
  icmpUnsolicited: REASON_ICMP_UNSOLICITED,
  grantExpired: REASON_GRANT_EXPIRED,
  servicePortUnknown: REASON_SERVICE_PORT_UNKNOWN,
  hairpinUnsupported: REASON_HAIRPIN_UNSUPPORTED,
  relatedUnknown: REASON_RELATED_UNKNOWN,
  conntrackConflict: REASON_CONNTRACK_CONFLICT,
  rewriteFailed: REASON_REWRITE_FAILED,
} as const;

const reasonNames: ReadonlyMap<number, keyof typeof Reason> = new Map(
  (Object.keys(Reason) as (keyof typeof Reason)[]).map((key) => [Reason[key], key]),
);

/** Name of a number of Reason; undefined for a number that has none. */
export function reasonName(number: number): keyof typeof Reason | undefined {
  return reasonNames.get(number);
}

export const Call = {
  connect: CALL_CONNECT,
  send: CALL_SEND,
} as const;

const callNames: ReadonlyMap<number, keyof typeof Call> = new Map(
  (Object.keys(Call) as (keyof typeof Call)[]).map((key) => [Call[key], key]),
);

/** Name of a number of Call; undefined for a number that has none. */
export function callName(number: number): keyof typeof Call | undefined {
  return callNames.get(number);
}

export const Socket = {
  untouched: SOCKET_UNTOUCHED,
  translated: SOCKET_TRANSLATED,
  refused: SOCKET_REFUSED,
} as const;

const socketNames: ReadonlyMap<number, keyof typeof Socket> = new Map(
  (Object.keys(Socket) as (keyof typeof Socket)[]).map((key) => [Socket[key], key]),
);

/** Name of a number of Socket; undefined for a number that has none. */
export function socketName(number: number): keyof typeof Socket | undefined {
  return socketNames.get(number);
}

export const Lifetime = {
  tcpClosing: LIFETIME_TCP_CLOSING,
  tcpSyn: LIFETIME_TCP_SYN,
  tcpEstablished: LIFETIME_TCP_ESTABLISHED,
  other: LIFETIME_OTHER,
  udpReplied: LIFETIME_UDP_REPLIED,
  sctpReplied: LIFETIME_SCTP_REPLIED,
  icmp: LIFETIME_ICMP,
  fragment: LIFETIME_FRAGMENT,
} as const;

export const ConfigFlag = {
  allowEvents: CONFIG_ALLOW_EVENTS,
} as const;

export const ConntrackFlag = {
  originHigh: CONNTRACK_ORIGIN_HIGH,
  replied: CONNTRACK_REPLIED,
  originNonSyn: CONNTRACK_ORIGIN_NON_SYN,
  responderNonSyn: CONNTRACK_RESPONDER_NON_SYN,
  originClosed: CONNTRACK_ORIGIN_CLOSED,
  responderClosed: CONNTRACK_RESPONDER_CLOSED,
  reset: CONNTRACK_RESET,
  translated: CONNTRACK_TRANSLATED,
  hairpin: CONNTRACK_HAIRPIN,
  proxy: CONNTRACK_PROXY,
  masqueraded: CONNTRACK_MASQUERADED,
} as const;

export const TranslationFlag = {
  hairpin: TRANSLATION_HAIRPIN,
  masqueraded: TRANSLATION_MASQUERADED,
  dsr: TRANSLATION_DSR,
} as const;

export const Hint = {
  frontend: HINT_FRONTEND,
  endpoint: HINT_ENDPOINT,
} as const;

export const EndpointFlag = {
  egressEnforced: ENDPOINT_EGRESS_ENFORCED,
  ingressEnforced: ENDPOINT_INGRESS_ENFORCED,
  host: ENDPOINT_HOST,
  audit: ENDPOINT_AUDIT,
  egressPeersOnly: ENDPOINT_EGRESS_PEERS_ONLY,
  ingressPeersOnly: ENDPOINT_INGRESS_PEERS_ONLY,
} as const;

export const NodeState = {
  modeNative: NODE_MODE_NATIVE,
  modeOverlay: NODE_MODE_OVERLAY,
} as const;

export const Fact = {
  icmpError: FACT_ICMP_ERROR,
  firstFragment: FACT_FIRST_FRAGMENT,
  laterFragment: FACT_LATER_FRAGMENT,
  neighbour: FACT_NEIGHBOUR,
} as const;

export const Hidden = {
  hairpin: HIDDEN_HAIRPIN,
  masquerade: HIDDEN_MASQUERADE,
} as const;

export const Scope = {
  external: SCOPE_EXTERNAL,
  internal: SCOPE_INTERNAL,
} as const;

export const FrontendFlag = {
  affinity: FRONTEND_AFFINITY,
  closed: FRONTEND_CLOSED,
  sourceRanges: FRONTEND_SOURCE_RANGES,
  dsr: FRONTEND_DSR,
} as const;

export const BackendState = {
  active: BACKEND_ACTIVE,
  terminating: BACKEND_TERMINATING,
  quarantined: BACKEND_QUARANTINED,
} as const;
