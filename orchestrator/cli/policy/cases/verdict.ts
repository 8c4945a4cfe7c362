// Cases about verdicts: a small cluster, its policies, and probes with what each side must say of them.

import type { ReservedName } from '../../../model/identity.ts';
import type { Cluster } from '../../../testing/cluster.ts';
import type { Mismatch } from '../report/outcome.ts';
import type { CaseEndpoint, CaseExternal, Sides, VerdictCase, VerdictProbe } from './case.ts';

type Difference = Pick<Mismatch, 'probe' | 'expected' | 'got' | 'explanation' | 'disputed'>;

/** Builds the case's world in an empty cluster. */
export function buildWorld(cluster: Cluster, { endpoints, externals, objects, policies }: VerdictCase): void {
  for (const { namespace, namespaceLabels = {} } of endpoints) cluster.namespace(namespace, { labels: namespaceLabels });
  for (const endpoint of endpoints) addPod(cluster, endpoint);
  for (const external of externals) addExternal(cluster, external);
  for (const object of [...objects, ...policies]) cluster.apply(object);
}

function addPod(cluster: Cluster, { namespace, name, labels = {}, serviceAccount, ip, namedPorts = [] }: CaseEndpoint): void {
  const ports = namedPorts.map((port) => ({ name: port.name, port: port.port, protocol: port.protocol }));
  cluster.pod(`${namespace}/${name}`, { labels, ip, ports, ...(serviceAccount !== undefined && { serviceAccount }) });
}

function addExternal(cluster: Cluster, { ip, fqdns, reserved }: CaseExternal): void {
  cluster.outside(ip, { ...(fqdns && { names: fqdns }), ...(reserved && { reserved: reserved as readonly ReservedName[] }) });
}

/** Probes that are answered otherwise than the case says. */
export function* askProbes(cluster: Cluster, { probes, externals }: VerdictCase, enforcement: 'default' | 'always'): Generator<Difference> {
  const addresses = new Map(externals.map(({ name, ip }) => [name ?? ip, ip]));
  for (const probe of probes) {
    const { from, to, protocol, port } = probe;
    const question = { from: addresses.get(from) ?? from, to: addresses.get(to) ?? to, port, protocol };
    const flow = cluster.flow(question);
    const got = { egress: flow.egress.verdict, ingress: flow.ingress.verdict, verdict: flow.verdict };
    const [expected, ...others] = expectedSides(probe, enforcement);
    if ([expected, ...others].some((sides) => isSame(sides, got))) continue;
    const isHost = enforcement === 'always' && expected.ingress === 'deny' && flow.ingress.ground === 'local-host';
    const disputed = isHost ? { disputed: 'the local host reaches pods in mode always too: kubelet must probe them' } : {};
    yield { probe: { from, to, protocol, port }, expected, got, explanation: flow.explanation, ...disputed };
  }
}

/** Right are the answers of selectors that mean every cluster, and of those that mean this one only, as far as they were recorded. */
function expectedSides(
  { egress, ingress, verdict, always, localCluster }: VerdictProbe,
  enforcement: 'default' | 'always',
): [Sides, ...Sides[]] {
  const main = { egress, ingress, verdict };
  if (enforcement === 'always') return [always ?? main];
  return localCluster === undefined ? [main] : [main, localCluster];
}

function isSame(a: Sides, b: Sides): boolean {
  return a.egress === b.egress && a.ingress === b.ingress && a.verdict === b.verdict;
}
