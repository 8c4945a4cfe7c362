// View writer: fills the tables that show what is in force, after each step.

import { ENDPOINT_AUDIT } from '../datapath/generated/enums.ts';
import type { PolicyMapProblem } from '../datapath/reconcile/rows.ts';
import { localScope } from '../model/identity.ts';
import type { EndpointPolicy } from '../model/policy/entry.ts';
import type { Direction, PolicyKind } from '../model/policy/rule.ts';
import { parsePrefix } from '../net/prefix.ts';
import type { PolicyRow } from '../sources/kubernetes/rows/policies.ts';
import type { Desired, Settled } from './desired.ts';
import type { Nodes } from './nodes.ts';
import type { Subject } from './subjects.ts';
import type { EndpointState, EndpointView, Standing, View } from './view.ts';

/** How far writing is. */
export interface Stand {
  /** Number of the last write that is done. */
  readonly revision: number;
  /** Why nothing may be written yet. */
  readonly waitsFor: string | undefined;
  /** Endpoints of which something is not written. */
  readonly pending: ReadonlySet<number>;
  readonly problems: readonly PolicyMapProblem[];
  /** Why the store gives no numbers. */
  readonly failure: string | undefined;
  /** Identities that addresses had in an earlier life. */
  readonly restored: ReadonlyMap<string, number>;
}

/** All that a row is made of. */
interface EndpointFacts {
  readonly subject: Subject;
  readonly flags: number;
  readonly policy: EndpointPolicy | undefined;
  readonly identity: number;
  readonly state: EndpointState;
  readonly why: string;
}

const firstNumber = 256;

export class ViewWriter {
  private readonly view: View;
  private readonly desired: Desired;
  private readonly nodes: Nodes;
  /** Identities whose count of endpoints may be another. */
  private readonly counts = new Map<number, number>();
  private readonly shown = new Map<number, EndpointFacts>();

  constructor(view: View, desired: Desired, nodes: Nodes) {
    this.view = view;
    this.desired = desired;
    this.nodes = nodes;
    for (const { number } of desired.peers.values()) this.putIdentity(number);
  }

  /** Prefixes, identities, nodes and policies as they are settled. */
  show({ identities, prefixes }: Settled): void {
    for (const number of identities) this.putIdentity(number);
    for (const text of prefixes.removed) this.view.ipcache.writer.delete(text);
    for (const text of prefixes.put) {
      this.view.ipcache.writer.put({ prefix: text, ...this.desired.prefixes.describe(parsePrefix(text)) });
    }
    this.view.nodes.writer.replace(this.nodes.byName.values());
    const { touched } = this.desired.selection;
    for (const name of touched) this.putPolicy(name);
    touched.clear();
  }

  /** All endpoints of this node. */
  showEndpoints(stand: Stand): void {
    const { subjects } = this.desired;
    const { writer, table } = this.view.endpoints;
    for (const { endpoint } of [...table.rows()]) {
      if (subjects.byEndpoint.has(endpoint)) continue;
      writer.delete(endpoint);
      this.shown.delete(endpoint);
    }
    const counts = new Map<number, number>();
    for (const endpoint of subjects.byEndpoint.keys()) {
      const facts = this.factsOf(endpoint, stand);
      const before = this.shown.get(endpoint);
      // Most are as they were, and looking at all of them is part of every change.
      if (before === undefined || !isSame(before, facts)) {
        this.shown.set(endpoint, facts);
        writer.put(endpointRow(endpoint, facts, stand.revision));
      }
      if (facts.identity > 0) counts.set(facts.identity, (counts.get(facts.identity) ?? 0) + 1);
    }
    const changed = [...new Set([...counts.keys(), ...this.counts.keys()])].filter(
      (number) => counts.get(number) !== this.counts.get(number),
    );
    this.counts.clear();
    for (const [number, count] of counts) this.counts.set(number, count);
    for (const number of changed) this.putIdentity(number);
  }

  private factsOf(endpoint: number, { waitsFor, pending, problems, failure, restored }: Stand): EndpointFacts {
    const { subjects, endpoints, resolver } = this.desired;
    const subject = subjects.byEndpoint.get(endpoint) as Subject;
    const told = endpoints.told.get(endpoint);
    const found = subject.row.addresses.map((address) => restored.get(address)).find((number) => number !== undefined);
    const problem = problems.length === 0 ? undefined : problems.find(({ endpoints: ids }) => ids.includes(endpoint));
    const [state, why] = ((): [EndpointState, string] => {
      if (waitsFor !== undefined) return [found === undefined ? 'creating' : 'restoring', `waits for ${waitsFor}`];
      if (subject.labels === undefined) return ['waiting-for-identity', subject.why];
      if (told?.number === undefined) return ['waiting-for-identity', failure ?? 'the store has not given a number yet'];
      if (problem?.kind === 'closed') return ['closed', `the policy map has no room for ${problem.missing} of its entries`];
      if (pending.has(endpoint)) return ['regenerating', 'its policy is being written'];
      if (problem !== undefined) return ['ready', `the policy map has no room for ${problem.missing} of its entries: ${problem.kind}`];
      return ['ready', ''];
    })();
    return { subject, flags: told?.row.flags ?? 0, policy: resolver.endpoint(endpoint), identity: told?.number ?? found ?? 0, state, why };
  }

  private putIdentity(number: number): void {
    const identity = this.desired.peers.get(number);
    const { writer } = this.view.identities;
    if (identity === undefined) {
      writer.delete(number);
      return;
    }
    writer.put({
      number,
      labels: identity.names ?? [...identity.labels].map(({ source, key, value }) => `${source}:${key}=${value}`),
      scope: number < firstNumber ? 'reserved' : number >= localScope ? 'local' : 'cluster',
      prefix: identity.prefix?.text ?? '',
      endpoints: this.counts.get(number) ?? 0,
    });
  }

  private putPolicy(name: string): void {
    const inForce = this.desired.policies.byName.get(name);
    const row: PolicyRow | undefined = inForce?.row ?? this.desired.policies.idle.get(name);
    const { writer } = this.view.policies;
    if (row === undefined) {
      writer.delete(name);
      return;
    }
    const { kind, namespace = '', name: own, isAudited, conditions } = row;
    const rules = (inForce?.bound.sections ?? []).reduce((sum, section) => sum + section.rules.length, 0);
    const selects = this.desired.selection.endpointsOf(name);
    writer.put({ policy: name, kind: kind as PolicyKind, namespace, name: own, rules, selects, isAudited, conditions });
  }
}

function endpointRow(endpoint: number, { subject, flags, policy, identity, state, why }: EndpointFacts, revision: number): EndpointView {
  const { namespace, pod, addresses, device } = subject.row;
  const standing = (direction: Direction): Standing => {
    if (policy?.enforced[direction] === false) return 'open';
    return (flags & ENDPOINT_AUDIT) !== 0 ? 'audit' : 'enforced';
  };
  return {
    endpoint,
    namespace,
    pod,
    identity,
    labels: [...(subject.labels ?? [])].map(({ source, key, value }) => `${source}:${key}=${value}`),
    ingress: standing('ingress'),
    egress: standing('egress'),
    state,
    addresses,
    device,
    revision,
    why,
  };
}

function isSame(one: EndpointFacts, other: EndpointFacts): boolean {
  const names = ['subject', 'flags', 'policy', 'identity', 'state', 'why'] as const;
  return names.every((name) => one[name] === other[name]);
}
