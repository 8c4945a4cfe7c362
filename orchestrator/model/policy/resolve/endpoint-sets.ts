// Endpoint sets: which set each local endpoint has, and which sections of which policies are applied to it.

import { type NamedPort, reserved } from '../../identity.ts';
import type { Labels } from '../../labels.ts';
import type { EndpointPolicy } from '../entry.ts';
import type { Direction } from '../rule.ts';
import { defaultAllow, localHost } from './builtin.ts';
import type { Variant } from './cell.ts';
import type { PolicyChanges } from './changes.ts';
import type { ContentTable } from './contents.ts';
import { LabelIndex } from './label-index.ts';
import { directions, PolicySet, type SectionRecord, type Side } from './policy-set.ts';
import { portsText } from './port-names.ts';
import { anyIdentity } from './rule-record.ts';

export type Enforcement = 'default' | 'always' | 'never';

/** An identity that local endpoints have. */
interface Local {
  labels: Labels | undefined;
  readonly sections: Set<SectionRecord>;
  /** By the text of the endpoints' own ports. */
  readonly sets: Map<string, PolicySet>;
}

export class EndpointSets {
  private readonly contents: ContentTable;
  private readonly portsOf: (identity: number) => readonly NamedPort[];
  private readonly locals = new Map<number, Local>();
  private readonly subjects = new LabelIndex<SectionRecord>();
  private readonly byEndpoint = new Map<number, PolicySet>();
  private readonly sets = new Set<PolicySet>();
  /** Sets whose sections may be others now. */
  private readonly dirty = new Set<PolicySet>();
  private readonly told = new Map<number, EndpointPolicy>();
  private readonly touchedEndpoints = new Set<number>();
  private mode: Enforcement = 'default';
  private next: number;

  constructor(first: number, contents: ContentTable, portsOf: (identity: number) => readonly NamedPort[]) {
    this.next = first;
    this.contents = contents;
    this.portsOf = portsOf;
  }

  all(): PolicySet[] {
    return [...this.sets];
  }

  endpoint(id: number): EndpointPolicy | undefined {
    return this.told.get(id);
  }

  setEnforcement(mode: Enforcement): void {
    if (mode === this.mode) return;
    this.mode = mode;
    for (const set of this.sets) this.dirty.add(set);
  }

  addSection(record: SectionRecord): void {
    const { subject } = record.section;
    if (subject === undefined) return;
    for (const identity of this.subjects.use(subject, record).members) this.assign(identity, record, true);
  }

  removeSection(record: SectionRecord): void {
    const { subject } = record.section;
    if (subject === undefined) return;
    for (const identity of this.subjects.members(subject)) this.assign(identity, record, false);
    this.subjects.release(subject, record);
  }

  /** Labels of an identity, which may be one of local endpoints. */
  putLabels(identity: number, labels: Labels): void {
    const local = this.locals.get(identity);
    if (local === undefined || local.labels?.text === labels.text) return;
    if (local.labels !== undefined) this.subjects.remove(identity);
    local.labels = labels;
    local.sections.clear();
    for (const { users } of this.subjects.add(identity, labels)) for (const record of users) local.sections.add(record);
    for (const set of local.sets.values()) this.dirty.add(set);
  }

  removeLabels(identity: number): void {
    const local = this.locals.get(identity);
    if (local?.labels === undefined) return;
    this.subjects.remove(identity);
    local.labels = undefined;
    local.sections.clear();
    for (const set of local.sets.values()) this.dirty.add(set);
  }

  putEndpoint(id: number, identity: number, ports: readonly NamedPort[], labels: Labels | undefined): void {
    const text = portsText(ports);
    const before = this.byEndpoint.get(id);
    if (before?.identity === identity && before.portsText === text) return;
    if (before !== undefined) this.detach(id, before);
    const local = this.localOf(identity, labels);
    let set = local.sets.get(text);
    if (set === undefined) {
      set = new PolicySet(this.next++, identity, ports, text, this.contents);
      local.sets.set(text, set);
      this.sets.add(set);
    }
    set.endpoints.add(id);
    this.byEndpoint.set(id, set);
    this.touchedEndpoints.add(id);
    this.dirty.add(set);
  }

  removeEndpoint(id: number): void {
    const set = this.byEndpoint.get(id);
    if (set !== undefined) this.detach(id, set);
  }

  /** Brings the cells of all sets up to date with the sections that speak of them. */
  settle(): void {
    for (const set of this.dirty) {
      const local = this.locals.get(set.identity) as Local;
      for (const direction of directions) this.settleSide(set, direction, local);
      for (const id of set.endpoints) this.touchedEndpoints.add(id);
      if (set.endpoints.size === 0) this.dropLocal(set, local);
    }
    this.dirty.clear();
  }

