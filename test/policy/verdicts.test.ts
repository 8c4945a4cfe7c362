// The given sets on the rules themselves: what Cilium's engine says of each probe, side by side, in every mode that the sets speak of.
import t from 'tap';
import type { Sides, VerdictProbe } from '../../orchestrator/cli/policy/cases/case.ts';
import { buildWorld } from '../../orchestrator/cli/policy/cases/verdict.ts';
import { type Cluster, type ClusterOptions, openCluster } from '../../orchestrator/testing/cluster.ts';
import type { Flow } from '../../orchestrator/testing/flow.ts';
import { type Enforced, type GivenCase, readCases } from './case-files.ts';

const sets = { 'A-hand': 12_968, 'B-random': 87_303, 'C-kubernetes': 71_804, 'C2-kubernetes-random': 20_032 };

type IsRight = (probe: VerdictProbe, found: Sides, flow: Flow, given: GivenCase) => boolean;

for (const [set, count] of Object.entries(sets)) {
  t.test(`${set}: both sides of every probe are as Cilium has them, but that an ipBlock does not open the own namespace`, async (t) => {
    const { probes, differences } = await play(set, {}, (probe, found, _, given) => {
      const isOfAScope = isSame(found, probe) || isSame(found, probe.localCluster);
      return isOfAScope && (isSame(found, probe.localCluster ?? probe) || isIpBlockLeak(given, probe, found));
    });
    t.equal(probes, count);
    t.same(differences.slice(0, 20), [], `${differences.length} differences`);
  });

  t.test(`${set}: with selectors that mean every cluster, as Cilium had it before 1.19, each probe is as there`, async (t) => {
    const { differences } = await play(set, { localCluster: false }, (probe, found) => isSame(found, probe));
    t.same(differences.slice(0, 20), [], `${differences.length} differences`);
  });

  t.test(`${set}: with every endpoint enforced each probe is as there, but that the host reaches endpoints without policy`, async (t) => {
    const isRight: IsRight = (probe, found, flow) => isSame(found, probe.always ?? probe) || flow.ingress.ground === 'local-host';
    const { differences } = await play(set, { localCluster: false, enforcement: 'always' }, isRight);
    t.same(differences.slice(0, 20), [], `${differences.length} differences`);
  });
}

t.test('every denial by default names who denies and what each rule lacks', async (t) => {
  let denials = 0;
  const { differences } = await play('A-hand', {}, (_probe, _found, flow) =>
    [flow.egress, flow.ingress].every(({ decision, ground }) => {
      if (decision === undefined || ground !== 'default-deny') return true;
      denials += 1;
      const own = decision.nearest.filter(({ subject, direction }) => subject === undefined && direction === undefined);
      return (
        decision.defaultDenyBy.length > 0 && own.every(({ peer, traffic, empty }) => peer !== undefined || traffic !== undefined || empty)
      );
    }),
  );
  t.ok(denials > 1000, `${denials} denials were looked at`);
  t.same(differences, []);
});

/** Probes that are not right, and endpoints that are enforced otherwise than the case has them. Disputed cases have tests of their own. */
async function play(set: string, options: ClusterOptions, isRight: IsRight): Promise<{ probes: number; differences: string[] }> {
  await using cluster = await openCluster({ engine: 'model', stored: true, strict: true, ...options });
  const differences: string[] = [];
  let probes = 0;
  for (const given of readCases(set)) {
    probes += given.probes.length;
    if (given.disputed !== undefined) continue;
    cluster.reset();
    buildWorld(cluster, given);
    differences.push(...given.probes.flatMap((probe) => differencesOf(cluster, given, probe, isRight)));
  }
  return { probes, differences };
}

function differencesOf(cluster: Cluster, given: GivenCase, probe: VerdictProbe, isRight: IsRight): string[] {
  const { from, to, protocol, port } = probe;
  const address = (name: string) => given.externals.find((external) => (external.name ?? external.ip) === name)?.ip ?? name;
  const flow = cluster.flow({ from: address(from), to: address(to), port, protocol: protocol as 'TCP' });
  const found = { egress: flow.egress.verdict, ingress: flow.ingress.verdict, verdict: flow.verdict };
  const text = `${given.id}: ${from} → ${to} ${protocol} ${port}`;
  return [
    ...(isRight(probe, found, flow, given) ? [] : [`${text}: ${sidesText(found)}, given: ${sidesText(probe)}`]),
    ...(cluster.enforcement === 'always' || isEnforced(flow, given.enforced) ? [] : [`${text}: enforced otherwise`]),
  ];
}

function isEnforced({ from, to, egress, ingress }: Flow, enforced: ReadonlyMap<string, Enforced>): boolean {
  const [sender, receiver] = [enforced.get(from), enforced.get(to)];
  const isSender = sender?.egress === egress.decision?.enforced && sender?.defaultDenyEgress === egress.decision?.defaultDeny;
  return isSender && receiver?.ingress === ingress.decision?.enforced && receiver?.defaultDenyIngress === ingress.decision?.defaultDeny;
}

function isSame(found: Sides, wanted: Sides | undefined): boolean {
  return wanted !== undefined && found.egress === wanted.egress && found.ingress === wanted.ingress && found.verdict === wanted.verdict;
}

/** Cilium opens the policy's own namespace to an ingress peer that is an ipBlock alone, if selectors mean this cluster only. We do not. */
function isIpBlockLeak({ policies }: GivenCase, probe: VerdictProbe, found: Sides): boolean {
  const [namespace] = probe.to.split('/');
  const speaks = policies.some((policy) => JSON.stringify(policy).includes('"ipBlock"') && isIn(policy, namespace));
  const isLeak = probe.ingress === 'deny' && probe.localCluster?.ingress === 'allow' && probe.from.split('/')[0] === namespace;
  return speaks && isLeak && found.ingress === 'deny' && found.egress === probe.localCluster?.egress;
}

function isIn(policy: object, namespace: string | undefined): boolean {
  const { kind, metadata } = policy as { kind?: string; metadata?: { namespace?: string } };
  return kind === 'NetworkPolicy' && metadata?.namespace === namespace;
}

function sidesText({ egress, ingress }: Sides): string {
  return `egress ${egress} ingress ${ingress}`;
}
