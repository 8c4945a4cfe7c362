// Remembered: what a view made of a subject and of a peer is worked out once, since tests and reports ask about the same ones again.

import type { Identity } from '../../identity.ts';
import type { Direction, PortRange, Rule, Traffic } from '../rule.ts';
import { isPortName, meansPeer } from './match.ts';
import { portsOfName } from './port-names.ts';
import { precedence } from './precedence.ts';
import type { Subject, View } from './question.ts';
import { type Standing, standing } from './standing.ts';

/** One traffic of a rule that means a peer, with its port name replaced by the number. */
export interface Clause {
  readonly rule: Rule;
  readonly traffic: Traffic;
  readonly ports: PortRange;
  readonly precedence: number;
  /** The rule means this peer by name, label or prefix, not just as everybody. */
  readonly isOwn: boolean;
}

/** A subject in one direction, under one view. */
export class Side {
  readonly standing: Standing;
  private readonly view: View;
  private readonly subject: Subject;
  private readonly byPeer = new WeakMap<Identity, readonly Clause[]>();
  private readonly byRule = new Map<Rule, readonly Omit<Clause, 'isOwn'>[]>();

  constructor(view: View, subject: Subject, direction: Direction) {
    this.view = view;
    this.subject = subject;
    this.standing = standing(view, subject, direction);
  }

  /** What the subject's rules say of a peer, whatever the packet. */
  clauses(peer: Identity): readonly Clause[] {
    const known = this.byPeer.get(peer);
    if (known !== undefined) return known;
    const clauses = this.standing.rules.flatMap((rule) => {
      const means = rule.peers.filter((candidate) => meansPeer(candidate, peer));
      if (means.length === 0) return [];
      const isOwn = !rule.peers.some(({ kind }) => kind === 'any');
      return this.clausesOf(rule).map((clause) => ({ ...clause, isOwn }));
    });
    this.byPeer.set(peer, clauses);
    return clauses;
  }

  private clausesOf(rule: Rule): readonly Omit<Clause, 'isOwn'>[] {
    const known = this.byRule.get(rule);
    if (known !== undefined) return known;
    const clauses = rule.traffic.flatMap((traffic) => {
      const ports = this.numbers(rule, traffic);
      return ports === undefined ? [] : [{ rule, traffic, ports, precedence: precedence(rule, traffic) }];
    });
    this.byRule.set(rule, clauses);
    return clauses;
  }

  private numbers(rule: Rule, { protocol, ports }: Traffic): PortRange | undefined {
    if (!isPortName(ports)) return ports;
    const [number, ...others] = portsOfName(rule, ports, protocol, this.subject, this.view.pods);
    return number === undefined || others.length > 0 ? undefined : { first: number, last: number };
  }
}

/** By the object first: callers ask with the same one again and again. Subjects of equal labels and ports are one to policy. */
interface Known {
  readonly bySubject: WeakMap<Subject, Side>;
  readonly byText: Map<string, Side>;
}

const sides = { ingress: new WeakMap<View, Known>(), egress: new WeakMap<View, Known>() };

export function sideOf(view: View, subject: Subject, direction: Direction): Side {
  let known = sides[direction].get(view);
  if (known === undefined) {
    known = { bySubject: new WeakMap(), byText: new Map() };
    sides[direction].set(view, known);
  }
  let side = known.bySubject.get(subject);
  if (side !== undefined) return side;
  const text = subjectText(subject);
  side = known.byText.get(text) ?? new Side(view, subject, direction);
  known.byText.set(text, side);
  known.bySubject.set(subject, side);
  return side;
}

function subjectText({ labels, namedPorts }: Subject): string {
  const ports = namedPorts.map(({ name, port, protocol }) => `${name}=${port}/${protocol}`).sort();
  return `${labels.text} ${ports.join(' ')}`;
}
