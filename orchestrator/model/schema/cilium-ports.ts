// Schemas of toPorts and icmps: the traffic of a rule, and what a proxy shall look at in it.

import type { Problem } from '../policy/problem.ts';
import { type Infer, integer, integerOrString, list, map, object, type Pattern, string } from './schema.ts';

/**
 * The published expression is anchored on one side only in either half, so it says: a digit first, or a name last. What else may be in
 * a port is checked by the reader of policies. The published one is quadratic to search for from every place, so this looks from the end.
 */
const portPattern: Pattern = {
  source: '^(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})|([a-zA-Z0-9]-?)*[a-zA-Z](-?[a-zA-Z0-9])*$',
  test: (text) => /^[0-9]/.test(text) || endsWithName(text),
};

/** Whether the end reads: a letter, then letters and digits, single hyphens between them. */
function endsWithName(text: string): boolean {
  for (let index = text.length - 1, afterHyphen = true; index >= 0; index--) {
    if (/[a-zA-Z]/.test(text[index])) return true;
    const hyphen = text[index] === '-';
    if (hyphen ? afterHyphen : !/[0-9]/.test(text[index])) return false;
    afterHyphen = hyphen;
  }
  return false;
}

/** The same texts as `^([-a-zA-Z0-9_]+[.]?)+$`, which takes exponential time to say no. */
export const namePattern = /^[-a-zA-Z0-9_]+(\.[-a-zA-Z0-9_]+)*\.?$/;
export const wildcardPattern = /^[-a-zA-Z0-9_*]+(\.[-a-zA-Z0-9_*]+)*\.?$/;

const port = object({
  port: string({ pattern: portPattern, class: 'port', description: 'A number, or the name of a port of a pod; "0" is every port.' }),
  endPort: integer({ minimum: 0, maximum: 65535, format: 'int32', zero: 'refused', class: 'port', description: 'Last port of a range.' }),
  protocol: string({
    enum: ['TCP', 'UDP', 'SCTP', 'VRRP', 'IGMP', 'GRE', 'IPIP', 'IPV6', 'ESP', 'AH', 'ANY'],
    class: 'protocol',
    description: 'ANY, the same as none, is TCP, UDP and SCTP.',
  }),
});

/** A DNS name, or a pattern of them: exactly one of both. */
export const dnsName = object(
  {
    matchName: string({ maxLength: 255, pattern: namePattern, class: 'fqdn-name' }),
    matchPattern: string({ maxLength: 255, pattern: wildcardPattern, class: 'fqdn-pattern' }),
  },
  { oneOf: ['matchName', 'matchPattern'] },
);

const secret = object({ name: string(), namespace: string() }, { required: ['name'] });

const header = object(
  { name: string({ minLength: 1 }), value: string(), secret, mismatch: string({ enum: ['LOG', 'ADD', 'DELETE', 'REPLACE'] }) },
  { required: ['name'] },
);

const http = object({
  method: string({ description: 'Extended regular expression; none: every method.' }),
  path: string({ description: 'Extended regular expression; none: every path.' }),
  host: string({ description: 'Extended regular expression; none: every host.' }),
  headers: list(string()),
  headerMatches: list(header),
});

const gone = 'no longer part of this API: known are http, dns';
const layer7 = object(
  { http: list(http), dns: list(dnsName) },
  { oneOf: ['http', 'dns'], class: 'l7-kind', hints: { kafka: gone, l7proto: gone, l7: gone } },
);

const tls = object({ secret, trustedCA: string(), certificate: string(), privateKey: string() }, { required: ['secret'] });

const listener = object(
  {
    envoyConfig: object(
      { kind: string({ enum: ['CiliumEnvoyConfig', 'CiliumClusterwideEnvoyConfig'] }), name: string({ minLength: 1 }) },
      { required: ['name'] },
    ),
    name: string({ minLength: 1 }),
    priority: integer({ minimum: 1, maximum: 100, description: 'Lower ones win.' }),
  },
  { required: ['envoyConfig', 'name'] },
);

export const portRule = object({
  ports: list(port, { maxItems: 40 }),
  rules: layer7,
  terminatingTLS: tls,
  originatingTLS: tls,
  serverNames: list(string({ maxLength: 255, pattern: wildcardPattern, class: 'sni' }), { minItems: 1, merge: 'set' }),
  listener,
});

const denied = 'a deny rule speaks of ports only';
export const denyPortRule = object(
  { ports: list(port) },
  { hints: { rules: denied, terminatingTLS: denied, originatingTLS: denied, serverNames: denied, listener: denied } },
);

/** ICMP types by name; one of the published names has a blank in it. */
const icmpNames4 =
  'EchoReply DestinationUnreachable Redirect Echo EchoRequest RouterAdvertisement RouterSelection TimeExceeded ParameterProblem Timestamp TimestampReply Photuris ExtendedEchoRequest ExtendedEchoReply'.split(
    ' ',
  );
const icmpNames6 =
  'DestinationUnreachable PacketTooBig TimeExceeded ParameterProblem EchoRequest EchoReply MulticastListenerQuery MulticastListenerReport MulticastListenerDone RouterSolicitation RouterAdvertisement NeighborSolicitation NeighborAdvertisement RedirectMessage RouterRenumbering ICMPNodeInformationQuery ICMPNodeInformationResponse InverseNeighborDiscoverySolicitation InverseNeighborDiscoveryAdvertisement HomeAgentAddressDiscoveryRequest HomeAgentAddressDiscoveryReply MobilePrefixSolicitation MobilePrefixAdvertisement DuplicateAddressRequestCodeSuffix DuplicateAddressConfirmationCodeSuffix ExtendedEchoRequest ExtendedEchoReply'.split(
    ' ',
  );
// The published list lacks ExtendedEchoReply of either family.
const published = [...new Set([...icmpNames4, ...icmpNames6])].filter((name) => name !== 'ExtendedEchoReply');
const numbers = '[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]';

const icmp = object(
  {
    family: string({ enum: ['IPv4', 'IPv6'], default: 'IPv4', class: 'icmp-family' }),
    type: integerOrString({
      pattern: new RegExp(`^(${[numbers, ...published].join('|')})$`),
      class: 'icmp-type',
      description: 'A number of 0-255, or a name like EchoRequest.',
    }),
  },
  { required: ['type'], check: checkFamily },
);

/** A name that only the other family has. */
function checkFamily({ type, family: given }: { type: number | string | null; family?: string | null }): Problem[] {
  if (type === null) return [];
  const family = given ?? 'IPv4';
  if (typeof type === 'number' || /^\d/.test(type) || (family === 'IPv4' ? icmpNames4 : icmpNames6).includes(type)) return [];
  return [
    { severity: 'error', class: 'icmp-type', path: ['type'], message: `${family} has no ICMP type of the name ${JSON.stringify(type)}` },
  ];
}

export const icmps = list(object({ fields: list(icmp, { maxItems: 40 }) }));

/** AWS security groups: known, though nothing here can look them up. */
export const groups = list(
  object({
    aws: object({ labels: map(string()), securityGroupsIds: list(string()), securityGroupsNames: list(string()), region: string() }),
  }),
);

export type PortRule = Infer<typeof portRule>;
export type DenyPortRule = Infer<typeof denyPortRule>;
export type Port = Infer<typeof port>;
export type DnsName = Infer<typeof dnsName>;
export type IcmpRule = Infer<typeof icmps>[number];
