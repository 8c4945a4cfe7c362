// DNS cells: what the cells of policy sets say of questions that go to the DNS proxy: which names they allow, and which identities of names
// there are to be granted. Kept step by step, as cells change.

import type { NameSelector } from '../rule.ts';
import { coversKey, everything, keyFields, precedences } from './clause.ts';
import type { Content } from './contents.ts';
import type { PolicySet, Side } from './policy-set.ts';
import { anyIdentity } from './rule-record.ts';

/** A rule for questions to one server; see `dns/rules.ts`. */
export interface DnsRow {
  /** Of the server; 0: every one. */
  readonly identity: number;
  readonly protocol: number;
  readonly port: number;
  readonly portBits: number;
  /** every: a rule without names allows the same. Rows of one rule share the list. */
  readonly names: 'every' | readonly NameSelector[];
  readonly rule: string;
}

/** An identity of names with which pods of the set may speak. */
export interface DnsGrant {
  readonly identity: number;
  /** The policies that say so, sorted. */
  readonly policies: readonly string[];
}

export interface DnsSetPolicy {
  readonly allowed: readonly DnsRow[];
  readonly granted: readonly DnsGrant[];
}

/** By number; undefined: nothing of the set's traffic goes to the proxy, and nothing is granted. */
export type DnsSetChanges = ReadonlyMap<number, DnsSetPolicy | undefined>;

interface Cell {
  readonly rows: readonly DnsRow[];
  readonly grant: DnsGrant | undefined;
}

/** A content without its identity. */
interface Said {
  /** What a rule with names says, in the order of the rules' texts. */
  readonly asked: readonly { readonly key: number; readonly names: readonly NameSelector[]; readonly rule: string }[];
  /** Rules that allow without a proxy, the first by text for each key. */
  readonly plain: readonly { readonly key: number; readonly rule: string }[];
  /** What is denied, or goes to another proxy. */
  readonly taken: readonly number[];
  readonly policies: readonly string[];
}

/** The row's place is its set's business. */
type Says = Omit<DnsRow, 'identity'>;

const dnsPrecedence = precedences.deny - 121;

export class DnsCells {
  private readonly isName: (identity: number) => boolean;
  private readonly sets = new Map<number, Map<number, Cell>>();
  private readonly changed = new Set<number>();
  private readonly said = new WeakMap<Content, Said>();
  private readonly rows = new WeakMap<readonly Says[], Map<number, readonly DnsRow[]>>();
  private readonly pairs = new WeakMap<Content, WeakMap<Content, readonly Says[]>>();

  constructor(isName: (identity: number) => boolean) {
    this.isName = isName;
  }

  /** Takes in what has changed of a set; to be called before its changes are taken. */
  follow({ number, endpoints, sides }: PolicySet): void {
    if (endpoints.size === 0) {
      if (this.sets.delete(number)) this.changed.add(number);
      return;
    }
    const { egress } = sides;
    const { touched } = egress;
    if (touched.size === 0) return;
    const cells = this.sets.get(number) ?? new Map<number, Cell>();
    // What is said of everybody is part of every cell.
    const identities = touched.has(anyIdentity) ? new Set([...cells.keys(), ...egress.cells.keys()]) : touched.keys();
    let isChanged = false;
    for (const identity of identities) {
      const cell = this.cellOf(egress, identity);
      const before = cells.get(identity);
      if (cell === undefined ? before === undefined : before !== undefined && isSame(before, cell)) continue;
      isChanged = true;
      if (cell === undefined) cells.delete(identity);
      else cells.set(identity, cell);
    }
    if (cells.size === 0) this.sets.delete(number);
    else this.sets.set(number, cells);
    if (isChanged) this.changed.add(number);
  }

  takeChanges(): DnsSetChanges {
    const changes = new Map([...this.changed].map((number) => [number, this.policyOf(number)] as const));
    this.changed.clear();
    return changes;
  }

  private policyOf(number: number): DnsSetPolicy | undefined {
    const cells = this.sets.get(number);
    if (cells === undefined) return undefined;
    const sorted = [...cells].sort(([a], [b]) => a - b).map(([, cell]) => cell);
    return { allowed: sorted.flatMap(({ rows }) => rows), granted: sorted.flatMap(({ grant }) => grant ?? []) };
  }

