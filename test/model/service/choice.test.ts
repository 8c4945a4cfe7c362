// Who takes new connections: the table of kube-proxy's rules, and the rules themselves written down a second time.

import fc from 'fast-check';
import t from 'tap';
import { serviceRows } from '../../../orchestrator/model/service/frontends.ts';
import type { FrontendRow, ServiceFacts, SliceEndpointFacts } from '../../../orchestrator/model/service/rows.ts';
import { endpoint, here, service, slice, states } from './cases.ts';

const [inside, fromPods, fromNetwork] = ['10.9.0.1 6 80', '198.51.100.1 6 80', '198.51.100.1 6 80 outside'] as const;

function web(more: Partial<ServiceFacts> = {}): ServiceFacts {
  return service('web', ['10.9.0.1'], ['http:80/6'], { type: 'LoadBalancer', balancerAddresses: ['198.51.100.1'], ...more });
}

/** Last numbers of the backends that each of the three addresses has. */
function choices(of: ServiceFacts, endpoints: readonly SliceEndpointFacts[]): Record<string, string> {
  const { frontends } = serviceRows(of, [{ ...slice('s', 'web', ['http:8080/6'], []), endpoints }], here);
  const last = ({ backends }: FrontendRow) => backends.map((key) => key.split(' ')[0].split('.')[3]).join(' ');
  return Object.fromEntries(frontends.filter(({ port }) => port !== 0).map((row) => [row.key, last(row)]));
}

const mixed = ['10.1.0.1 ready n1', '10.1.0.2 ready n2', '10.1.0.3 ending n1', '10.1.0.4 gone n1', '10.1.0.5 unready n1'];
const policies: readonly [
  name: string,
  more: Partial<ServiceFacts>,
  endpoints: readonly string[],
  wanted: readonly [string, string, string],
][] = [
  ['cluster everywhere', {}, mixed, ['1 2', '1 2', '1 2']],
  ['externally local', { isExternallyLocal: true }, mixed, ['1 2', '1 2', '1']],
  ['internally local', { isInternallyLocal: true }, mixed, ['1', '1 2', '1 2']],
  ['both local', { isInternallyLocal: true, isExternallyLocal: true }, mixed, ['1', '1 2', '1']],
  ['local, and nobody here', { isInternallyLocal: true, isExternallyLocal: true }, ['10.1.0.2 ready n2'], ['', '2', '']],
  [
    'local, and who is here ends',
    { isInternallyLocal: true, isExternallyLocal: true },
    ['10.1.0.2 ready n2', '10.1.0.3 ending n1'],
    ['3', '2', '3'],
  ],
  ['all end', { isExternallyLocal: true }, ['10.1.0.2 ending n2', '10.1.0.3 ending n1'], ['2 3', '2 3', '3']],
  ['all are gone', {}, ['10.1.0.2 gone n2', '10.1.0.3 unready n1'], ['', '', '']],
  ['zone hints', {}, ['10.1.0.1 ready n2 z1 - z1', '10.1.0.2 ready n3 z2 - z2'], ['1', '1', '1']],
  ['zone hints, one without', {}, ['10.1.0.1 ready n2 z1 - z1', '10.1.0.2 ready n3 z2'], ['1 2', '1 2', '1 2']],
  ['zone hints, none for here', {}, ['10.1.0.1 ready n2 z3 - z3', '10.1.0.2 ready n3 z2 - z2'], ['1 2', '1 2', '1 2']],
  ['node hints before zone hints', {}, ['10.1.0.1 ready n1 z1 n1 z1', '10.1.0.2 ready n3 z1 n3 z1'], ['1', '1', '1']],
  ['node hints for others, zone hints', {}, ['10.1.0.1 ready n2 z1 n2 z1', '10.1.0.2 ready n3 z2 n3 z2'], ['1', '1', '1']],
  ['hints of who is not ready', {}, ['10.1.0.1 ready n2 z1 - z1', '10.1.0.2 unready n3 z2'], ['1', '1', '1']],
  ['hints, and all end', {}, ['10.1.0.1 ending n2 z1 - z1', '10.1.0.2 ending n3 z2 - z2'], ['1 2', '1 2', '1 2']],
  [
    'hints say nothing to a local policy',
    { isExternallyLocal: true },
    ['10.1.0.1 ready n1 z1 - z2', '10.1.0.2 ready n2 z1 - z1'],
    ['2', '2', '1'],
  ],
];

for (const [name, more, endpoints, [cluster, pods, network]] of policies) {
  t.test(name, async (t) => {
    t.same(choices(web(more), endpoints.map(endpoint)), { [inside]: cluster, [fromPods]: pods, [fromNetwork]: network });
  });
}

/** CategorizeEndpoints and topologyModeFromHints of kube-proxy, line by line. */
function kubeProxy(endpoints: readonly SliceEndpointFacts[]): { cluster: string; local: string } {
  const names = (list: readonly SliceEndpointFacts[]) => list.map(({ addresses }) => addresses[0].split('.')[3]).join(' ');
  let [allHaveNodeHints, hasNode, allHaveZoneHints, hasZone] = [true, false, true, false];
  for (const { isReady, forNodes, forZones } of endpoints) {
    if (!isReady) continue;
    if (forNodes.length === 0) allHaveNodeHints = false;
    else if (forNodes.includes(here.name)) hasNode = true;
    if (forZones.length === 0) allHaveZoneHints = false;
    else if (forZones.includes(here.zone)) hasZone = true;
  }
  const mode = allHaveNodeHints && hasNode ? 'node' : allHaveZoneHints && hasZone ? 'zone' : '';
  let cluster = endpoints.filter(({ isReady, forNodes, forZones }) => {
    if (!isReady) return false;
    return mode === '' || (mode === 'node' ? forNodes.includes(here.name) : forZones.includes(here.zone));
  });
  if (cluster.length === 0) cluster = endpoints.filter(({ isServing, isTerminating }) => isServing && isTerminating);
  const ofNode = endpoints.filter(({ node }) => node === here.name);
  const isLocalReady = ofNode.some(({ isReady }) => isReady);
  const local = ofNode.filter(({ isReady, isServing, isTerminating }) => (isLocalReady ? isReady : isServing && isTerminating));
  return { cluster: names(cluster), local: names(local) };
}

t.test('whatever the endpoints are, the choice is kube-proxy’s', async (t) => {
  const names = (of: readonly string[]) => fc.subarray([...of]).map((list) => list.join('+') || '-');
  const one = fc.tuple(
    fc.constantFrom(...states),
    fc.constantFrom('n1', 'n2', 'n3'),
    fc.constantFrom('z1', 'z2'),
    fc.oneof(fc.constant('-'), names(['n1', 'n2'])),
    names(['z1', 'z2']),
  );
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(one, { maxLength: 5 }), (list) => {
      const endpoints = list.map((parts, at) => endpoint(`10.1.0.${at + 1} ${parts.join(' ')}`));
      const { cluster, local } = kubeProxy(endpoints);
      const both = { isInternallyLocal: true, isExternallyLocal: true };
      const [wide, narrow] = [choices(web(), endpoints), choices(web(both), endpoints)];
      const found = { ...wide, local: narrow[inside], network: narrow[fromNetwork], pods: narrow[fromPods] };
      const wanted = { [inside]: cluster, [fromPods]: cluster, [fromNetwork]: cluster, local, network: local, pods: cluster };
      t.strictSame(found, wanted);
      seen.add(`${cluster};${local}`);
    }),
    { numRuns: 3000 },
  );
  t.ok(seen.size > 100, `${seen.size} different choices`);
});
