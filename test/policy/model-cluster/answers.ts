// Answers of the rules to the probes of a case, without ipcache, numbers and library: each address has an identity of its own, which gives
// what the longest prefix would give. So the library has something to be measured against.

import { type Identity, localScope } from '../../../orchestrator/model/identity.ts';
import { Labels } from '../../../orchestrator/model/labels.ts';
import { nameSet, namesInForce } from '../../../orchestrator/model/name-sets.ts';
import { bindPeers } from '../../../orchestrator/model/policy/bind.ts';
import { type Decision, evaluate } from '../../../orchestrator/model/policy/evaluate/evaluate.ts';
import type { Enforcement, View } from '../../../orchestrator/model/policy/evaluate/question.ts';
import { collectReferences } from '../../../orchestrator/model/policy/references.ts';
import type { Direction, Policy } from '../../../orchestrator/model/policy/rule.ts';
import { readPolicy } from '../../../orchestrator/model/policy/translate/read-policy.ts';
import { type Case, type Party, type Probe, parties, protocolNumber, type Sides } from './facts.ts';

export interface Answer {
  readonly egress: Decision | undefined;
  readonly ingress: Decision | undefined;
}

export interface Mode {
  readonly enforcement: Enforcement;
  /** Whether selectors mean pods of this cluster only. */
  readonly localCluster: boolean;
}

/** A case under one mode. Throws when a policy of the case is refused. */
export class ModelCluster {
  readonly parties: Map<string, Party>;
  private readonly view: View;
  private readonly granted = new Map<Party, Identity[]>();

  constructor(given: Case, { enforcement, localCluster }: Mode) {
    this.parties = parties(given);
    const policies = bound(given, localCluster);
    const pods = [...this.parties.values()].flatMap(({ subject }) => subject ?? []);
    this.view = { policies, pods, enforcement };
    const selectors = namesInForce(policies);
    let number = localScope + 0x10000;
    for (const party of this.parties.values()) {
      const sets = party.names.flatMap((name) => {
        const names = nameSet(selectors, name);
        return names === undefined ? [] : [{ number: number++, labels: new Labels([]), names }];
      });
      this.granted.set(party, sets);
    }
  }

  answer(probe: Probe): Answer {
    return { egress: this.side('egress', probe.from, probe.to, probe), ingress: this.side('ingress', probe.to, probe.from, probe) };
  }

  side(direction: Direction, self: string, other: string, { protocol, port }: Pick<Probe, 'protocol' | 'port'>): Decision | undefined {
    const [here, there] = [this.party(self), this.party(other)];
    if (here.subject === undefined) return undefined;
    const names = direction === 'egress' ? (this.granted.get(there) ?? []) : [];
    const question = {
      direction,
      subject: here.subject,
      peers: [there.identity, ...names],
      protocol: protocolNumber(protocol),
      port,
      address: there.address,
    };
    return evaluate(this.view, question);
  }

  private party(name: string): Party {
    const party = this.parties.get(name);
    if (party === undefined) throw new Error(`no party of that name: ${name}`);
    return party;
  }
}

function bound({ policies, objects = [] }: Case, localCluster: boolean): Policy[] {
  const references = collectReferences(objects, 'default');
  return policies.map((object) => {
    const { policy, problems } = readPolicy(object, { clusterName: 'default', localCluster, stored: true });
    if (policy === undefined) throw new Error(problems.map(({ message }) => message).join('; '));
    return bindPeers(policy, references);
  });
}

export function sidesOf({ egress, ingress }: Answer): Sides {
  const [out, into] = [egress?.verdict ?? 'allow', ingress?.verdict ?? 'allow'];
  const verdict = ['deny', 'redirect'].find((worse) => out === worse || into === worse) ?? 'allow';
  return { egress: out, ingress: into, verdict };
}
