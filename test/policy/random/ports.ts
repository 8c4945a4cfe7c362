// Random ports: numbers, names, ranges, every protocol, messages of ICMP, and the layer 7 that may stand beside them.

import type { AimedTraffic } from './aim.ts';
import type { Pod } from './cluster.ts';
import type { Dice } from './dice.ts';

export interface PortRules {
  /** `toPorts` or `icmps`; nothing for every port. */
  readonly fields: Record<string, unknown>;
  readonly traffic: readonly AimedTraffic[];
  readonly redirects: boolean;
}

export const plainPorts = [22, 53, 80, 443, 3868, 6379, 8080, 8443, 9091, 9100];
export const icmpTypes = [3, 8, 11, 13];
export const icmpv6Types = [1, 128, 129, 135];
const protocols = ['TCP', 'UDP', 'SCTP'];
const icmpNames: readonly [family: string, name: string, type: number][] = [
  ['IPv4', 'EchoRequest', 8],
  ['IPv4', 'DestinationUnreachable', 3],
  ['IPv4', 'TimeExceeded', 11],
  ['IPv6', 'EchoRequest', 128],
  ['IPv6', 'EchoReply', 129],
  ['IPv6', 'NeighborSolicitation', 135],
];
const paths = ['/a.*', '/', '/admin/[0-9]+', ''];
const names = [
  { matchPattern: '*' },
  { matchName: 'www.example.com' },
  { matchPattern: '*.example.com' },
  { matchPattern: '**.example.net' },
];

/** Ports that a rule about the pod (of ingress: the subject, of egress: the peer) may name. */
export function randomPorts(dice: Dice, pod: Pod | undefined, direction: 'ingress' | 'egress', action: 'allow' | 'deny'): PortRules {
  switch (dice.weighted({ none: 22, ports: 60, icmp: 9, odd: 4, gone: 5 })) {
    case 'none':
      return { fields: {}, traffic: anything(dice), redirects: false };
    case 'icmp':
      return randomIcmp(dice);
    case 'odd':
      return { fields: { toPorts: dice.pick([[], [{}], null, [{ ports: [] }]]) }, traffic: anything(dice), redirects: false };
    default: {
      const rules = dice.list(1, dice.percent(80) ? 1 : 3, () => portRule(dice, pod, direction, action));
      return {
        fields: { toPorts: rules.map(({ fields }) => fields) },
        traffic: rules.flatMap(({ traffic }) => traffic),
        redirects: rules.some(({ redirects }) => redirects),
      };
    }
  }
}

function anything(dice: Dice): AimedTraffic[] {
  return [{ protocol: dice.pick(['TCP', 'TCP', 'UDP', 'ICMP']), port: dice.pick([80, 53, 8]) }];
}

function randomIcmp(dice: Dice): PortRules {
  const traffic: AimedTraffic[] = [];
  const fields = dice.list(1, 3, () => {
    const [family, name, type] = dice.pick(icmpNames);
    traffic.push({ protocol: family === 'IPv4' ? 'ICMP' : 'ICMPv6', port: type });
    return { ...((family === 'IPv6' || dice.percent(50)) && { family }), type: dice.percent(40) ? name : type };
  });
  return { fields: { icmps: [{ fields }] }, traffic, redirects: false };
}

function portRule(dice: Dice, pod: Pod | undefined, direction: 'ingress' | 'egress', action: 'allow' | 'deny'): PortRules {
  const layer7 = action === 'allow' && dice.percent(45) ? dice.weighted({ http: 6, dns: 3, tls: 2, listener: 2, empty: 1 }) : 'none';
  const forDns = layer7 === 'dns' && direction === 'egress';
  if (forDns) {
    const protocol = dice.pick(['UDP', 'ANY', 'TCP']);
    const fields = { ports: [{ port: '53', protocol }], rules: { dns: dice.some(names, 1, 2) } };
    return { fields, traffic: [{ protocol: protocol === 'TCP' ? 'TCP' : 'UDP', port: 53 }], redirects: true };
  }
  const isHttp = layer7 === 'http' || (layer7 === 'dns' && direction === 'ingress');
  const ports = dice.list(1, 3, () => randomPort(dice, pod, isHttp || layer7 === 'empty'));
  const traffic = ports.map(({ traffic }) => traffic);
  const fields: Record<string, unknown> = { ports: ports.map(({ fields }) => fields) };
  if (isHttp)
    fields.rules = {
      http: dice.list(1, 2, () => ({ method: dice.pick(['GET', 'POST']), ...(dice.percent(60) && { path: dice.pick(paths) }) })),
    };
  if (layer7 === 'empty') fields.rules = { http: [] };
  if (layer7 === 'tls') fields.serverNames = dice.some(['www.example.com', '*.example.com'], 1, 2);
  if (layer7 === 'listener' && direction === 'egress') fields.listener = listener(dice);
  return { fields, traffic, redirects: isHttp || layer7 === 'tls' || 'listener' in fields };
}

