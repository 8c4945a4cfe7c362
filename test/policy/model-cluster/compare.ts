// Compare: a case's expectations with the model's answers, in sentences.

import { type Answer, type Mode, ModelCluster } from './answers.ts';
import type { Case, Enforced, Probe, Sides } from './facts.ts';

/** What the cases speak of: scopes of selectors, and enforcement of every endpoint. */
export const modes = {
  'every cluster': { enforcement: 'default', localCluster: false },
  'this cluster': { enforcement: 'default', localCluster: true },
  always: { enforcement: 'always', localCluster: false },
} as const satisfies Record<string, Mode>;

export type IsRight = (probe: Probe, found: Sides, answer: Answer) => boolean;

/** Probes that are not right, and endpoints that are enforced otherwise than the case has them; empty: none. */
export function differencesOf(given: Case, mode: keyof typeof modes, isRight: IsRight): string[] {
  const cluster = new ModelCluster(given, modes[mode]);
  const probes = given.probes.flatMap((probe) => {
    const answer = cluster.answer(probe);
    const found = sidesOf(answer);
    if (isRight(probe, found, answer)) return [];
    const { from, to, protocol, port, localCluster, always } = probe;
    const wanted = [probe, localCluster, always].filter((sides) => sides !== undefined).map(sidesText);
    return [`${given.id}: ${from} → ${to} ${protocol} ${port}: ${sidesText(found)}, given: ${wanted.join(' | ')}`];
  });
  if (mode === 'always') return probes;
  return [
    ...probes,
    ...given.endpoints.flatMap(({ namespace, name, enforced }) => unlike(given.id, `${namespace}/${name}`, enforced, cluster)),
  ];
}

export function sidesOf({ egress, ingress }: Answer): Sides {
  const [out, into] = [egress?.verdict ?? 'allow', ingress?.verdict ?? 'allow'];
  const verdict = ['deny', 'redirect'].find((worse) => out === worse || into === worse) ?? 'allow';
  return { egress: out, ingress: into, verdict };
}

export function sidesText({ egress, ingress }: Sides): string {
  return `egress ${egress} ingress ${ingress}`;
}

function unlike(id: string, name: string, wanted: Enforced, cluster: ModelCluster): string[] {
  const found = (direction: 'egress' | 'ingress') => cluster.side(direction, name, name, { protocol: 'TCP', port: 1 });
  const [ingress, egress] = [found('ingress'), found('egress')];
  const is = `${ingress?.enforced} ${egress?.enforced} ${ingress?.defaultDeny} ${egress?.defaultDeny}`;
  const given = `${wanted.ingress} ${wanted.egress} ${wanted.defaultDenyIngress} ${wanted.defaultDenyEgress}`;
  return is === given ? [] : [`${id}: ${name}: enforced ingress, egress, default deny of both: ${is}, given: ${given}`];
}
