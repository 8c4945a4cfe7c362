// ICMP: message types by number or name, of either family.

import type { Traffic } from '../rule.ts';
import type { Field } from './field.ts';
import { type Findings, quote } from './findings.ts';

interface Family {
  readonly protocol: number;
  readonly types: Readonly<Record<string, number>>;
}

const families: Readonly<Record<'IPv4' | 'IPv6', Family>> = {
  IPv4: {
    protocol: 1,
    types: {
      EchoReply: 0,
      DestinationUnreachable: 3,
      Redirect: 5,
      Echo: 8,
      EchoRequest: 8,
      RouterAdvertisement: 9,
      RouterSelection: 10,
      TimeExceeded: 11,
      ParameterProblem: 12,
      Timestamp: 13,
      TimestampReply: 14,
      Photuris: 40,
      ExtendedEchoRequest: 42,
      ExtendedEchoReply: 43,
    },
  },
  IPv6: {
    protocol: 58,
    types: {
      DestinationUnreachable: 1,
      PacketTooBig: 2,
      TimeExceeded: 3,
      ParameterProblem: 4,
      EchoRequest: 128,
      EchoReply: 129,
      MulticastListenerQuery: 130,
      MulticastListenerReport: 131,
      MulticastListenerDone: 132,
      RouterSolicitation: 133,
      RouterAdvertisement: 134,
      NeighborSolicitation: 135,
      NeighborAdvertisement: 136,
      RedirectMessage: 137,
      RouterRenumbering: 138,
      ICMPNodeInformationQuery: 139,
      ICMPNodeInformationResponse: 140,
      InverseNeighborDiscoverySolicitation: 141,
      InverseNeighborDiscoveryAdvertisement: 142,
      HomeAgentAddressDiscoveryRequest: 144,
      HomeAgentAddressDiscoveryReply: 145,
      MobilePrefixSolicitation: 146,
      MobilePrefixAdvertisement: 147,
      DuplicateAddressRequestCodeSuffix: 157,
      DuplicateAddressConfirmationCodeSuffix: 158,
      ExtendedEchoRequest: 160,
      ExtendedEchoReply: 161,
    },
  },
};

const mostFields = 40;

/** All types of one element of `icmps`. */
export function readIcmp(element: Field, findings: Findings): Traffic[] {
  findings.object(element);
  const fields = findings.list(element.get('fields'));
  if (fields.length > mostFields) {
    findings.error(element.get('fields'), 'too-many', `${fields.length} types: at most ${mostFields} fit one element, make several`);
    return [];
  }
  return fields.flatMap((field) => readType(field, findings));
}

function readType(field: Field, findings: Findings): Traffic[] {
  findings.object(field);
  const given = field.get('family');
  const name = findings.text(given) || 'IPv4';
  const known = name === 'IPv4' || name === 'IPv6';
  if (!known) findings.error(given, 'icmp-family', `${quote(name)} is no family: write IPv4 or IPv6`);
  const type = typeNumber(field.get('type'), findings, known ? name : 'IPv4');
  if (type === undefined || !known) return [];
  if (type < 0 || type > 255) {
    findings.warning(field.get('type'), 'icmp-type-range', `${type} is no ICMP type, so it means no packet: types are 0 to 255`);
    return [];
  }
  return [{ protocol: families[name].protocol, ports: { first: type, last: type } }];
}

function typeNumber(field: Field, findings: Findings, family: 'IPv4' | 'IPv6'): number | undefined {
  const { value } = field;
  if (typeof value === 'number') return findings.integer(field);
  if (typeof value === 'string') {
    const { types } = families[family];
    if (Object.hasOwn(types, value)) return types[value];
    const number = /^[+-]?\d{1,9}$/.test(value) ? Number(value) : 0;
    if (number !== 0 || value === '0') return number;
    const other = family === 'IPv4' ? 'IPv6' : 'IPv4';
    const hint = Object.hasOwn(families[other].types, value)
      ? `, but one of ${other}: name that family`
      : ': write a number or a name such as EchoRequest';
    findings.error(field, 'icmp-type', `${quote(value)} is no ICMP type of ${family}${hint}`);
    return undefined;
  }
  if (field.present) findings.type(field, 'a number or a name');
  else findings.error(field, 'icmp-type', 'the type must be named: a number or a name such as EchoRequest');
  return undefined;
}
