// Truth tables: who may reach whom in small clusters.
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { ModelCluster } from './model-cluster/answers.ts';
import { modes, sidesOf } from './model-cluster/compare.ts';
import type { Case } from './model-cluster/facts.ts';
import { type TruthTable, truthTables } from './truth-tables.ts';

const others = {
  world: { ip: '203.0.113.10' },
  host: { ip: '172.18.0.2', reserved: ['host'] },
  'remote-node': { ip: '172.18.0.3', reserved: ['remote-node'] },
};
const signs = { allow: '+', redirect: '>', deny: '.' } as const;

for (const table of truthTables) {
  t.test(table.title, async (t) => {
    const rows = table.table
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => line.trim().split(/\s+/));
    const [columns = [], ...wanted] = rows;
    const cluster = new ModelCluster(caseOf(table), modes['this cluster']);
    const [protocol = '', port = ''] = table.packet.split(' ');
    const found = wanted.map(([from = '']) => [
      from,
      ...columns.map((to) => sign(cluster, table, from, to, { protocol, port: Number(port) })),
    ]);
    // What receives no packets of ours to judge (an address outside to another) is left out of the tables.
    t.same(
      found.map((row, index) => row.slice(0, wanted[index]?.length).join(' ')),
      wanted.map((row) => row.join(' ')),
    );
  });
}

function sign(cluster: ModelCluster, table: TruthTable, from: string, to: string, packet: { protocol: string; port: number }): string {
  const [source, target] = [fullName(table, from), fullName(table, to)];
  const answer = { egress: cluster.side('egress', source, target, packet), ingress: cluster.side('ingress', target, source, packet) };
  return signs[sidesOf(answer).verdict as keyof typeof signs];
}

/** A table may leave the namespace out where the name is enough. */
function fullName({ pods, others = [] }: TruthTable, name: string): string {
  if (name in pods || (others as string[]).includes(name)) return name;
  return Object.keys(pods).find((pod) => pod.endsWith(`/${name}`)) ?? name;
}

function caseOf({ title, pods, others: present = [], policies }: TruthTable): Case {
  const endpoints = Object.entries(pods).map(([full, text], index) => {
    const [namespace = '', name = ''] = full.split('/');
    const labels = Object.fromEntries(text.split(' ').map((pair) => pair.split('=')));
    return { namespace, name, labels, namespaceLabels: { team: namespace }, ip: `10.244.0.${10 + index}`, enforced: {} as never };
  });
  const manifests = parseAllDocuments(policies.replace(/^ {6}/gm, '')).flatMap((document) => (document.toJS() as object | null) ?? []);
  return { id: title, title, policies: manifests, endpoints, externals: present.map((name) => ({ name, ...others[name] })), probes: [] };
}
