// Mirror: what a map would hold that follows a resolver's differences, and how the datapath would read it.

import type { EndpointPolicy, PolicyRow } from '../../../../orchestrator/model/policy/entry.ts';
import type { PolicyChanges } from '../../../../orchestrator/model/policy/resolve/changes.ts';
import { Resolver } from '../../../../orchestrator/model/policy/resolve/resolver.ts';
import type { Direction, Policy } from '../../../../orchestrator/model/policy/rule.ts';
import { refText } from '../../../../orchestrator/model/policy/rule.ts';
import type { Input } from './arbitrary.ts';
import type { Probe, World } from './naive.ts';

export function rowKey({ set, direction, identity, anyProtocol, protocol, portBits, port }: PolicyRow): string {
  return `${set} ${direction} ${identity} ${anyProtocol ? 'any' : `${protocol} ${port}/${portBits}`}`;
}

function rowText(row: PolicyRow): string {
  return `${rowKey(row)} ${row.precedence} ${row.proxy} ${row.rule}`;
}

/** Throws where a difference is none, or does not follow from what was told before. */
export class Mirror {
  readonly rows = new Map<string, PolicyRow>();
  readonly endpoints = new Map<number, EndpointPolicy>();
  readonly sets = new Set<number>();
  readonly rules = new Map<number, string>();

  follow(changes: PolicyChanges): void {
    const keys = [...changes.put, ...changes.removed].map(rowKey);
    if (new Set(keys).size !== keys.length) throw new Error('a key is told twice');
    for (const row of changes.removed) {
      const known = this.rows.get(rowKey(row));
      if (known === undefined || rowText(known) !== rowText(row)) throw new Error(`removed, but not there: ${rowText(row)}`);
      this.rows.delete(rowKey(row));
    }
    for (const { number, text } of changes.newRules) {
      if (this.rules.has(number) || number === 0) throw new Error(`rule ${number} was given before`);
      this.rules.set(number, text);
    }
    for (const number of changes.removedRules) if (!this.rules.delete(number)) throw new Error(`rule ${number} is not there`);
    for (const row of changes.put) {
      const known = this.rows.get(rowKey(row));
      if (known !== undefined && rowText(known) === rowText(row)) throw new Error(`put, but the same: ${rowText(row)}`);
      this.rows.set(rowKey(row), row);
    }
    for (const set of changes.newSets) if (this.sets.size === this.sets.add(set).size) throw new Error(`set ${set} is not new`);
    for (const set of changes.removedSets) if (!this.sets.delete(set)) throw new Error(`set ${set} is not there`);
    for (const id of changes.removedEndpoints) if (!this.endpoints.delete(id)) throw new Error(`endpoint ${id} is not there`);
    for (const [id, policy] of changes.endpoints) this.endpoints.set(id, policy);
    this.checkConsistent();
  }

  /** As the core reads it: the longest match of the peer's own cell and of everybody's, the better of both; an own deny is not compared. */
  read({ endpoint, direction, peer, protocol, port }: Probe): PolicyRow | 'none' | 'open' {
    const policy = this.endpoints.get(endpoint) as EndpointPolicy;
    if (!policy.enforced[direction]) return 'open';
    const [own, all] = [peer, 0].map((identity) => this.longest(policy.set, direction, identity, protocol, port));
    if (own?.precedence === 255) return own;
    if (own === undefined || all === undefined) return own ?? all ?? 'none';
    const order = (row: PolicyRow): number => row.precedence * 256 + (row.anyProtocol ? 0 : 8 + row.portBits);
    return order(all) > order(own) ? all : own;
  }

  /** What an endpoint's set says, with rules by their texts. */
  describe(endpoint: number): string[] {
    const { set, enforced } = this.endpoints.get(endpoint) as EndpointPolicy;
    const rows = [...this.rows.values()].filter((row) => row.set === set);
    const lines = rows.map((row) => `${rowKey({ ...row, set: 0 })} ${row.precedence} ${row.proxy} ${this.rules.get(row.rule)}`);
    return [JSON.stringify(enforced), ...lines.sort()];
  }

  private longest(set: number, direction: Direction, identity: number, protocol: number, port: number): PolicyRow | undefined {
    const key = { set, direction, identity, protocol, anyProtocol: false, precedence: 0, proxy: undefined, rule: 0 };
    for (let portBits = 16; portBits >= 0; portBits -= 1) {
      const row = this.rows.get(rowKey({ ...key, portBits, port: port & (0xffff0000 >> portBits) & 0xffff }));
      if (row !== undefined) return row;
    }
    return this.rows.get(rowKey({ ...key, anyProtocol: true, port: 0, portBits: 0 }));
  }

  private checkConsistent(): void {
    const used = new Set([...this.endpoints.values()].map(({ set }) => set));
    if ([...used].sort().join() !== [...this.sets].sort().join()) throw new Error(`sets ${[...this.sets]} for endpoints of ${[...used]}`);
    for (const row of this.rows.values()) {
      if (!this.sets.has(row.set)) throw new Error(`a row of no set: ${rowText(row)}`);
      if (!this.rules.has(row.rule)) throw new Error(`a row of no rule: ${rowText(row)}`);
    }
  }
}

export function feed(resolver: Resolver, input: Input): void {
  if (input.kind === 'put policy') resolver.putPolicy(input.policy);
  if (input.kind === 'remove policy') resolver.removePolicy(input.ref);
  if (input.kind === 'put identity') resolver.putIdentity(input.identity, input.ports);
  if (input.kind === 'remove identity') resolver.removeIdentity(input.number);
  if (input.kind === 'put endpoint') resolver.putEndpoint(input.id, input.identity, input.ports);
  if (input.kind === 'remove endpoint') resolver.removeEndpoint(input.id);
  if (input.kind === 'enforce') resolver.setEnforcement(input.mode);
}

export function worldAfter(inputs: readonly Input[]): World {
  const policies = new Map<string, Policy>();
  const identities = new Map<number, Extract<Input, { kind: 'put identity' }>>();
  const endpoints = new Map<number, Extract<Input, { kind: 'put endpoint' }>>();
  let mode: World['mode'] = 'default';
  for (const input of inputs) {
    if (input.kind === 'put policy') policies.set(refText(input.policy.ref), input.policy);
    if (input.kind === 'remove policy') policies.delete(refText(input.ref));
    if (input.kind === 'put identity') identities.set(input.identity.number, input);
    if (input.kind === 'remove identity') identities.delete(input.number);
    if (input.kind === 'put endpoint') endpoints.set(input.id, input);
    if (input.kind === 'remove endpoint') endpoints.delete(input.id);
    if (input.kind === 'enforce') mode = input.mode;
  }
  return { policies, identities, endpoints, mode };
}

/** A resolver that hears of a world at once, in another order. */
export function freshMirror({ policies, identities, endpoints, mode }: World): Mirror {
  const resolver = new Resolver({ firstSet: 100, firstRule: 1000 });
  for (const [id, { identity, ports }] of [...endpoints].reverse()) resolver.putEndpoint(id, identity, ports);
  for (const policy of [...policies.values()].reverse()) resolver.putPolicy(policy);
  resolver.setEnforcement(mode);
  for (const { identity, ports } of [...identities.values()].reverse()) resolver.putIdentity(identity, ports);
  const mirror = new Mirror();
  mirror.follow(resolver.takeChanges());
  return mirror;
}
