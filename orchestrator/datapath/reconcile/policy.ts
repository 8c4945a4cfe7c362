// Policy reconciler: writes sets, prefixes and endpoints to a datapath so that each step is harmless: what is new before anything refers
// to it, what goes after nothing does, and epochs last. It may be called again at any time and goes on from what is written.

import { AgentError } from '../../errors.ts';
import type { Datapath, DatapathMap } from '../datapath.ts';
import { HINT_ENDPOINT } from '../generated/enums.ts';
import type { PolicyEntry, PolicyKey } from '../generated/layouts.ts';
import { endpointsSpec, ipcacheSpec, policySpec } from '../generated/maps.ts';
import { EndpointTable, peersOnlyFlags } from './endpoint-table.ts';
import { Epochs } from './epochs.ts';
import { entryRow, type ProxyPorts, policyEntry, policyKey, type WrittenRow } from './policy-entry.ts';
import { anyIdentity, Plan, PolicySetRows } from './policy-sets.ts';
import { PrefixTable } from './prefix-table.ts';
import type { Change, PolicyChange, PolicyMapProblem } from './rows.ts';
import { byPrecedence } from './steps.ts';

/** Rounds of one write: more than one when rows that went make room, or when the map is full before its time. */
const mostRounds = 4;

export interface PolicyWriterOptions {
  readonly proxyPorts?: ProxyPorts;
  /** The one that other writers of this datapath use too. */
  readonly epochs?: Epochs;
}

/** The policy map refused a row; what it holds by then is known. */
class PolicyMapFull extends Error {}

export class PolicyWriter {
  private readonly map: DatapathMap<PolicyKey, PolicyEntry>;
  private readonly endpoints: EndpointTable;
  private readonly prefixes: PrefixTable;
  private readonly epochs: Epochs;
  private readonly proxyPorts: ProxyPorts;
  private readonly sets = new Map<number, PolicySetRows>();
  /** Rows that a failed call may have changed. */
  private readonly unsure = new Set<WrittenRow>();
  /** Addresses whose epochs are to move. */
  private readonly moving = new Set<string>();
  private movesAll = false;
  /** Sets whose endpoints' live flows are to be judged anew once they are written. */
  private changed = new Set<number>();
  /** Directions in which rows for every peer are being written, as flags, by set. */
  private readonly coming = new Map<number, number>();
  private count = 0;
  private running: Promise<unknown> = Promise.resolve();

  private constructor(datapath: Pick<Datapath, 'map'>, epochs: Epochs, proxyPorts: ProxyPorts) {
    this.map = datapath.map(policySpec);
    this.endpoints = new EndpointTable(datapath.map(endpointsSpec), (set) => this.peersOnly(set));
    this.prefixes = new PrefixTable(datapath.map(ipcacheSpec));
    this.epochs = epochs;
    this.proxyPorts = proxyPorts;
  }

  /** Takes over what the datapath has. It stays in force until `prune`. */
  static async open(datapath: Pick<Datapath, 'map'>, options: PolicyWriterOptions = {}): Promise<PolicyWriter> {
    const writer = new PolicyWriter(datapath, options.epochs ?? (await Epochs.open(datapath)), options.proxyPorts ?? {});
    for await (const [key, entry] of writer.map.entries()) writer.note(entryRow(key, entry), true);
    for (const set of writer.sets.values()) set.dirty.clear();
    await writer.endpoints.load();
    await writer.prefixes.load();
    return writer;
  }

  /** Larger than every set that the datapath has: where a new resolver may begin to count. */
  get nextSet(): number {
    return Math.max(0, ...this.sets.keys()) + 1;
  }

  /** Larger than every rule that the policy map has: where a new registry of rules may begin to count. */
  get nextRule(): number {
    let last = 0;
    for (const { written } of this.sets.values()) for (const { rule } of written.values()) if (rule > last) last = rule;
    return last + 1;
  }

  /** Identity of each endpoint address as it is written. */
  writtenIdentities(): Map<string, number> {
    return this.endpoints.writtenIdentities();
  }

  /** Notes what is wanted; nothing is written yet. */
  stage({ policy, prefixes, endpoints }: Change): void {
    if (policy !== undefined) this.stagePolicy(policy);
    for (const row of prefixes?.put ?? []) this.prefixes.put(row);
    for (const prefix of prefixes?.removed ?? []) this.prefixes.remove(prefix);
    for (const row of endpoints?.put ?? []) this.endpoints.put(row);
    for (const id of endpoints?.removed ?? []) this.endpoints.remove(id);
  }

  /** Everything that is wanted was staged: with the next write, what the datapath has besides goes. */
  prune(): void {
    for (const set of this.sets.values()) if (!set.isWanted) set.drop();
    this.endpoints.prune();
    this.prefixes.prune();
  }

  /**
   * Brings the datapath to what is staged. When it throws, every packet is judged as before or as wanted, and the caller tries again. What
   * does not fit into the policy map is no error but told: it fails closed until a later call finds room.
   */
  write(): Promise<PolicyMapProblem[]> {
    const result = this.running.then(() => this.writeRounds());
    this.running = result.catch(() => {});
    return result;
  }

  private stagePolicy(policy: PolicyChange): void {
    for (const row of policy.removed) this.set(row.set).remove(row);
    for (const row of policy.put) this.set(row.set).put(row);
    for (const set of policy.removedSets) this.set(set).drop();
    for (const set of policy.changedSets) this.changed.add(set);
    for (const [id, { set, enforced }] of policy.endpoints) {
      this.set(set).isWanted = true;
      this.endpoints.putPolicy(id, { set, enforced });
    }
    for (const id of policy.removedEndpoints) this.endpoints.removePolicy(id);
  }

