// Random probes: most of them where some rule aims, so that allow, deny and redirect are all met.

import type { Aim, AimedTraffic } from './aim.ts';
import type { RandomCluster } from './cluster.ts';
import type { Dice } from './dice.ts';
import { externalName, podName } from './names.ts';
import { icmpTypes, icmpv6Types, plainPorts } from './ports.ts';

export interface Probe extends AimedTraffic {
  readonly from: string;
  readonly to: string;
}

/** As many as are wanted, each once. */
export function randomProbes(dice: Dice, cluster: RandomCluster, aims: readonly Aim[], wanted: number): Probe[] {
  const found = new Map<string, Probe>();
  const redirecting = aims.filter(({ redirects }) => redirects);
  const allowing = aims.filter(({ action }) => action === 'allow');
  for (let tries = 0; found.size < wanted && tries < 1_000; tries++) {
    const pool = dice.pick(
      [aims, allowing, redirecting, redirecting].filter(({ length }) => length > 0).concat(aims.length === 0 ? [aims] : []),
    );
    const probe = pool.length > 0 && dice.percent(86) ? aimed(dice, cluster, dice.pick(pool)) : anywhere(dice, cluster);
    if (probe.from !== probe.to) found.set(`${probe.from} ${probe.to} ${probe.protocol} ${probe.port}`, probe);
  }
  return [...found.values()];
}

function aimed(dice: Dice, cluster: RandomCluster, { direction, subject, peer, traffic }: Aim): Probe {
  const own = subject !== undefined && dice.percent(95) ? subject : podName(dice.pick(cluster.endpoints));
  const other = peer !== undefined && dice.percent(93) ? peer : anyParty(dice, cluster);
  const exact = traffic.length > 0 && dice.percent(94) ? dice.pick(traffic) : randomTraffic(dice);
  const near = dice.percent(6) ? { ...exact, port: Math.min(exact.port + 1, exact.protocol.startsWith('ICMP') ? 43 : 65535) } : exact;
  const { protocol, port } = isPassable(near) ? near : exact;
  return direction === 'ingress' ? { from: other, to: own, protocol, port } : { from: own, to: other, protocol, port };
}

function anywhere(dice: Dice, cluster: RandomCluster): Probe {
  const pods = cluster.endpoints.map(podName);
  const [from, to] = dice.percent(50) ? [dice.pick(pods), anyParty(dice, cluster)] : [anyParty(dice, cluster), dice.pick(pods)];
  return { from, to, ...randomTraffic(dice) };
}

function anyParty(dice: Dice, { endpoints, externals }: RandomCluster): string {
  return dice.percent(60) ? podName(dice.pick(endpoints)) : externalName(dice.pick(externals));
}

function randomTraffic(dice: Dice): AimedTraffic {
  switch (dice.weighted({ TCP: 62, UDP: 18, SCTP: 6, ICMP: 9, ICMPv6: 5 })) {
    case 'ICMP':
      return { protocol: 'ICMP', port: dice.pick(icmpTypes) };
    case 'ICMPv6':
      return { protocol: 'ICMPv6', port: dice.pick(icmpv6Types) };
    case 'UDP':
      return { protocol: 'UDP', port: dice.pick(plainPorts) };
    case 'SCTP':
      return { protocol: 'SCTP', port: dice.pick(plainPorts) };
    default:
      return { protocol: 'TCP', port: dice.percent(90) ? dice.pick(plainPorts) : dice.between(1, 65535) };
  }
}

/** Some types of ICMP are no question to policy, like redirects, which are refused whatever it says. */
function isPassable({ protocol, port }: AimedTraffic): boolean {
  return protocol === 'ICMP' ? icmpTypes.includes(port) : protocol !== 'ICMPv6' || icmpv6Types.includes(port);
}
