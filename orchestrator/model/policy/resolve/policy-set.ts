// Policy sets: what endpoints of one identity with the same port names are told of their peers, cell by cell, and what has changed
// since it was last told.

import type { NamedPort } from '../../identity.ts';
import type { Direction, Section } from '../rule.ts';
import type { Variant } from './cell.ts';
import type { Content, ContentTable } from './contents.ts';
import type { RuleRecord } from './rule-record.ts';

export const directions = ['ingress', 'egress'] as const satisfies Direction[];

/** A section of a policy in force. */
export interface SectionRecord {
  readonly section: Section;
  readonly rules: Readonly<Record<Direction, readonly RuleRecord[]>>;
}

/** One direction of a set. */
export class Side {
  readonly cells = new Map<number, Content>();
  /** Cells that changed, with the content that was told last. */
  touched = new Map<number, Content>();
  isEnforced = false;
  /** Sections whose rules are in the cells. */
  readonly sections = new Set<SectionRecord>();
  private readonly contents: ContentTable;

  constructor(contents: ContentTable) {
    this.contents = contents;
  }

  /** May be repeated. */
  add(identity: number, variant: Variant): void {
    if (variant.clauses.length === 0) return;
    const before = this.content(identity);
    this.hold(identity, before, this.contents.plus(before, variant));
  }

  remove(identity: number, variant: Variant): void {
    const before = this.content(identity);
    this.hold(identity, before, this.contents.minus(before, variant));
  }

  content(identity: number): Content {
    return this.cells.get(identity) ?? this.contents.empty;
  }

  private hold(identity: number, before: Content, after: Content): void {
    if (before === after) return;
    if (!this.touched.has(identity)) this.touched.set(identity, before);
    if (after === this.contents.empty) this.cells.delete(identity);
    else this.cells.set(identity, after);
  }
}

export class PolicySet {
  readonly number: number;
  /** Of its endpoints. */
  readonly identity: number;
  readonly ports: readonly NamedPort[];
  readonly portsText: string;
  readonly endpoints = new Set<number>();
  readonly sides: Readonly<Record<Direction, Side>>;
  /** It was told of: what goes must be told too. */
  isTold = false;

  constructor(number: number, identity: number, ports: readonly NamedPort[], portsText: string, contents: ContentTable) {
    this.number = number;
    this.identity = identity;
    this.ports = ports;
    this.portsText = portsText;
    this.sides = { ingress: new Side(contents), egress: new Side(contents) };
  }
}
