// Rules by hand: the smallest way to write policies, pods and questions without manifests.

import {
  type Identity,
  localScope,
  type NamedPort,
  type ReservedName,
  reserved,
  reservedLabels,
} from '../../../../orchestrator/model/identity.ts';
import { Labels } from '../../../../orchestrator/model/labels.ts';
import type { Question, Subject, View } from '../../../../orchestrator/model/policy/evaluate/question.ts';
import type { Direction, Layer7, Peer, Policy, Rule, Section, Traffic } from '../../../../orchestrator/model/policy/rule.ts';
import { makeSelector, type Selector } from '../../../../orchestrator/model/selector.ts';
import { parsePrefix } from '../../../../orchestrator/net/prefix.ts';
import { protocolNumbers } from '../../../../orchestrator/net/transport.ts';

export const { tcp, udp, sctp, icmp } = protocolNumbers;
const podNumbers = new Map<string, number>();

export type Pod = Identity & Subject;

/** `pod('app=web tier=front', { http: 80 })`: TCP ports by name. */
export function pod(labels: string, ports: Record<string, number> = {}): Pod {
  const number = podNumbers.get(labels) ?? 1000 + podNumbers.size;
  podNumbers.set(labels, number);
  const namedPorts: NamedPort[] = Object.entries(ports).map(([name, port]) => ({ name, port, protocol: tcp }));
  const pairs = labels.split(' ').map((pair) => pair.split('='));
  return { number, labels: new Labels(pairs.map(([key = '', value = '']) => ({ source: 'k8s', key, value }))), namedPorts };
}

export function entity(name: ReservedName): Identity {
  return { number: reserved[name], labels: reservedLabels(name) };
}

let outsideNumber = localScope;
export function outside(prefix: string): Identity {
  return {
    number: ++outsideNumber,
    labels: reservedLabels(prefix.includes(':') ? 'world-ipv6' : 'world-ipv4'),
    prefix: parsePrefix(prefix),
  };
}

export function named(...names: string[]): Identity {
  return { number: ++outsideNumber, labels: new Labels([]), names: names.map((name) => `name:${name}`) };
}

/** `app=web, !tier, reserved:host`. */
export function selector(text: string): Selector {
  const parts = text.split(',').map((part) => part.trim());
  return makeSelector(
    parts
      .filter((part) => part !== '')
      .map((part) => {
        const [key = '', value] = part.replace(/^!/, '').split('=');
        if (key.startsWith('reserved:')) return { source: 'reserved', key: key.slice(9), operator: 'Exists', values: [] };
        if (value === undefined) return { source: 'any', key, operator: part.startsWith('!') ? 'DoesNotExist' : 'Exists', values: [] };
        return key.endsWith('!')
          ? { source: 'any', key: key.slice(0, -1), operator: 'NotIn', values: value.split('|') }
          : { source: 'any', key, operator: 'In', values: value.split('|') };
      }),
  );
}

export const any: Peer = { kind: 'any' };
export const labelled = (text: string): Peer => ({ kind: 'labels', selector: selector(text) });
export const within = (prefix: string, ...except: string[]): Peer => ({
  kind: 'prefix',
  prefix: parsePrefix(prefix),
  except: except.map(parsePrefix),
});
export const called = (value: string): Peer => ({ kind: 'name', name: { kind: 'name', value, text: `name:${value}` } });

export const everything: Traffic = { protocol: undefined, ports: { first: 0, last: 65535 } };
export const ports = (protocol: number, first: number, last = first, layer7?: Layer7): Traffic => ({
  protocol,
  ports: { first, last },
  ...(layer7 && { layer7 }),
});
export const portName = (protocol: number, name: string): Traffic => ({ protocol, ports: { name } });

export interface HandRule {
  readonly deny?: true;
  readonly direction?: Direction;
  readonly peers: readonly Peer[];
  readonly traffic?: readonly Traffic[];
}

/** A CiliumNetworkPolicy `shop/NAME` of one section; it enforces the directions of its rules with default deny, unless told otherwise. */
export function policy(name: string, subject: string, rules: readonly HandRule[], enforces?: Section['enforces']): Policy {
  const ref = { kind: 'CiliumNetworkPolicy', namespace: 'shop', name } as const;
  const counts: Record<string, number> = {};
  const made: Rule[] = rules.map(({ deny, direction = 'ingress', peers, traffic = [everything] }) => {
    const list = `${direction}${deny ? 'Deny' : ''}`;
    const index = counts[list] ?? 0;
    counts[list] = index + 1;
    return { policy: ref, path: `spec.${list}[${index}]`, direction, action: deny ? 'deny' : 'allow', peers, traffic };
  });
  const directions = new Set(made.map(({ direction }) => direction));
  const implied = Object.fromEntries([...directions].map((direction) => [direction, { defaultDeny: true }]));
  return { ref, sections: [{ path: 'spec', subject: selector(subject), enforces: enforces ?? implied, rules: made }] };
}

export function view(policies: readonly Policy[], pods: readonly Subject[] = [], enforcement: View['enforcement'] = 'default'): View {
  return { policies, pods, enforcement };
}

export function ask(
  subject: Subject,
  direction: Direction,
  peer: Identity | readonly Identity[],
  port = 80,
  protocol: number = tcp,
): Question {
  return { direction, subject, peers: 'number' in peer ? [peer] : peer, protocol, port };
}
