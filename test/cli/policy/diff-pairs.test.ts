// Possible flows: what is told of classes is true of every pod and port, held against clusters that are asked one by one.
import { join } from 'node:path';
import t from 'tap';
import { addDocument } from '../../../orchestrator/cli/policy/cluster-documents.ts';
import { changeOf } from '../../../orchestrator/cli/policy/diff/change.ts';
import { concernOf, type PairChange, pairChanges } from '../../../orchestrator/cli/policy/diff/pairs.ts';
import { type CheckedDocument, checkDocument } from '../../../orchestrator/cli/policy/documents.ts';
import { readLines } from '../../../orchestrator/cli/policy/inputs.ts';
import { openCluster } from '../../../orchestrator/testing/cluster.ts';
import { root } from '../../support/sources.ts';

interface Endpoint {
  readonly namespace: string;
  readonly name: string;
  readonly labels: object;
  readonly namespaceLabels: object;
  readonly serviceAccount?: string;
  readonly namedPorts?: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
}

const asDocument = (object: object): CheckedDocument =>
  checkDocument({ file: 'case', object, problems: [], at: () => ({ line: 1, column: 1 }) });

function manifestsOf({ namespace, name, labels, namespaceLabels, serviceAccount, namedPorts = [] }: Endpoint): object[] {
  const ports = namedPorts.map((port) => ({ name: port.name, containerPort: port.port, protocol: port.protocol }));
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: namespaceLabels } },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels },
      spec: { serviceAccountName: serviceAccount, containers: [{ name: 'c', image: 'i', ports }] },
    },
  ];
}

/** `5432/tcp`, `8000-8010/tcp`, `other tcp`, `any tcp`, `every port`, `every port but …`: whether they speak of a port. */
function speaksOf(texts: readonly string[], all: readonly string[], protocol: string, port: number): boolean {
  const isIn = (text: string) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?\//.exec(text) ?? [];
    return text.endsWith(`/${protocol}`) && Number(first) <= port && port <= Number(last);
  };
  const own = all.find(isIn) ?? all.find((text) => text === `other ${protocol}` || text === `any ${protocol}`);
  const [only = ''] = texts;
  if (only.startsWith('every port'))
    return !only
      .replace(/^every port( but )?/, '')
      .split(', ')
      .includes(own ?? '?');
  return own !== undefined && texts.includes(own);
}

t.setTimeout(900_000);

t.test('what changes between policies of random cases is what the classes say', async (t) => {
  await using before = await openCluster();
  await using after = await openCluster();
  let asked = 0;
  let changed = 0;
  for await (const { number, text } of readLines(join(root, 'test/policy/cases/B-random.jsonl.gz'))) {
    if (number % 40 !== 1) continue;
    const found = JSON.parse(text);
    const places = found.endpoints.flatMap(manifestsOf).map(asDocument);
    const policies = found.policies.map(asDocument);
    const sides = [policies.slice(0, policies.length >> 1), policies.slice((policies.length >> 1) - 1)].map((some) => [...places, ...some]);
    for (const [index, cluster] of [before, after].entries()) {
      cluster.reset();
      for (const document of sides[index]) addDocument(cluster, document);
    }
    const inForce = sides.map((documents) => documents.flatMap(({ policy }) => (policy === undefined ? [] : [policy])));
    const side = (index: number, cluster: typeof before) => ({ cluster, documents: sides[index], policies: inForce[index] });
    const { changes, ports: all, classes } = pairChanges(side(0, before), side(1, after), concernOf(sides[0], sides[1]));
    const names: string[] = found.endpoints.map(({ namespace, name }: Endpoint) => `${namespace}/${name}`);
    for (const { from, to, protocol, port } of found.probes) {
      if (from === to || !names.includes(from) || !names.includes(to)) continue;
      const question = { from, to, protocol, port };
      const expected = changeOf(before.flow(question), after.flow(question))?.kind;
      const rows = changes.filter((change: PairChange) => change.from === classes.get(from) && change.to === classes.get(to));
      const told = rows.find(({ ports }: PairChange) => speaksOf(ports, all, protocol.toLowerCase(), port))?.kind;
      asked++;
      if (expected !== undefined) changed++;
      if (told !== expected) t.fail(`${found.id}: ${from} → ${to} ${port}/${protocol}: ${told} was told, ${expected} is so`);
    }
  }
  t.ok(asked > 500 && changed > 50, `${changed} of ${asked} flows changed`);
});