  /** Called after `settle`, when the rows of all sets were taken. */
  takeChanges(): Pick<PolicyChanges, 'newSets' | 'removedSets' | 'endpoints' | 'removedEndpoints'> {
    const changes = { newSets: [] as number[], removedSets: [] as number[], removedEndpoints: [] as number[] };
    for (const set of this.sets) {
      if (set.endpoints.size === 0) this.sets.delete(set);
      if (set.isTold && set.endpoints.size === 0) changes.removedSets.push(set.number);
      if (!set.isTold && set.endpoints.size > 0) changes.newSets.push(set.number);
      set.isTold = true;
    }
    const endpoints = new Map<number, EndpointPolicy>();
    for (const id of this.touchedEndpoints) {
      const set = this.byEndpoint.get(id);
      if (set !== undefined) this.tell(id, policyOf(set), endpoints);
      else if (this.told.delete(id)) changes.removedEndpoints.push(id);
    }
    this.touchedEndpoints.clear();
    return { ...changes, endpoints };
  }

  private tell(id: number, policy: EndpointPolicy, into: Map<number, EndpointPolicy>): void {
    const before = this.told.get(id);
    if (before !== undefined && isSamePolicy(before, policy)) return;
    this.told.set(id, policy);
    into.set(id, policy);
  }

  private assign(identity: number, record: SectionRecord, isIn: boolean): void {
    const local = this.locals.get(identity);
    if (isIn) local?.sections.add(record);
    else local?.sections.delete(record);
    for (const set of local?.sets.values() ?? []) this.dirty.add(set);
  }

  private detach(id: number, set: PolicySet): void {
    set.endpoints.delete(id);
    this.byEndpoint.delete(id);
    this.touchedEndpoints.add(id);
    this.dirty.add(set);
  }

  private localOf(identity: number, labels: Labels | undefined): Local {
    let local = this.locals.get(identity);
    if (local === undefined) {
      local = { labels: undefined, sections: new Set(), sets: new Map() };
      this.locals.set(identity, local);
      if (labels !== undefined) this.putLabels(identity, labels);
    }
    return local;
  }

  private dropLocal(set: PolicySet, local: Local): void {
    local.sets.delete(set.portsText);
    if (local.sets.size > 0) return;
    this.locals.delete(set.identity);
    this.subjects.remove(set.identity);
  }

  private settleSide(set: PolicySet, direction: Direction, local: Local): void {
    const side = set.sides[direction];
    const { isEnforced, isOpen } = standingOf(local, direction, this.mode);
    side.isEnforced = isEnforced;
    const wanted = isEnforced && set.endpoints.size > 0;
    for (const record of side.sections) {
      if (wanted && local.sections.has(record)) continue;
      for (const rule of record.rules[direction]) rule.unapply(set);
      side.sections.delete(record);
    }
    for (const record of wanted ? local.sections : []) {
      if (side.sections.has(record)) continue;
      side.sections.add(record);
      for (const rule of record.rules[direction]) rule.apply(set, this.portsOf);
    }
    hold(side, reserved.host, localHost, wanted && direction === 'ingress' && !isOpen);
    hold(side, anyIdentity, defaultAllow, wanted && isOpen);
  }
}

/** Whether a direction is enforced, and whether what no rule speaks of is allowed all the same. */
function standingOf({ labels, sections }: Local, direction: Direction, mode: Enforcement): { isEnforced: boolean; isOpen: boolean } {
  if (mode === 'never') return { isEnforced: false, isOpen: false };
  // An endpoint whose labels are not known yet is closed until they are.
  if (mode === 'always' || labels === undefined || labels.values('reserved', 'init').length > 0) return { isEnforced: true, isOpen: false };
  const spoken = [...sections].flatMap(({ section }) => section.enforces[direction] ?? []);
  return { isEnforced: spoken.length > 0, isOpen: spoken.length > 0 && !spoken.some(({ defaultDeny }) => defaultDeny) };
}

function hold(side: Side, identity: number, variant: Variant, isWanted: boolean): void {
  if (isWanted) side.add(identity, variant);
  else side.remove(identity, variant);
}

function policyOf({ number, sides }: PolicySet): EndpointPolicy {
  return { set: number, enforced: { ingress: sides.ingress.isEnforced, egress: sides.egress.isEnforced } };
}

function isSamePolicy(a: EndpointPolicy, b: EndpointPolicy): boolean {
  return a.set === b.set && a.enforced.ingress === b.enforced.ingress && a.enforced.egress === b.enforced.egress;
}