  private cellOf(side: Side, identity: number): Cell | undefined {
    const own = side.content(identity);
    const rows = this.rowsOf(identity, this.says(own, side.content(anyIdentity)));
    const isGranted = this.isName(identity) && own.rows.some(({ precedence }) => precedence < precedences.deny);
    if (rows.length === 0 && !isGranted) return undefined;
    return { rows, grant: isGranted ? { identity, policies: this.saidBy(own).policies } : undefined };
  }

  /** Sets that say the same of an identity have the same rows. */
  private rowsOf(identity: number, says: readonly Says[]): readonly DnsRow[] {
    if (says.length === 0) return says as readonly never[];
    const known = this.rows.get(says) ?? new Map<number, readonly DnsRow[]>();
    this.rows.set(says, known);
    const rows = known.get(identity) ?? says.map((row) => ({ identity, ...row }));
    known.set(identity, rows);
    return rows;
  }

  /** Cells of the same contents say the same. */
  private says(own: Content, all: Content): readonly Says[] {
    const known = this.pairs.get(own)?.get(all);
    if (known !== undefined) return known;
    const found = combine(this.saidBy(own), this.saidBy(all));
    const others = this.pairs.get(own) ?? new WeakMap<Content, readonly Says[]>();
    this.pairs.set(own, others.set(all, found));
    return found;
  }

  private saidBy(content: Content): Said {
    const known = this.said.get(content);
    if (known !== undefined) return known;
    const found = saidBy(content);
    this.said.set(content, found);
    return found;
  }
}

function saidBy({ variants }: Content): Said {
  const asked: Said['asked'][number][] = [];
  const plain = new Map<number, string>();
  const taken: number[] = [];
  const policies = new Set<string>();
  for (const { clauses, rule } of [...variants].sort((a, b) => (a.rule.text < b.rule.text ? -1 : 1))) {
    // What holds where nobody has said anything does not open what a rule wants to be looked at.
    if (rule.isBuiltin) continue;
    for (const { key, precedence, proxy, names = [] } of clauses) {
      if (precedence > dnsPrecedence) taken.push(key);
      else if (proxy === 'dns') asked.push({ key, names, rule: rule.text });
      else if (proxy === undefined && !plain.has(key)) plain.set(key, rule.text);
      if (precedence < precedences.deny) policies.add(rule.policy);
    }
  }
  return { asked, plain: [...plain].map(([key, rule]) => ({ key, rule })), taken, policies: [...policies].sort() };
}

/**
 * A cell with what is said of everybody. A rule that allows without names opens what others ask names for, as in Cilium, where it does so for
 * traffic that goes to the proxy all the same.
 */
function combine(own: Said, all: Said): Says[] {
  if (own.asked.length === 0 && (all.asked.length === 0 || own.plain.length === 0)) return [];
  const isTaken = (key: number) => [own, all].some(({ taken }) => taken.some((wider) => coversKey(wider, key)));
  const every = new Map<number, string>();
  const open = (asked: Said['asked'], plain: Said['plain']): void => {
    for (const { key } of asked) {
      for (const other of plain) {
        const both = coversKey(other.key, key) ? key : coversKey(key, other.key) ? other.key : undefined;
        const rule = both === undefined ? undefined : every.get(both);
        if (both !== undefined && (rule === undefined || other.rule < rule)) every.set(both, other.rule);
      }
    }
  };
  open(own.asked, own.plain);
  if (own !== all) {
    open(own.asked, all.plain);
    open(all.asked, own.plain);
  }
  const opened = [...every].map(([key, rule]) => ({ key, names: 'every' as const, rule }));
  const named = own.asked.filter(({ key, names }) => names.length > 0 && ![...every.keys()].some((wider) => coversKey(wider, key)));
  return [...opened, ...named]
    .filter(({ key }) => key !== everything && !isTaken(key))
    .map(({ key, names, rule }) => {
      const { protocol, port, portBits } = keyFields(key);
      return { protocol, port, portBits, names, rule };
    });
}

function isSame(one: Cell, other: Cell): boolean {
  if (one.rows.length !== other.rows.length || one.grant?.policies.join(' ') !== other.grant?.policies.join(' ')) return false;
  return one.rows.every((row, index) => {
    const same = other.rows[index] as DnsRow;
    const { names, rule, protocol, port, portBits } = row;
    const isPlace = protocol === same.protocol && port === same.port && portBits === same.portBits && rule === same.rule;
    return isPlace && (names === same.names || namesText(names) === namesText(same.names));
  });
}

function namesText(names: DnsRow['names']): string {
  return names === 'every' ? names : names.map(({ text }) => text).join(' ');
}
