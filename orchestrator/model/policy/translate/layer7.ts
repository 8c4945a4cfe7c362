// Layer 7: what of an element of `toPorts` asks for a proxy, and whether it may.

import { readName } from '../name-match.ts';
import { pathText } from '../problem.ts';
import type { Direction, Layer7, NameSelector } from '../rule.ts';
import type { Field } from './field.ts';
import { type Findings, quote } from './findings.ts';
import { readHttp } from './http.ts';

export interface PortRuleContext {
  readonly direction: Direction;
  /** The subject is a node. */
  readonly host: boolean;
  readonly findings: Findings;
}

/** Layer 7 of one element, before its ports are known. */
export interface ReadLayer7 {
  readonly layer7: Layer7 | undefined;
  /** There is a rule of `http` or `dns`: then the agent minds ports and protocols. Empty lists are as absent. */
  readonly strict: boolean;
  readonly dns: boolean;
  /** The rules are of a kind that is not understood any more. */
  readonly unknown: boolean;
}

export function readLayer7(element: Field, context: PortRuleContext): ReadLayer7 {
  const { findings, direction, host } = context;
  const rules = findings.object(element.get('rules'));
  const http = rules.get('http');
  const dns = rules.get('dns');
  const strict = http.count + dns.count > 0;
  if (host && direction === 'ingress' && strict) findings.error(rules, 'l7-host', 'policies for nodes cannot have L7 rules on ingress');
  if (host && direction === 'egress' && findings.list(http).length > 0)
    findings.error(http, 'l7-host', 'policies for nodes cannot have HTTP rules');
  if (strict && http.present && dns.present)
    findings.error(rules, 'l7-types', 'http and dns exclude each other: make two elements of toPorts');
  for (const rule of findings.list(http)) readHttp(rule, findings);
  const names = findings.list(dns).flatMap((rule) => readDns(rule, findings));
  if (direction === 'ingress' && dns.count > 0) findings.error(dns, 'l7-direction', 'DNS rules are for egress only');
  if (strict && dns.present && element.get('ports').count === 0)
    findings.error(dns, 'l7-dns-port', 'DNS rules need a port: write port "53"');
  const tls = readTls(element, findings, strict);
  const listener = readListener(element, context, strict);
  // A listener takes everything; L7 rules come before TLS, which they may look into.
  const layer7 =
    listener ??
    (http.count > 0 ? asked('http', http, findings, { rules: http.value }) : undefined) ??
    (dns.count > 0 ? asked('dns', dns, findings, { names, rules: dns.value }) : undefined) ??
    (tls === undefined ? undefined : asked('tls', tls, findings, { rules: tls.value }));
  const unknown = ['kafka', 'l7proto', 'l7'].map((key) => rules.get(key)).find((field) => field.present);
  if (unknown !== undefined)
    findings.warning(unknown, 'l7-kind-not-enforced', 'rules of this kind exist no more, so the element allows nothing');
  return { layer7, strict, dns: dns.count > 0, unknown: unknown !== undefined };
}

/** The field that asks for TLS to be looked at. */
function readTls(element: Field, findings: Findings, strict: boolean): Field | undefined {
  const names = element.get('serverNames');
  const terminating = findings.object(element.get('terminatingTLS'));
  const originating = findings.object(element.get('originatingTLS'));
  for (const name of findings.list(names)) {
    if (findings.text(name) === '') findings.error(name, 'sni', 'a server name cannot be empty');
  }
  if (names.count > 0 && strict && !terminating.present) {
    findings.error(names, 'sni', 'server names together with L7 rules need terminatingTLS, since the proxy must read what is inside');
  }
  if (names.count > 0) return names;
  return [terminating, originating].find(({ present }) => present);
}

function readListener(element: Field, { direction, findings }: PortRuleContext, strict: boolean): Layer7 | undefined {
  const listener = findings.object(element.get('listener'));
  if (!listener.present) return undefined;
  if (direction === 'ingress') findings.error(listener, 'listener', 'listeners are for egress only');
  if (strict) findings.error(listener, 'listener', 'a listener and L7 rules exclude each other');
  const priority = findings.integer(listener.get('priority')) ?? 0;
  return asked('listener', listener, findings, { rules: listener.value, ...(priority > 0 ? { priority } : {}) });
}

/** One element of `rules.dns`; unlike in toFQDNs a name and a pattern may both stand there. */
function readDns(rule: Field, findings: Findings): NameSelector[] {
  findings.object(rule);
  return (['matchName', 'matchPattern'] as const).flatMap((key) => {
    const text = findings.text(rule.get(key)) ?? '';
    if (text === '') return [];
    const name = readName({ [key]: text });
    if (!('class' in name)) return [name];
    findings.error(rule.get(key), name.class, name.message);
    return [];
  });
}

function asked(kind: Layer7['kind'], field: Field, findings: Findings, more: Partial<Layer7>): Layer7 {
  // DNS is what nodes have a proxy for.
  if (kind !== 'dns') findings.warning(field, 'l7-not-enforced', 'this needs a proxy that nodes do not have: what it allows is dropped');
  return { kind, field: pathText(field.path), ...more };
}

/** The agent allows L7 rules for TCP only, as it is written, and DNS rules for every protocol. */
export function mindProtocol(port: Field, { strict, dns }: ReadLayer7, findings: Findings): void {
  const protocol = port.get('protocol');
  if (!strict || dns || protocol.value === 'TCP') return;
  const shown = protocol.present ? quote(protocol.value) : 'a port without protocol';
  findings.error(protocol, 'l7-tcp-only', `${shown} cannot have L7 rules: write "TCP"`);
}

export function mindPort(port: Field, zero: boolean, first: number | undefined, layer7: ReadLayer7, findings: Findings): void {
  if (zero && layer7.strict) findings.error(port.get('port'), 'l7-port-0', 'L7 rules cannot be for every port: name one');
  const endPort = port.get('endPort');
  if (layer7.dns && first !== undefined && typeof endPort.value === 'number' && endPort.value > first) {
    findings.error(endPort, 'l7-dns-range', 'DNS rules cannot have a range of ports');
  }
}
