// A scenario: a random cluster, its policies, and probes; in the shape of the given verdict cases, without the verdicts.

import type { Aim } from './aim.ts';
import { answeringPolicy } from './answering-policy.ts';
import { randomCiliumPolicy } from './cilium-policy.ts';
import { type Outside, type Pod, randomCluster } from './cluster.ts';
import { Dice } from './dice.ts';
import { randomNetworkPolicy } from './network-policy.ts';
import { plainAnswers } from './plain.ts';
import { type Probe, randomProbes } from './probes.ts';

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly origin: 'random';
  readonly policies: readonly object[];
  readonly objects: readonly object[];
  readonly endpoints: readonly Pod[];
  readonly externals: readonly Outside[];
  readonly probes: readonly Probe[];
}

export function makeScenario(seed: number): Scenario {
  const dice = new Dice(seed);
  const cluster = randomCluster(dice);
  const aims: Aim[] = [];
  const policies = Array.from({ length: dice.pick([1, 1, 2, 2, 3, 3, 4, 5, 6]) }, (_, index) => {
    const name = `policy-${index}`;
    const kind = dice.weighted({ cilium: 52, kubernetes: 20, answer: 28 });
    const answer = kind === 'answer' && aims.length > 0 ? answeringPolicy(dice, cluster, dice.pick(aims), name) : undefined;
    const policy = answer ?? (kind === 'kubernetes' ? randomNetworkPolicy : randomCiliumPolicy)(dice, cluster, name);
    aims.push(...policy.aims);
    return policy.manifest;
  });
  const { endpoints, externals, objects } = cluster;
  const probes = randomProbes(dice, cluster, aims, 240);
  const all: Scenario = {
    id: `random-${seed}`,
    title: `random scenario ${seed}`,
    origin: 'random',
    policies,
    objects,
    endpoints,
    externals,
    probes,
  };
  return { ...all, probes: mixed(dice, all) };
}

/**
 * 55 to 80 probes of all, so that every kind of answer is frequent. What the rules say of them is asked for the mix only: that it is right
 * is for those to show who play the scenario.
 */
function mixed(dice: Dice, scenario: Scenario): Probe[] {
  const wanted = dice.between(55, 80);
  const answers = plainAnswers(scenario, 'default');
  if (answers === undefined) return scenario.probes.slice(0, wanted);
  const kinds = { redirect: 0.2, allowed: 0.25, denied: 0.1, open: 0.1, byDefault: 0.35 };
  const found = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, [] as Probe[]])) as Record<keyof typeof kinds, Probe[]>;
  for (const [index, { verdict, byRule }] of answers.entries()) {
    const kind = verdict === 'redirect' ? verdict : verdict === 'allow' ? (byRule ? 'allowed' : 'open') : byRule ? 'denied' : 'byDefault';
    found[kind].push(scenario.probes[index] as Probe);
  }
  const chosen = Object.entries(kinds).flatMap(([kind, share]) => found[kind as keyof typeof kinds].splice(0, Math.round(share * wanted)));
  return [...chosen, ...Object.values(found).flat()].slice(0, wanted);
}
