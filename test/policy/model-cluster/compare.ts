// Compare: a case's expectations with the model's answers, in sentences.

import type { Decision } from '../../../orchestrator/model/policy/evaluate/evaluate.ts';
import { type Answer, ModelCluster } from './answers.ts';
import type { Case, Enforced, Probe, Sides } from './facts.ts';

/** Empty: everything is as expected. A probe is right if all its sides are as one of the two scopes of selectors has them. */
export function compareCase(given: Case): string[] {
  const cluster = new ModelCluster(given);
  const always = new ModelCluster(given, 'always');
  return [
    ...given.probes.flatMap((probe) => compareProbe(given, probe, cluster.answer(probe), [probe, probe.localCluster])),
    ...given.probes.flatMap((probe) => compareProbe(given, probe, always.answer(probe), alwaysSides(probe), ' (always)')),
    ...given.endpoints.flatMap(({ namespace, name, enforced }) => compareEnforced(given, `${namespace}/${name}`, enforced, cluster)),
  ];
}

/** A side on which the scope of selectors makes a difference has a policy, so the mode makes none there. */
function alwaysSides(probe: Probe): (Sides | undefined)[] {
  const { localCluster, always = probe } = probe;
  if (localCluster === undefined) return [always];
  const side = (name: 'egress' | 'ingress') => (localCluster[name] === probe[name] ? always[name] : localCluster[name]);
  return [always, both(side('egress'), side('ingress'))];
}

export function sidesOf({ egress, ingress }: Answer): Sides {
  return both(egress?.verdict ?? 'allow', ingress?.verdict ?? 'allow');
}

function both(egress: string, ingress: string): Sides {
  const verdict = ['deny', 'redirect'].find((worse) => egress === worse || ingress === worse) ?? 'allow';
  return { egress, ingress, verdict };
}

function compareProbe(given: Case, probe: Probe, answer: Answer, accepted: readonly (Sides | undefined)[], mode = ''): string[] {
  const found = sidesOf(answer);
  const wanted = accepted.filter((sides) => sides !== undefined);
  if (wanted.some(({ egress, ingress, verdict }) => found.egress === egress && found.ingress === ingress && found.verdict === verdict))
    return [];
  const { from, to, protocol, port } = probe;
  return [`${given.id}${mode}: ${from} → ${to} ${protocol} ${port}: ${text(found)}, expected ${wanted.map(text).join(' or ')}`];
}

function text({ egress, ingress }: Sides): string {
  return `egress ${egress} ingress ${ingress}`;
}

function compareEnforced(given: Case, name: string, enforced: Enforced, cluster: ModelCluster): string[] {
  const found = (direction: 'egress' | 'ingress') => cluster.side(direction, name, name, { protocol: 'TCP', port: 1 }) as Decision;
  const [ingress, egress] = [found('ingress'), found('egress')];
  const is = [ingress.enforced, egress.enforced, ingress.defaultDeny, egress.defaultDeny].join(' ');
  const wanted = [enforced.ingress, enforced.egress, enforced.defaultDenyIngress, enforced.defaultDenyEgress].join(' ');
  return is === wanted ? [] : [`${given.id}: ${name}: enforced ingress, egress, default deny ingress, egress: ${is}, expected ${wanted}`];
}
