// Node ports in userspace mode: what comes for a port of a service at an address of this host is sent on to an address that nobody has,
// and so into the device behind which services are balanced; the kernel puts answers right. And the host's own packets to services come
// from an address that is not the host's: answers to it go through that device too, whoever gives them.

import { familyBytes } from '../attributes.ts';
import { hostDevice, nodePortAddress, portsTableName } from '../ours.ts';
import type { ServicePlan } from '../plan.ts';
import type { Change, Session } from '../session.ts';
import { addressIn, beginsNot, isLocal, leaveChain, leavesBy, portIn, translate } from './expression.ts';
import { families, findTable, fingerprint, rangesOf, write } from './masquerade.ts';
import { type Family, newChain, newPortSet, newRule, newSet, newTable, removeTable } from './message.ts';

/** NF_INET_PRE_ROUTING and NF_INET_LOCAL_OUT at the place of destination NAT, NF_INET_POST_ROUTING at that of source NAT. */
const chains = {
  prerouting: { name: 'prerouting', type: 'nat', hook: 0, priority: -100 },
  output: { name: 'output', type: 'nat', hook: 3, priority: -100 },
  postrouting: { name: 'postrouting', type: 'nat', hook: 4, priority: 100 },
} as const;
/** How addresses begin that lead nowhere but to the host itself. */
const loopbacks = { 4: Uint8Array.of(127), 6: new Uint8Array(16).with(15, 1) } as const;

export interface PortsPlan {
  readonly nodePorts: ServicePlan['nodePorts'];
  /** Prefixes of pods: to them the host speaks as itself. */
  readonly pods: readonly string[];
  /** The addresses that the host's packets to services come from. */
  readonly speakers: readonly string[];
}

/** Makes both tables as planned; what stood in the way, in words. Connections that are there keep their translation. */
export function applyNodePorts(session: Session, plan: PortsPlan): string[] {
  return families.flatMap(([family, number]) => {
    const speaker = plan.speakers.find((address) => address.includes(':') === (number === 6));
    const there = findTable(session, family, portsTableName);
    if (speaker === undefined) return there === undefined ? [] : write(session, family, [removeTable(family, portsTableName)]);
    const content = { ports: plan.nodePorts[number], pods: rangesOf(plan.pods, number), speaker };
    const comment = fingerprint(content);
    if (there === comment) return [];
    return write(session, family, [
      newTable(family, portsTableName),
      removeTable(family, portsTableName),
      newTable(family, portsTableName, comment),
      ...newPortSet(family, portsTableName, 'ports', 1, content.ports),
      ...(content.pods.length > 0 ? newSet(family, portsTableName, 'pods', 2, content.pods) : []),
      ...chainsOf(family, number, speaker, content.pods.length > 0),
    ]);
  });
}

function chainsOf(family: Family, number: 4 | 6, speaker: string, hasPods: boolean): Change[] {
  const chosen = [...isLocal('destination'), ...portIn('ports')];
  const sendOn = translate(family, 'destination', familyBytes(nodePortAddress[number]).bytes);
  const rule = (chain: keyof typeof chains, ...expressions: Uint8Array[]) => newRule(family, portsTableName, chain, expressions);
  return [
    ...Object.values(chains).map((chain) => newChain(family, portsTableName, chain)),
    rule('prerouting', ...chosen, ...sendOn),
    rule('output', ...beginsNot(family, loopbacks[number]), ...chosen, ...sendOn),
    ...(hasPods ? [rule('postrouting', ...addressIn(family, 'destination', 'pods'), ...leaveChain())] : []),
    rule('postrouting', ...leavesBy(hostDevice), ...isLocal('source'), ...translate(family, 'source', familyBytes(speaker).bytes)),
  ];
}
