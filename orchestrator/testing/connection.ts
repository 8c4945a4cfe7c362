// Connections: flows that the datapath remembers. Packets follow each other through it, and policy, names and time change in between.

import { NEXT_HOP_DROP, NEXT_HOP_PROXY, reasonName, TCP_ACK, TCP_FIN, TCP_SYN } from '../datapath/generated/enums.ts';
import { AgentError } from '../errors.ts';
import type { PolicyVerdict } from '../model/policy/rule.ts';
import { hookOf } from './datapath-engine.ts';
import type { Asked } from './engine.ts';
import type { Flow } from './flow.ts';
import type { Decision, Machine } from './machine.ts';
import type { Message } from './message.ts';
import type { Node } from './node.ts';
import type { Party } from './parties.ts';
import type { Place } from './place.ts';

/** What became of one packet. */
export interface Passage {
  readonly passed: boolean;
  readonly verdict: PolicyVerdict;
  /** Name of the datapath's reason: `forwarded` if it passed. */
  readonly reason: string;
}

export interface ConnectionParts {
  readonly asked: Asked;
  readonly machines: readonly Machine[];
  readonly node: () => Node;
  /** Brings everything up to date before a packet. */
  readonly settle: () => void;
  /** Source port, or identifier of an echo. */
  readonly port: number;
}

const echoReplies: Readonly<Record<number, number>> = { 8: 0, 128: 129 };

export class Connection {
  /** What the policies said when it was opened. */
  readonly flow: Flow;
  private readonly parts: ConnectionParts;
  private packets = { send: 0, reply: 0 };

  constructor(flow: Flow, parts: ConnectionParts) {
    this.flow = flow;
    this.parts = parts;
  }

  /** A packet of the one who opened it: the first is a SYN where there are such. */
  send(): Passage {
    const first = this.packets.send++ === 0;
    return this.pass(false, first ? TCP_SYN : TCP_ACK);
  }

  /** A packet of the other side. */
  reply(): Passage {
    const first = this.packets.reply++ === 0;
    return this.pass(true, first ? TCP_SYN | TCP_ACK : TCP_ACK);
  }

  /** Both sides say goodbye. Protocols without goodbyes end by themselves, when nothing has been sent for a while. */
  close(): void {
    if (this.parts.asked.form !== 'tcp') return;
    this.pass(false, TCP_FIN | TCP_ACK);
    this.pass(true, TCP_FIN | TCP_ACK);
  }

  private pass(isReply: boolean, flags: number): Passage {
    const { asked, machines, node, settle } = this.parts;
    settle();
    const [sender, source] = isReply ? [asked.to, asked.destination] : [asked.from, asked.source];
    // Between two that are not here no packet comes by.
    if (asked.from.pod === undefined && asked.to.pod === undefined) return { passed: true, verdict: 'allow', reason: 'forwarded' };
    const message = this.message(isReply, flags);
    const passages = machines.map((machine) => passageOf(machine.send(hookOf(node(), sender, source), message)));
    const [first, ...others] = passages as [Passage, ...Passage[]];
    const other = others.findIndex(({ verdict, reason }) => verdict !== first.verdict || reason !== first.reason);
    if (other >= 0) throw differ(machines, passages, other + 1, sender);
    return first;
  }

  private message(isReply: boolean, flags: number): Message {
    const { asked, port } = this.parts;
    const { form, family, source, destination } = asked;
    const tcpFlags = form === 'tcp' ? flags : 0;
    if (!isReply) return { form, family, source, destination, sourcePort: port, destinationPort: asked.port, flags: tcpFlags };
    const ends: { source: Place; destination: Place } = { source: destination, destination: source };
    // The identifier of an echo stays with both sides.
    const ports =
      form === 'icmp'
        ? { sourcePort: port, destinationPort: echoReplies[asked.port] ?? asked.port }
        : { sourcePort: asked.port, destinationPort: port };
    return { form, family, ...ends, ...ports, flags: tcpFlags };
  }
}

/** Echoes, and protocols with ports: what an answer can be told from. */
export function isConnection({ form, port }: Asked): boolean {
  return form === 'tcp' || form === 'udp' || form === 'sctp' || (form === 'icmp' && port in echoReplies);
}

function passageOf({ nextHop, reason }: Decision): Passage {
  const verdict = nextHop === NEXT_HOP_DROP ? 'deny' : nextHop === NEXT_HOP_PROXY ? 'redirect' : 'allow';
  return { passed: verdict !== 'deny', verdict, reason: reasonName(reason) ?? '' };
}

function differ(machines: readonly Machine[], passages: readonly Passage[], other: number, { name }: Party): AgentError {
  const words = (index: number) => `${machines[index]?.name} says ${passages[index]?.verdict} (${passages[index]?.reason})`;
  return new AgentError('ENGINES_DIFFER', `connection: a packet of ${name}: ${words(0)}, ${words(other)}`);
}
