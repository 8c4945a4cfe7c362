// The given sets on the model: what Cilium's engine says of each probe, side by side.
import t from 'tap';
import { ModelCluster } from './model-cluster/answers.ts';
import { readCases } from './model-cluster/case-files.ts';
import { differencesOf, modes, sidesText } from './model-cluster/compare.ts';
import type { Case, Probe, Sides } from './model-cluster/facts.ts';

const sets = { 'A-hand': 12_968, 'B-random': 87_303, 'C-kubernetes': 71_804, 'C2-kubernetes-random': 20_032 };

for (const [set, count] of Object.entries(sets)) {
  t.test(`${set}: both sides of every probe are as Cilium has them, with its selectors' scope of today or of before`, async (t) => {
    let probes = 0;
    const differences: string[] = [];
    for (const given of undisputed(set)) {
      probes += given.probes.length;
      differences.push(
        ...differencesOf(given, 'this cluster', (probe, found) => isSame(found, probe) || isSame(found, probe.localCluster)),
      );
    }
    t.equal(probes + disputedProbes(set), count);
    t.same(differences.slice(0, 20), [], `${differences.length} differences`);
  });

  t.test(`${set}: with selectors that mean every cluster each probe is as Cilium has it, and so is who is enforced`, async (t) => {
    const differences = [...undisputed(set)].flatMap((given) =>
      differencesOf(given, 'every cluster', (probe, found) => isSame(found, probe)),
    );
    t.same(differences.slice(0, 20), [], `${differences.length} differences`);
  });

  t.test(
    `${set}: with selectors of this cluster each probe is as Cilium has it, but an ipBlock does not open the own namespace`,
    async (t) => {
      const differences = [...undisputed(set)].flatMap((given) =>
        differencesOf(
          given,
          'this cluster',
          (probe, found) => isSame(found, probe.localCluster ?? probe) || isIpBlockLeak(given, probe, found),
        ),
      );
      t.same(differences.slice(0, 20), [], `${differences.length} differences`);
    },
  );

  t.test(
    `${set}: with every endpoint enforced each probe is as Cilium has it, but the host reaches endpoints without policy too`,
    async (t) => {
      const differences = [...undisputed(set)].flatMap((given) =>
        differencesOf(
          given,
          'always',
          (probe, found, answer) => isSame(found, probe.always ?? probe) || answer.ingress?.ground === 'local-host',
        ),
      );
      t.same(differences.slice(0, 20), [], `${differences.length} differences`);
    },
  );
}

t.test('whatever is denied by default is explained by a near miss or by the policies alone', async (t) => {
  let denied = 0;
  for (const given of undisputed('A-hand')) {
    const cluster = new ModelCluster(given, modes['this cluster']);
    for (const probe of given.probes) {
      const { egress, ingress } = cluster.answer(probe);
      for (const side of [egress, ingress]) {
        if (side?.ground !== 'default-deny') continue;
        denied += 1;
        const own = side.nearest.filter(({ subject, direction }) => subject === undefined && direction === undefined);
        const isComplete = own.every(({ peer, traffic, empty }) => peer !== undefined || traffic !== undefined || empty);
        if (!isComplete || side.defaultDenyBy.length === 0) t.fail(`${given.id}: ${sidesText(probe)}`, { side });
      }
    }
  }
  t.ok(denied > 1000, `${denied} denials were explained`);
});

function* undisputed(set: string): Generator<Case> {
  for (const given of readCases(set)) if (given.disputed === undefined) yield given;
}

function disputedProbes(set: string): number {
  return [...readCases(set)].filter(({ disputed }) => disputed !== undefined).reduce((sum, { probes }) => sum + probes.length, 0);
}

function isSame(found: Sides, wanted: Sides | undefined): boolean {
  return wanted !== undefined && found.egress === wanted.egress && found.ingress === wanted.ingress && found.verdict === wanted.verdict;
}

/** Cilium opens the policy's own namespace to an ingress peer that is an ipBlock alone, if selectors mean this cluster only. We do not. */
function isIpBlockLeak({ policies }: Case, probe: Probe, found: Sides): boolean {
  const [namespace] = probe.to.split('/');
  const speaks = policies.some((policy) => JSON.stringify(policy).includes('"ipBlock"') && isIn(policy, namespace));
  const isLeak = probe.ingress === 'deny' && probe.localCluster?.ingress === 'allow' && probe.from.split('/')[0] === namespace;
  return speaks && isLeak && found.ingress === 'deny' && found.egress === (probe.localCluster ?? probe).egress;
}

function isIn(policy: object, namespace: string | undefined): boolean {
  const { kind, metadata } = policy as { kind?: string; metadata?: { namespace?: string } };
  return kind === 'NetworkPolicy' && metadata?.namespace === namespace;
}