  private async writeRounds(): Promise<PolicyMapProblem[]> {
    await this.readUnsure();
    let capacity = this.map.capacity;
    let problems: PolicyMapProblem[] = [];
    for (let round = 0; round < mostRounds; round += 1) {
      const before = this.count;
      try {
        problems = await this.round(capacity);
      } catch (error) {
        if (!(error instanceof PolicyMapFull) || round === mostRounds - 1) throw error instanceof PolicyMapFull ? error.cause : error;
        capacity = this.count;
        continue;
      }
      if (problems.length === 0 || this.count >= before) break;
    }
    return problems;
  }

  private async round(capacity: number): Promise<PolicyMapProblem[]> {
    const wanted = [...this.sets.values()].filter((set) => set.isWanted && set.dirty.size > 0);
    const plan = new Plan(wanted, this.proxyPorts, capacity - this.count);
    const { changed } = this;
    this.changed = new Set();
    try {
      await this.carryOut(plan, changed);
    } catch (error) {
      for (const set of changed) this.changed.add(set);
      throw error;
    }
    for (const { number } of plan.missing.keys()) this.changed.add(number);
    return problemsOf(plan, this.endpoints, capacity);
  }

  private async carryOut(plan: Plan, changed: ReadonlySet<number>): Promise<void> {
    const held = new Set([...plan.parts].flatMap(([set, part]) => (part === 'none' ? [set.number] : [])));
    await this.epochs.hint(this.endpoints.newAddresses(), HINT_ENDPOINT);
    await this.announceRowsForAll(plan);
    await this.putRows(plan.steps.raise);
    await this.removeRows(plan.steps.clear);
    await this.putRows(plan.steps.lower);
    const addresses = await this.prefixes.write();
    if (addresses === 'many') this.movesAll = true;
    else for (const address of addresses) this.moving.add(address);
    await this.endpoints.write((set) => held.has(set), this.moving);
    await this.removeRows(plan.steps.drop);
    await this.removeUnused();
    this.coming.clear();
    await this.endpoints.writePeersOnly();
    await this.moveEpochs(changed);
  }

  /** Endpoints of which it is said that no row speaks of every peer: that ends before the first such row comes. */
  private async announceRowsForAll({ steps }: Plan): Promise<void> {
    for (const { set, identity, direction } of [...steps.raise, ...steps.lower]) {
      if (identity === anyIdentity) this.coming.set(set, (this.coming.get(set) ?? 0) | peersOnlyFlags[direction]);
    }
    if (this.coming.size > 0) await this.endpoints.writePeersOnly();
  }

  private peersOnly(number: number): number {
    const { ingress = 0, egress = 0 } = this.sets.get(number)?.forAll ?? {};
    const flags = (egress === 0 ? peersOnlyFlags.egress : 0) | (ingress === 0 ? peersOnlyFlags.ingress : 0);
    return flags & ~(this.coming.get(number) ?? 0);
  }

  /** Sets that nobody wants and no endpoint has any more. */
  private async removeUnused(): Promise<void> {
    const used = this.endpoints.usedSets();
    for (const set of [...this.sets.values()]) {
      if (set.isWanted || used.has(set.number) || (set.dirty.size === 0 && set.written.size > 0)) continue;
      await this.removeRows([...set.written.values()].sort((a, b) => a.precedence - b.precedence));
      if (!set.isWanted) this.sets.delete(set.number);
    }
  }

  /** Every flow that policy judges has a local endpoint on one side: where many addresses changed, all endpoints' epochs do. */
  private async moveEpochs(changed: ReadonlySet<number>): Promise<void> {
    const own = this.endpoints.addresses(({ policySet }) => this.movesAll || changed.has(policySet));
    await this.epochs.move(new Set([...this.moving, ...own]));
    this.moving.clear();
    this.movesAll = false;
  }

  private async putRows(rows: readonly WrittenRow[]): Promise<void> {
    for (const group of byPrecedence(rows)) await this.change(group, true);
  }

  private async removeRows(rows: readonly WrittenRow[]): Promise<void> {
    for (const group of byPrecedence(rows)) await this.change(group, false);
  }

  private async change(rows: readonly WrittenRow[], isThere: boolean): Promise<void> {
    try {
      if (isThere) await this.map.update(rows.map(policyEntry));
      else await this.map.delete(rows.map(policyKey));
    } catch (error) {
      for (const row of rows) this.unsure.add(row);
      if (!(error instanceof AgentError) || error.code !== 'MAP_FULL') throw error;
      await this.readUnsure();
      throw new PolicyMapFull('policy map', { cause: error });
    }
    for (const row of rows) this.note(row, isThere);
  }

  private note(row: WrittenRow, isThere: boolean): void {
    const set = this.set(row.set);
    const before = set.written.size;
    set.note(row, isThere, this.proxyPorts);
    this.count += set.written.size - before;
  }

  private async readUnsure(): Promise<void> {
    for (const row of this.unsure) {
      const key = policyKey(row);
      const entry = await this.map.get(key);
      this.note(entry === undefined ? row : entryRow(key, entry), entry !== undefined);
      this.unsure.delete(row);
    }
  }

  private set(number: number): PolicySetRows {
    let set = this.sets.get(number);
    if (set === undefined) {
      set = new PolicySetRows(number);
      this.sets.set(number, set);
    }
    return set;
  }
}

function problemsOf({ parts, missing }: Plan, endpoints: EndpointTable, capacity: number): PolicyMapProblem[] {
  return [...missing].map(([set, count]) => {
    const ids = endpoints.idsOf(set.number);
    const kind = parts.get(set) === 'partial' ? 'partial' : ids.some((id) => endpoints.isClosed(id)) ? 'closed' : 'stale';
    return { kind, set: set.number, endpoints: ids, missing: count, capacity };
  });
}
