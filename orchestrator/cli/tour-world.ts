// The node on which the tour plays, as map entries: three pods and a host, two policy sets, three services, one name on the net.
// Every local pod stands behind port 1, which in the kernel is `lo`: a packet can be run there without a network of pods.

import { addressSlot } from '../datapath/address-slot.ts';
import { ticks } from '../datapath/clock.ts';
import type { Datapath } from '../datapath/datapath.ts';
import {
  BACKEND_ACTIVE,
  DIRECTION_EGRESS,
  DIRECTION_INGRESS,
  ENDPOINT_EGRESS_ENFORCED,
  ENDPOINT_INGRESS_ENFORCED,
  HINT_ENDPOINT,
  HINT_FRONTEND,
  ICMP_ECHO_REQUEST,
  NODE_MODE_OVERLAY,
  POLICY_PREFIX_PEER,
  PRECEDENCE_ALLOW,
  PRECEDENCE_DENY,
  PRECEDENCE_REDIRECT,
  SCOPE_INTERNAL,
} from '../datapath/generated/enums.ts';
import {
  backendsSpec,
  configSpec,
  endpointsSpec,
  epochsSpec,
  frontendsSpec,
  grantsSpec,
  ipcacheSpec,
  maglevSpec,
  nodesSpec,
  policySpec,
} from '../datapath/generated/maps.ts';
import type { MapSpec } from '../datapath/layout.ts';
import { protocolNumbers } from '../net/transport.ts';
import { addressWords, prefixWords, swapPort } from '../net/words.ts';

/** Who has which address. */
export const addresses = {
  web: '10.0.0.10',
  web6: 'fd00::10',
  api: '10.0.0.20',
  api6: 'fd00::20',
  db: '10.1.0.30',
  shop: '10.96.0.10',
  ghost: '10.96.0.20',
  mirror: '10.96.0.30',
  nobody: '10.0.0.99',
  bucket: '198.51.100.7',
  router: '192.0.2.1',
} as const;

export const identities: Readonly<Record<number, string>> = { 2: 'world', 100: 'web', 200: 'api', 300: 'db', 16777217: 's3.example.com' };
const [web, api, db, bucketName] = [100, 200, 300, 0x01000001];
const [webSet, apiSet] = [1, 2];
const webEndpoint = 11;

interface Rule {
  readonly set: number;
  readonly direction: number;
  readonly action: number;
  readonly peer: number;
  readonly protocol?: 'tcp' | 'udp' | 'icmp';
  /** Port, ICMP type; with `bits` the first of a range. */
  readonly port?: number;
  readonly bits?: number;
  readonly proxyPort?: number;
  readonly sentence: string;
}

const egress = { set: webSet, direction: DIRECTION_EGRESS };
const ingress = { set: apiSet, direction: DIRECTION_INGRESS };
const [allow, redirect, deny] = [PRECEDENCE_ALLOW, PRECEDENCE_REDIRECT, PRECEDENCE_DENY];

/** Rule id → rule. */
export const rules: Readonly<Record<number, Rule>> = {
  1: { ...egress, action: allow, peer: api, protocol: 'tcp', port: 8080, sentence: 'web may open api:8080' },
  2: { ...egress, action: deny, peer: api, protocol: 'tcp', port: 22, sentence: 'web must not open api:22' },
  3: {
    ...egress,
    action: redirect,
    peer: api,
    protocol: 'tcp',
    port: 9090,
    sentence: 'HTTP rules for api:9090, whose proxy is not running',
  },
  4: { ...egress, action: redirect, peer: db, protocol: 'tcp', port: 8081, proxyPort: 15001, sentence: 'HTTP rules for db:8081' },
  5: { ...egress, action: allow, peer: db, protocol: 'tcp', port: 5432, sentence: 'web may open db:5432' },
  6: { ...egress, action: allow, peer: bucketName, protocol: 'tcp', port: 443, sentence: 'web may open s3.example.com:443' },
  7: { ...egress, action: allow, peer: 0, protocol: 'icmp', port: ICMP_ECHO_REQUEST, sentence: 'web may ping anybody' },
  8: { ...egress, action: allow, peer: api, protocol: 'udp', port: 5120, bits: 9, sentence: 'web may send to api:5120-5247' },
  9: { ...egress, action: allow, peer: api, protocol: 'tcp', port: 7000, sentence: 'web may open api:7000' },
  20: { ...ingress, action: allow, peer: web, protocol: 'tcp', port: 8080, sentence: 'api takes 8080 from web' },
  21: { ...ingress, action: allow, peer: web, protocol: 'udp', sentence: 'api takes UDP from web' },
  22: { ...ingress, action: allow, peer: 0, protocol: 'icmp', port: ICMP_ECHO_REQUEST, sentence: 'api may be pinged' },
  23: { ...ingress, action: deny, peer: db, sentence: 'api takes nothing from db' },
};

export type Write = (datapath: Datapath) => Promise<void>;

