// Ports: elements of `ports` with their protocols, ranges and names, as traffic.

import type { PortName, PortRange, Traffic } from '../rule.ts';
import type { Field } from './field.ts';
import { type Findings, quote } from './findings.ts';
import { parsePortText, portHint } from './port-text.ts';

export const everyPort: PortRange = { first: 0, last: 0xffff };

/** Protocols without ports are the extended ones: the agent takes them by name, with port "0" or none. */
const numbers: Readonly<Record<string, { readonly protocols: readonly number[]; readonly ports: boolean }>> = {
  TCP: { protocols: [6], ports: true },
  UDP: { protocols: [17], ports: true },
  SCTP: { protocols: [132], ports: true },
  ANY: { protocols: [6, 17, 132], ports: true },
  VRRP: { protocols: [112], ports: false },
  IGMP: { protocols: [2], ports: false },
  GRE: { protocols: [47], ports: false },
  IPIP: { protocols: [4], ports: false },
  IPV6: { protocols: [41], ports: false },
  ESP: { protocols: [50], ports: false },
  AH: { protocols: [51], ports: false },
};

export interface ReadPort {
  readonly protocols: readonly number[];
  readonly ports: PortRange | PortName;
  /** It was written as 0: L7 rules cannot have it. */
  readonly zero: boolean;
}

/** The protocol's name in upper case; absent means `otherwise`. */
export function readProtocol(field: Field, findings: Findings, otherwise: string): string | undefined {
  const text = findings.text(field);
  if (text === undefined) return field.present ? undefined : otherwise;
  const name = text === '' ? otherwise : text.toUpperCase();
  if (Object.hasOwn(numbers, name)) return name;
  const hint = name.startsWith('ICMP') ? '; ICMP has rules of its own: icmps' : '';
  findings.error(field, 'protocol', `${quote(text)} is no protocol here: write one of ${Object.keys(numbers).join(', ')}${hint}`);
  return undefined;
}

/** One element of `toPorts[].ports`. */
export function readPort(field: Field, findings: Findings): ReadPort | undefined {
  findings.object(field);
  const port = field.get('port');
  const text = findings.text(port);
  const endPort = findings.integer(field.get('endPort')) ?? 0;
  const protocol = readProtocol(field.get('protocol'), findings, 'ANY');
  if (text === undefined || text === '') {
    if (text !== undefined || !port.present) findings.error(port, 'port', 'a port must be named: write its number as a text, "0" for all');
    return undefined;
  }
  const parsed = parsePortText(text);
  if (parsed === undefined) {
    findings.error(
      port,
      'port',
      `${quote(text)} is no port${portHint(text) || ': write a number from 0 to 65535 or a name of at most 15 letters, digits and -'}`,
    );
    return undefined;
  }
  if (protocol === undefined) return undefined;
  const { protocols, ports: hasPorts } = numbers[protocol] ?? { protocols: [], ports: true };
  // Asked of the protocol as written: in lower case the agent lets it pass, and then there is no port to be matched.
  if (!hasPorts && text !== '0' && 'number' in parsed && field.get('protocol').text === protocol) {
    findings.error(port, 'port-portless-protocol', `${protocol} has no ports: write "0"`);
  }
  if (!hasPorts) return { protocols, ports: everyPort, zero: 'number' in parsed && parsed.number === 0 };
  return { protocols, ports: rangeOf(parsed, endPort), zero: 'number' in parsed && parsed.number === 0 };
}

/** An end before the beginning, or behind a name, says nothing. */
export function rangeOf(port: { readonly name: string } | { readonly number: number }, endPort: number): PortRange | PortName {
  if ('name' in port) return { name: port.name };
  if (endPort > port.number) return { first: port.number, last: Math.min(endPort, 0xffff) };
  return port.number === 0 ? everyPort : { first: port.number, last: port.number };
}

export function protocolNumbers(name: string): readonly number[] {
  return numbers[name]?.protocols ?? [];
}

export function hasPorts(name: string): boolean {
  return numbers[name]?.ports ?? false;
}

export function trafficOf({ protocols, ports }: ReadPort, layer7?: Traffic['layer7']): Traffic[] {
  return protocols.map((protocol) => ({ protocol, ports, ...(layer7 === undefined ? {} : { layer7 }) }));
}
