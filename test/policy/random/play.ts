// Playing a scenario: its world grows in an empty cluster and shrinks again, and flows are asked for at each step. Every engine that the
// cluster has judges them: what it makes of changes step by step must be what is made of the whole.

import { AgentError } from '../../../orchestrator/errors.ts';
import type { ReservedName } from '../../../orchestrator/model/identity.ts';
import type { Enforcement } from '../../../orchestrator/model/policy/evaluate/question.ts';
import type { Cluster } from '../../../orchestrator/testing/cluster.ts';
import type { Protocol } from '../../../orchestrator/testing/message.ts';
import type { Mix } from './mix.ts';
import { externalName, podName } from './names.ts';
import { type PlainAnswer, plainAnswers } from './plain.ts';
import type { Probe } from './probes.ts';
import { makeScenario, type Scenario } from './scenario.ts';

/** Probes that are asked before the world is whole, and again after a policy is gone. */
const aside = 10;

/** Mostly the usual one. */
export function enforcementOf(seed: number): Enforcement {
  return seed % 8 === 0 ? 'always' : 'default';
}

/**
 * Differences between the cluster's engines, and between them and the rules read without ipcache, numbers and library: there every
 * address stands for itself. Each with what makes it happen again.
 */
export function playScenario(cluster: Cluster, seed: number, mix: Mix): string[] {
  const scenario = makeScenario(seed);
  cluster.reset();
  cluster.enforcement = enforcementOf(seed);
  const step = (part: Scenario): string[] => askAll(cluster, part, enforcementOf(seed), mix);
  const early = partOf(scenario);
  build(cluster, early);
  const differences = step(early);
  build(cluster, scenario);
  differences.push(...step(scenario));
  mix.scenarios += 1;
  mix.policies += scenario.policies.length;
  mix.refused += new Set(cluster.problems.filter(({ severity }) => severity === 'error').map(({ text }) => text.split(':')[0])).size;
  const [first, ...others] = scenario.policies as readonly Named[];
  if (first !== undefined) cluster.remove(first.kind, first.metadata.namespace, first.metadata.name);
  differences.push(...step({ ...scenario, policies: others, probes: scenario.probes.slice(0, aside) }));
  return differences.map((difference) => `node test/policy/random/main.ts ${seed}\n  ${difference}`);
}

interface Named {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

/** Without its last policy, pod and address, and with half of its services and groups. */
function partOf({ policies, endpoints, externals, objects, probes, ...rest }: Scenario): Scenario {
  const missing = [...endpoints.slice(-1).map(podName), ...externals.slice(-1).map(externalName)];
  const askable = probes.filter(({ from, to }) => !missing.includes(from) && !missing.includes(to)).slice(-aside);
  return {
    ...rest,
    policies: policies.slice(0, -1),
    endpoints: endpoints.slice(0, -1),
    externals: externals.slice(0, -1),
    objects: objects.slice(0, objects.length >> 1),
    probes: askable,
  };
}

function build(cluster: Cluster, { endpoints, externals, objects, policies }: Scenario): void {
  for (const { namespace, namespaceLabels } of endpoints) cluster.namespace(namespace, { labels: namespaceLabels });
  for (const { namespace, name, labels, serviceAccount, ip, namedPorts = [] } of endpoints) {
    const ports = namedPorts.map((port) => ({ ...port, protocol: port.protocol as Uppercase<Protocol> }));
    cluster.pod(`${namespace}/${name}`, { labels, serviceAccount, ip, ports });
  }
  for (const { ip, name, fqdns, reserved } of externals) {
    cluster.outside(ip, {
      ...(name && { name }),
      ...(fqdns && { names: fqdns }),
      ...(reserved && { reserved: reserved as ReservedName[] }),
    });
  }
  cluster.apply(...objects, ...policies);
}

function askAll(cluster: Cluster, scenario: Scenario, enforcement: Enforcement, mix: Mix): string[] {
  const plain = plainAnswers(scenario, enforcement);
  return scenario.probes.flatMap((probe, index) => {
    const difference = ask(cluster, probe, mix, plain?.[index]);
    return difference === undefined ? [] : [`${JSON.stringify(probe)}: ${difference}`];
  });
}

function ask(cluster: Cluster, { from, to, protocol, port }: Probe, mix: Mix, plain: PlainAnswer | undefined): string | undefined {
  try {
    const flow = cluster.flow({ from, to, protocol: protocol as Uppercase<Protocol>, port });
    mix.count(flow);
    const { egress, ingress } = flow;
    if (plain === undefined || (plain.egress === egress.verdict && plain.ingress === ingress.verdict)) return undefined;
    return `the rules alone say egress ${plain.egress}, ingress ${plain.ingress}\n${flow.explanation}`;
  } catch (error) {
    if (error instanceof AgentError && error.code === 'ENGINES_DIFFER') return error.message;
    throw error;
  }
}
