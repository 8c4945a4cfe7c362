// Policy sets as they are wanted and as they are written: what is left to do, and whether it fits.

import { IDENTITY_HOST } from '../generated/enums.ts';
import { isSameRow, type ProxyPorts, rowKey, type WrittenRow, writtenRow } from './policy-entry.ts';
import type { Direction, PolicyRow } from './rows.ts';
import { addSteps, type RowStep, type Steps, sortSteps } from './steps.ts';

/** The identity of rows that speak of every peer. */
export const anyIdentity = 0;
/** Precedence of what only allows: without it less is allowed, and nothing else changes. */
const plainAllow = 1;

export class PolicySetRows {
  readonly number: number;
  readonly wanted = new Map<string, PolicyRow>();
  readonly written = new Map<string, WrittenRow>();
  /** Keys that may differ. */
  readonly dirty = new Set<string>();
  /** Somebody spoke of it and has not taken it back. */
  isWanted = false;
  /** Rows that speak of every peer, among those written. */
  readonly forAll: Record<Direction, number> = { ingress: 0, egress: 0 };

  constructor(number: number) {
    this.number = number;
  }

  put(row: PolicyRow): void {
    const key = rowKey(row);
    this.isWanted = true;
    this.wanted.set(key, row);
    this.dirty.add(key);
  }

  remove(row: PolicyRow): void {
    const key = rowKey(row);
    this.wanted.delete(key);
    this.dirty.add(key);
  }

  /** Nobody wants it any more. */
  drop(): void {
    this.isWanted = false;
    this.wanted.clear();
    for (const key of this.written.keys()) this.dirty.add(key);
  }

  /** A row was found, or made, to be there or not. */
  note(row: WrittenRow, isThere: boolean, ports: ProxyPorts): void {
    const key = rowKey(row);
    const before = this.written.size;
    if (isThere) this.written.set(key, row);
    else this.written.delete(key);
    if (row.identity === anyIdentity) this.forAll[row.direction] += this.written.size - before;
    const wanted = this.after(key, ports);
    if (isThere ? wanted !== undefined && isSameRow(wanted, row) : wanted === undefined) this.dirty.delete(key);
    else this.dirty.add(key);
  }

  after(key: string, ports: ProxyPorts): WrittenRow | undefined {
    const row = this.wanted.get(key);
    return row === undefined ? undefined : writtenRow(row, ports);
  }
}

/** How much of a set's change is carried out: all; all but new allows; nothing. */
export type Part = 'whole' | 'partial' | 'none';

export class Plan {
  readonly steps: Steps = { raise: [], clear: [], lower: [], drop: [] };
  readonly parts = new Map<PolicySetRows, Part>();
  /** Entries that stay away for want of room. */
  readonly missing = new Map<PolicySetRows, number>();

  /** `room`: entries that fit beside what is written. Sets that need the least come first. */
  constructor(sets: Iterable<PolicySetRows>, ports: ProxyPorts, room: number) {
    const changes = [...sets].map((set) => ({ set, rows: rowSteps(set, ports) }));
    const needs = (rows: readonly RowStep[]): number => rows.filter(({ before }) => before === undefined).length;
    let left = room;
    for (const { set, rows } of changes.sort((a, b) => needs(a.rows) - needs(b.rows) || a.set.number - b.set.number)) {
      const essential = rows.filter((row) => !isNewAllow(row));
      const part = needs(rows) <= left ? 'whole' : needs(essential) <= left ? 'partial' : 'none';
      const taken = { whole: rows, partial: essential, none: [] }[part];
      left -= needs(taken);
      this.parts.set(set, part);
      if (taken.length < rows.length) this.missing.set(set, needs(rows) - needs(taken));
      addSteps(taken, set.written, (key) => set.after(key, ports), this.steps);
    }
    sortSteps(this.steps);
  }
}

function rowSteps(set: PolicySetRows, ports: ProxyPorts): RowStep[] {
  const steps: RowStep[] = [];
  for (const key of set.dirty) {
    const before = set.written.get(key);
    const after = set.after(key, ports);
    const isSame = before === after || (before !== undefined && after !== undefined && isSameRow(before, after));
    if (isSame) set.dirty.delete(key);
    else steps.push({ before, after });
  }
  return steps;
}

/** The local host's own entry is one row a set, and without it no probe finds the pod alive. */
function isNewAllow({ before, after }: RowStep): boolean {
  return before === undefined && after?.precedence === plainAllow && after.identity !== IDENTITY_HOST;
}