function listener(dice: Dice): object {
  const envoyConfig = { kind: dice.pick(['CiliumEnvoyConfig', 'CiliumClusterwideEnvoyConfig']), name: 'proxy' };
  return { envoyConfig, name: dice.pick(['first', 'second']), ...(dice.percent(60) && { priority: dice.pick([1, 50, 99, 100]) }) };
}

interface RandomPort {
  readonly fields: object;
  readonly traffic: AimedTraffic;
}

/** `isTcp`: L7 rules look into TCP only, and need a number other than 0. */
function randomPort(dice: Dice, pod: Pod | undefined, isTcp: boolean): RandomPort {
  const protocol = isTcp ? 'TCP' : dice.weighted({ TCP: 50, UDP: 16, SCTP: 6, ANY: 12, none: 16 });
  const sent = protocols.includes(protocol) ? protocol : dice.pick(protocols);
  const said = protocol === 'none' ? {} : { protocol };
  const named = pod?.namedPorts ?? [];
  switch (dice.weighted({ number: 55, name: 20, range: 18, every: isTcp ? 0 : 6, wrong: 3 })) {
    case 'name': {
      const { name, port, protocol: own } = named.length > 0 ? dice.pick(named) : { name: 'http', port: 80, protocol: 'TCP' };
      const same = isTcp || dice.percent(80);
      return {
        fields: {
          port: dice.percent(10) ? name.toUpperCase() : name,
          ...(same && own === sent ? said : {}),
          ...(isTcp && { protocol: 'TCP' }),
        },
        traffic: { protocol: own, port },
      };
    }
    case 'range': {
      const first = dice.pick([...plainPorts, 1, 1024, 30000, 60000]);
      const last = Math.min(65535, first + dice.pick([1, 7, 100, 4000, 60000]));
      return { fields: { port: `${first}`, endPort: last, ...said }, traffic: { protocol: sent, port: dice.between(first, last) } };
    }
    case 'every':
      return { fields: { port: '0', ...said }, traffic: { protocol: sent, port: dice.pick(plainPorts) } };
    case 'wrong':
      return { fields: { port: dice.percent(50) ? 'nowhere' : '443', endPort: 80, ...said }, traffic: { protocol: sent, port: 443 } };
    default: {
      const port = dice.pick(plainPorts);
      return { fields: { port: `${port}`, ...said }, traffic: { protocol: sent, port } };
    }
  }
}

/** A port of NetworkPolicy: a number may be one, too, and without protocol it is TCP. */
export function kubernetesPort(dice: Dice, pod: Pod | undefined): RandomPort {
  const protocol = dice.weighted({ TCP: 45, UDP: 15, SCTP: 5, none: 35 });
  const said = protocol === 'none' ? {} : { protocol };
  const sent = protocol === 'none' ? 'TCP' : protocol;
  const port = dice.pick(plainPorts);
  const named = pod?.namedPorts ?? [];
  switch (dice.weighted({ number: 60, name: 18, range: 15, every: 7 })) {
    case 'name': {
      const one = named.length > 0 ? dice.pick(named) : { name: 'http', port: 80, protocol: 'TCP' };
      return { fields: { port: one.name, protocol: one.protocol }, traffic: { protocol: one.protocol, port: one.port } };
    }
    case 'range': {
      const last = Math.min(65535, port + dice.pick([1, 20, 5000]));
      return { fields: { port, endPort: last, ...said }, traffic: { protocol: sent, port: dice.between(port, last) } };
    }
    case 'every':
      return { fields: said, traffic: { protocol: sent, port } };
    default:
      return { fields: { port, ...said }, traffic: { protocol: sent, port } };
  }
}
