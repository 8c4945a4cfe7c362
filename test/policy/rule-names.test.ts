// Rule names: the rule that evaluation names is the one whose entry decides in the datapath, with every tie broken alike.
import t from 'tap';
import { buildWorld } from '../../orchestrator/cli/policy/cases/verdict.ts';
import { ruleText } from '../../orchestrator/model/policy/rule.ts';
import { openCluster } from '../../orchestrator/testing/cluster.ts';
import type { FlowSide } from '../../orchestrator/testing/flow.ts';
import { readCases } from './case-files.ts';

const builtin: Readonly<Record<string, string>> = { 'local-host': 'local host', 'default-allow': 'default allow' };

for (const [set, step] of [
  ['A-hand', 1],
  ['B-random', 6],
] as const) {
  t.test(`${set}: datapath and evaluation name the same rule`, async (t) => {
    await using cluster = await openCluster({ engine: 'wasm', stored: true, strict: true });
    const differences: string[] = [];
    let named = 0;
    for (const [index, given] of [...readCases(set)].entries()) {
      if (index % step !== 0) continue;
      cluster.reset();
      buildWorld(cluster, given);
      const addresses = new Map(given.externals.map(({ name, ip }) => [name ?? ip, ip]));
      for (const { from, to, protocol, port } of given.probes) {
        const ends = { from: addresses.get(from) ?? from, to: addresses.get(to) ?? to };
        const flow = cluster.flow({ ...ends, port, protocol: protocol as 'TCP' });
        for (const side of [flow.egress, flow.ingress]) {
          const name = nameOf(side);
          if (name !== undefined) named += 1;
          if (name !== side.rule)
            differences.push(`${given.id}: ${from} → ${to} ${protocol} ${port}: ${side.rule}, evaluation says ${name}`);
        }
      }
    }
    t.ok(named > 1000, `${named} rules were named`);
    t.same(differences.slice(0, 20), [], `${differences.length} differences`);
  });
}

function nameOf({ decision }: FlowSide): string | undefined {
  if (decision === undefined) return undefined;
  return decision.rule === undefined ? builtin[decision.ground] : ruleText(decision.rule);
}
