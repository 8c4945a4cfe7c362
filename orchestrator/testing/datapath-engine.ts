// The datapath as an engine: a question is a packet through the hook by which it would come. One packet tells what both sides say, unless
// the sender's own policy stops it or sends it to a proxy; then the receiver is asked by another one, from a place with the sender's
// identity and no policy.

import {
  DIRECTION_EGRESS,
  HOOK_FROM_NETWORK,
  HOOK_FROM_POD,
  HOOK_TO_POD,
  NEXT_HOP_DROP,
  REASON_GRANT_EXPIRED,
  REASON_POLICY_DENIED,
  REASON_POLICY_DENY,
  reasonName,
  TCP_SYN,
} from '../datapath/generated/enums.ts';
import { AgentError } from '../errors.ts';
import { reserved } from '../model/identity.ts';
import type { Direction, PolicyVerdict } from '../model/policy/rule.ts';
import { type Asked, type Engine, type Judgement, open, type SideJudgement } from './engine.ts';
import type { Decision, Machine } from './machine.ts';
import type { Node } from './node.ts';
import type { Party } from './parties.ts';
import type { Place } from './place.ts';
import type { Pod } from './pods.ts';
import { redirectedBy } from './policy-entries.ts';

/** Source port, or identifier of an echo, of every question; a flow is forgotten as soon as it was judged. Connections have others. */
const askingPort = 61000;

export class DatapathEngine implements Engine {
  readonly name: 'wasm' | 'kernel';
  private readonly machine: Machine;
  private readonly node: Node;
  /** Ports that connections have on either side: a question must not pass for a packet of theirs. */
  private readonly takenPorts: ReadonlySet<number>;

  constructor(machine: Machine, node: Node, takenPorts: ReadonlySet<number>) {
    this.name = machine.name;
    this.machine = machine;
    this.node = node;
    this.takenPorts = takenPorts;
  }

  judge(asked: Asked): Judgement {
    const { from, to } = asked;
    if (from.pod === undefined && to.pod === undefined) return { egress: open, ingress: open };
    const first = this.ask(asked, asked.source, hookOf(this.node, from, asked.source));
    const egress = from.pod === undefined ? open : this.sideOf('egress', first);
    const isTold = egress.verdict === 'allow';
    if (to.pod === undefined) return { egress, ingress: open };
    if (isTold) return { egress, ingress: this.sideOf('ingress', first) };
    const shadow = this.node.shadowOf((from.pod as Pod).identity, asked.family);
    return { egress, ingress: this.sideOf('ingress', this.ask(asked, shadow, HOOK_FROM_NETWORK)) };
  }

  private ask(asked: Asked, source: Place, hook: number): Decision {
    const { form, family, destination, port } = asked;
    let sourcePort = askingPort;
    while (this.takenPorts.has(sourcePort) || sourcePort === port) sourcePort += 1;
    const flags = form === 'tcp' ? TCP_SYN : 0;
    return this.machine.ask(hook, { form, family, source, destination, sourcePort, destinationPort: port, flags });
  }

  private sideOf(direction: Direction, decision: Decision): SideJudgement {
    const rule = direction === 'egress' ? decision.egressRule : decision.ingressRule;
    const text = rule === 0 ? undefined : this.node.ruleText(rule);
    if (decision.nextHop !== NEXT_HOP_DROP) return { verdict: passed(direction, decision), rule: text, reason: 'forwarded' };
    // What is no policy's word is no answer.
    if (!policyReasons.includes(decision.reason)) throw refused(decision);
    const denier = decision.direction === DIRECTION_EGRESS ? 'egress' : 'ingress';
    if (denier !== direction) return { verdict: passed(direction, decision), rule: text, reason: 'forwarded' };
    return { verdict: 'deny', rule: text, reason: reasonName(decision.reason) ?? '' };
  }
}

const policyReasons = [REASON_POLICY_DENIED, REASON_POLICY_DENY, REASON_GRANT_EXPIRED];

/** The proxy's port says whose redirect it is: an egress redirect hides an ingress one, which is asked for apart. */
function passed(direction: Direction, { proxyPort }: Decision): PolicyVerdict {
  return redirectedBy(proxyPort) === direction ? 'redirect' : 'allow';
}

function refused({ reason }: Decision): AgentError {
  return new AgentError('WORLD_INVALID', `flow: the datapath refuses the packet before any policy is asked: ${reasonName(reason)}`);
}

/** By which hook a packet of theirs comes: the host's own stack sends straight to the pod. */
export function hookOf(node: Node, { pod }: Party, place: Place): number {
  if (pod !== undefined) return HOOK_FROM_POD;
  return node.identityOf(place).number === reserved.host ? HOOK_TO_POD : HOOK_FROM_NETWORK;
}
