// Cases about verdicts: a small cluster, its policies, and probes with what each side must say of them.

import type { Cluster } from '../../../testing/cluster.ts';
import { parseProtocol } from '../peer.ts';
import type { Mismatch } from '../report/outcome.ts';
import type { CaseEndpoint, CaseExternal, Sides, VerdictCase, VerdictProbe } from './case.ts';

type Difference = Pick<Mismatch, 'probe' | 'expected' | 'got' | 'explanation'>;

/** Builds the case's world in an empty cluster. */
export function buildWorld(cluster: Cluster, { endpoints, externals, objects, policies }: VerdictCase): void {
  for (const { namespace, namespaceLabels = {} } of endpoints) cluster.namespace(namespace, { labels: namespaceLabels });
  for (const endpoint of endpoints) addPod(cluster, endpoint);
  for (const external of externals) addExternal(cluster, external);
  for (const object of [...objects, ...policies]) cluster.apply(object);
}

function addPod(cluster: Cluster, { namespace, name, labels = {}, serviceAccount, ip, namedPorts = [] }: CaseEndpoint): void {
  const ports = namedPorts.map((port) => ({ name: port.name, port: port.port, protocol: parseProtocol(port.protocol) }));
  cluster.pod(`${namespace}/${name}`, { labels, ip, ports, ...(serviceAccount !== undefined && { serviceAccount }) });
}

function addExternal(cluster: Cluster, { ip, fqdns, reserved }: CaseExternal): void {
  cluster.outside(ip, { ...(fqdns && { names: fqdns }), ...(reserved && { reserved }) });
}

/** Probes that are answered otherwise than the case says. */
export function* askProbes(cluster: Cluster, { probes, externals }: VerdictCase, enforcement: 'default' | 'always'): Generator<Difference> {
  const addresses = new Map(externals.map(({ name, ip }) => [name ?? ip, ip]));
  for (const probe of probes) {
    const { from, to, protocol, port } = probe;
    const question = { from: addresses.get(from) ?? from, to: addresses.get(to) ?? to, port, protocol: parseProtocol(protocol) };
    const flow = cluster.flow(question);
    const got = { egress: flow.egress.verdict, ingress: flow.ingress.verdict, verdict: flow.verdict };
    const [expected, ...others] = expectedSides(probe, enforcement);
    if ([expected, ...others].some((sides) => isSame(sides, got))) continue;
    yield { probe: { from, to, protocol, port }, expected, got, explanation: flow.explanation };
  }
}

/**
 * The answers that are right: that of selectors which mean every cluster, and that of selectors which mean this one only. What mode
 * `always` changes is what no policy enforces; a side that it does not change differs between the two as it does without it.
 */
export function expectedSides({ egress, ingress, verdict, always, localCluster }: VerdictProbe, enforcement: 'default' | 'always'): Sides[] {
  const main = { egress, ingress, verdict };
  const plain = enforcement === 'always' ? (always ?? main) : main;
  if (localCluster === undefined) return [plain];
  const local = (side: 'egress' | 'ingress') => (plain[side] === main[side] ? localCluster[side] : plain[side]);
  return [plain, together(local('egress'), local('ingress'))];
}

/** A flow passes where both sides let it; a proxy on either side is on its way. */
function together(egress: Sides['egress'], ingress: Sides['ingress']): Sides {
  const both = [egress, ingress];
  return { egress, ingress, verdict: both.includes('deny') ? 'deny' : both.includes('redirect') ? 'redirect' : 'allow' };
}

function isSame(a: Sides, b: Sides): boolean {
  return a.egress === b.egress && a.ingress === b.ingress && a.verdict === b.verdict;
}