function entry<K, V>(spec: MapSpec<K, V>, key: K, value: V): Write {
  return (datapath) => datapath.map(spec).update([[key, value]]);
}

/** A DNS answer: web may reach the bucket's address under its name for that long. */
export function grant(seconds: number): Write {
  return async (datapath) => {
    const value = { identity0: bucketName, expires0: (datapath.now() + ticks(seconds)) >>> 0 };
    const free = { identity1: 0, expires1: 0, identity2: 0, expires2: 0, identity3: 0, expires3: 0 };
    await datapath.map(grantsSpec).update([
      [
        { ...addressWords(addresses.bucket), endpoint: webEndpoint },
        { ...value, ...free },
      ],
    ]);
  };
}

/** Everything but grants, what others refer to first. */
export const writes: readonly Write[] = [
  entry(configSpec, 0, {
    flags: 0,
    node: 1,
    cluster: 0,
    overlayPort: 1,
    hairpin4: addressWords('169.254.42.1').lo,
    hairpin6Hi: 0n,
    hairpin6Lo: 0n,
    hostMac: 0n,
    router4: 0n,
    router6Hi: 0n,
    router6Lo: 0n,
    masqPortMin: 0,
    masqPortMax: 0,
    tunnelPort: 0,
  }),
  nodeWrite(2, '192.168.0.2'),
  ...Object.entries(rules).map(([id, rule]) => ruleWrite(Number(id), rule)),
  entry(ipcacheSpec, prefixWords('10.1.0.30/32'), { identity: db, node: 2, flags: 0 }),
  ...[addresses.web, addresses.web6].map((address) => endpointWrite(address, webEndpoint, web, webSet, ENDPOINT_EGRESS_ENFORCED)),
  ...[addresses.api, addresses.api6].map((address) => endpointWrite(address, 12, api, apiSet, ENDPOINT_INGRESS_ENFORCED)),
  ...serviceWrites(1, addresses.shop, { id: 1, address: addresses.api, port: 8080 }),
  ...serviceWrites(2, addresses.ghost),
  ...serviceWrites(3, addresses.mirror, { id: 3, address: addresses.web, port: 8080 }),
  entry(
    frontendsSpec,
    { ...addressWords(addresses.shop), port: 0, protocol: 0, scope: SCOPE_INTERNAL },
    { service: 1, offset: 0, size: 0, flags: 2, affinityTicks: 0 },
  ),
  ...[addresses.web, addresses.web6, addresses.api, addresses.api6].map((address) => hintWrite(address, HINT_ENDPOINT)),
  ...[addresses.shop, addresses.ghost, addresses.mirror].map((address) => hintWrite(address, HINT_FRONTEND)),
];

function nodeWrite(number: number, address: string): Write {
  const { hi, lo } = addressWords(address);
  return entry(nodesSpec, number, { addressHi: hi, addressLo: lo, mode: NODE_MODE_OVERLAY, keyState: 0, mtu: 1450, cluster: 0, flags: 0 });
}

function ruleWrite(id: number, rule: Rule): Write {
  const protocolBits = rule.protocol === undefined ? 0 : 8;
  const bits = protocolBits + (rule.port === undefined ? 0 : (rule.bits ?? 16));
  const key = {
    prefixLength: POLICY_PREFIX_PEER + bits,
    set: rule.set,
    identity: rule.peer,
    direction: rule.direction,
    protocol: rule.protocol === undefined ? 0 : protocolNumbers[rule.protocol],
    port: swapPort(rule.port ?? 0),
  };
  return entry(policySpec, key, { rule: id, proxyPort: swapPort(rule.proxyPort ?? 0), matchLength: bits + 1, precedence: rule.action });
}

function endpointWrite(address: string, id: number, identity: number, policySet: number, flags: number): Write {
  return entry(endpointsSpec, addressWords(address), {
    port: 1,
    id,
    identity,
    policySet,
    flags,
    mac: 0x0a0000000002n,
    gatewayMac: 0x0b0000000002n,
  });
}

function serviceWrites(number: number, address: string, backend?: { id: number; address: string; port: number }): Write[] {
  const key = { ...addressWords(address), port: swapPort(80), protocol: protocolNumbers.tcp, scope: SCOPE_INTERNAL };
  const frontend = entry(frontendsSpec, key, { service: number, offset: number, size: backend ? 1 : 0, flags: 0, affinityTicks: 0 });
  if (backend === undefined) return [frontend];
  const value = { protocol: protocolNumbers.tcp, state: BACKEND_ACTIVE, generation: 1, cluster: 0, zone: 0, flags: 0 };
  return [
    entry(backendsSpec, backend.id, { ...addressWords(backend.address), port: swapPort(backend.port), ...value }),
    entry(maglevSpec, number, { backend: backend.id }),
    frontend,
  ];
}

function hintWrite(address: string, hints: number): Write {
  const { hi, lo } = addressWords(address);
  return entry(epochsSpec, addressSlot(hi, lo), { epoch: 1, hints });
}
