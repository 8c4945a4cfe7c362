// The rules themselves as an engine: the reference evaluation, with no entries and no packets in between.

import { type Decision, evaluate, type Ground } from '../model/policy/evaluate/evaluate.ts';
import type { Question } from '../model/policy/evaluate/question.ts';
import { type Direction, ruleText } from '../model/policy/rule.ts';
import { type Asked, type Engine, type Judgement, open, type SideJudgement } from './engine.ts';
import { protocolNumbers } from './message.ts';
import type { Node } from './node.ts';
import type { Party } from './parties.ts';
import type { Place } from './place.ts';

export class ModelEngine implements Engine {
  readonly name = 'model';
  private readonly node: Node;

  constructor(node: Node) {
    this.node = node;
  }

  judge(asked: Asked): Judgement {
    return { egress: this.side('egress', asked), ingress: this.side('ingress', asked) };
  }

  private side(direction: Direction, asked: Asked): SideJudgement {
    const question = questionOf(this.node, direction, asked);
    return question === undefined ? open : judgementOf(evaluate(this.node.view, question), question);
  }
}

/** What policy is asked about one side; undefined where none of ours is. */
export function questionOf(node: Node, direction: Direction, asked: Asked): Question | undefined {
  const { from, to, protocol, port, source, destination } = asked;
  const isEgress = direction === 'egress';
  const [self, peer, place] = isEgress ? [from, to, destination] : [to, from, source];
  if (self.pod === undefined) return undefined;
  // Names are what the sender was told, and of addresses that are no pod's.
  const names = isEgress && peer.pod === undefined ? node.namesOf(self.pod, ownPlace(peer, place)) : undefined;
  return {
    direction,
    subject: self.pod.subject,
    peers: [peer.pod?.identity ?? node.identityOf(ownPlace(peer, place)), ...(names?.live ?? [])],
    protocol: protocolNumbers[protocol],
    port,
    address: ownPlace(peer, place).text,
    expired: names?.expired ?? [],
  };
}

/** The declared place, where another one stood in for it. */
function ownPlace({ pod, places }: Party, place: Place): Place {
  if (pod !== undefined || places.includes(place)) return place;
  return places[0] ?? place;
}

/** With the words that the datapath has for it: its own entries for the host and for what is not denied by default are rules too. */
function judgementOf({ verdict, rule, ground }: Decision, { expired = [] }: Question): SideJudgement {
  if (rule !== undefined) return { verdict, rule: ruleText(rule), reason: verdict === 'deny' ? 'policyDeny' : 'forwarded' };
  if (verdict === 'deny') return { verdict, rule: undefined, reason: expired.length > 0 ? 'grantExpired' : 'policyDenied' };
  return { verdict, rule: builtin[ground], reason: 'forwarded' };
}

const builtin: Readonly<Partial<Record<Ground, string>>> = { 'local-host': 'local host', 'default-allow': 'default allow' };
