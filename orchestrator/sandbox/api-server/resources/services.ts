// Services: each gets addresses and ports that no other has.
import { isIPv6 } from 'node:net';
import { type Json, type KubeObject, listAt, recordAt, textAt } from '../object.ts';
import { resource, type Surroundings } from '../resource.ts';
import { definition } from '../schema/definitions.ts';
import { serviceColumns } from '../table/service-columns.ts';
import { serviceErrors } from '../validation/service.ts';
import { isExternallyAccessible, wantsHealthCheck } from '../validation/service-policies.ts';

export const services = resource({
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  nameRule: 'rfc1035',
  hasStatus: true,
  returnsDeleted: true,
  createOnUpdate: true,
  columns: serviceColumns,
  selectable: {
    'spec.clusterIP': (object) => textAt(object, 'spec', 'clusterIP'),
    'spec.type': (object) => textAt(object, 'spec', 'type'),
  },
  schema: definition('Service'),
  prepare: prepareService,
  validate: serviceErrors,
  claims,
});

/** Addresses and node ports that this service holds. */
function claims(object: KubeObject): string[] {
  const spec = recordAt(object, 'spec');
  const addresses = (listAt(spec, 'clusterIPs') as string[]).filter((address) => address !== 'None' && address !== '');
  const single = textAt(spec, 'clusterIP');
  if (addresses.length === 0 && single !== '' && single !== 'None') addresses.push(single);
  const ports = new Set(
    listAt(spec, 'ports')
      .map((port) => textAt(port, 'nodePort'))
      .concat(textAt(spec, 'healthCheckNodePort'))
      .filter((port) => port !== '' && port !== '0'),
  );
  return [...addresses.map((address) => `serviceips/${address}`), ...[...ports].map((port) => `servicenodeports/${port}`)];
}

function prepareService(object: KubeObject, old: KubeObject | undefined, around: Surroundings): void {
  const spec = recordAt(object, 'spec');
  object.spec = spec;
  spec.type ??= 'ClusterIP';
  spec.sessionAffinity ??= 'None';
  if (spec.sessionAffinity === 'ClientIP') spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: 10800 } };
  for (const port of listAt(spec, 'ports') as Json[]) {
    port.protocol ??= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
  }
  if (old === undefined) object.status = { loadBalancer: {} };
  if (spec.type === 'ExternalName') {
    releaseAddresses(spec);
    return;
  }
  spec.internalTrafficPolicy ??= 'Cluster';
  if (old !== undefined) dropWithType(spec, recordAt(old, 'spec'));
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  if (old !== undefined) keepAllocated(spec, recordAt(old, 'spec'));
  allocateAddresses(spec, recordAt(old, 'spec'), around);
  allocatePorts(spec, around);
}

function releaseAddresses(spec: Json): void {
  for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy']) delete spec[field];
}

/** What came with the old type and was only sent back goes with it. */
function dropWithType(spec: Json, old: Json): void {
  const isSentBack = (field: string) => spec[field] !== undefined && JSON.stringify(spec[field]) === JSON.stringify(old[field]);
  if (!isExternallyAccessible(spec) && isSentBack('externalTrafficPolicy')) delete spec.externalTrafficPolicy;
  if (!wantsHealthCheck(spec) && isSentBack('healthCheckNodePort')) delete spec.healthCheckNodePort;
  if (spec.type !== 'LoadBalancer' && isSentBack('allocateLoadBalancerNodePorts')) delete spec.allocateLoadBalancerNodePorts;
  if (spec.sessionAffinity === 'None' && isSentBack('sessionAffinityConfig')) delete spec.sessionAffinityConfig;
  if (wantsHealthCheck(spec)) spec.healthCheckNodePort ??= old.healthCheckNodePort;
}

/** A writer who does not know what was allocated keeps it. */
function keepAllocated(spec: Json, old: Json): void {
  if (old.type !== 'ExternalName') {
    if (!spec.clusterIP && !spec.clusterIPs) {
      spec.clusterIP = old.clusterIP;
      spec.clusterIPs = old.clusterIPs;
    }
    if (spec.clusterIP && !spec.clusterIPs) spec.clusterIPs = spec.clusterIP === old.clusterIP ? old.clusterIPs : [spec.clusterIP];
    spec.ipFamilies ??= old.ipFamilies;
    spec.ipFamilyPolicy ??= old.ipFamilyPolicy;
  }
  if (spec.type === 'ClusterIP') {
    // Ports that came with the old type and were only sent back go with it.
    const had = listAt(old, 'ports').map((port) => textAt(port, 'nodePort'));
    if (old.type !== 'ClusterIP')
      for (const port of listAt(spec, 'ports') as Json[]) if (had.includes(textAt(port, 'nodePort'))) delete port.nodePort;
    return;
  }
  for (const port of listAt(spec, 'ports') as Json[]) {
    const same = listAt(old, 'ports').find(
      (one) => textAt(one, 'port') === String(port.port) && textAt(one, 'protocol') === port.protocol,
    ) as Json | undefined;
    if (!port.nodePort && same?.nodePort) port.nodePort = same.nodePort;
  }
}

function allocateAddresses(spec: Json, old: Json, { serviceNetwork }: Surroundings): void {
  const all = listAt(spec, 'clusterIPs') as string[];
  const given = all.length === 0 && spec.clusterIP ? [String(spec.clusterIP)] : all;
  const headless = given[0] === 'None';
  const families = decideFamilies(spec, old, headless ? [] : given, serviceNetwork);
  spec.ipFamilies = families;
  if (headless) {
    spec.clusterIP = 'None';
    spec.clusterIPs = ['None'];
    return;
  }
  const addresses = families.map((family, index) => given[index] ?? anAddress(family, serviceNetwork));
  // More than there are families are told to their author rather than dropped, unless a family was given back.
  const kept = families.length < listAt(old, 'ipFamilies').length ? [] : given.slice(families.length);
  spec.clusterIPs = [...addresses.filter((address) => address !== undefined), ...kept];
  spec.clusterIP ||= addresses[0];
}

/** Which families a service has: what its author says, else what its addresses say, else the cluster's first. */
function decideFamilies(spec: Json, old: Json, given: readonly string[], { families }: Surroundings['serviceNetwork']): string[] {
  const served = families.map(({ family }) => family);
  const decided = [...(listAt(spec, 'ipFamilies') as string[])];
  for (const address of given.slice(decided.length)) decided.push(isIPv6(address) ? 'IPv6' : 'IPv4');
  const nobodySelected = Object.keys(recordAt(spec, 'selector')).length === 0;
  // Somebody else says where such a service leads, and may say it for both families, whatever the cluster has.
  const isFree = spec.clusterIP === 'None' && nobodySelected;
  const policy = textAt(spec, 'ipFamilyPolicy') || (decided.length > 1 || isFree ? 'RequireDualStack' : 'SingleStack');
  spec.ipFamilyPolicy = policy;
  if (decided.length === 0) decided.push(served[0]);
  if (policy === 'SingleStack') {
    // One that had both gives the second back.
    const had = listAt(old, 'ipFamilies');
    return old.ipFamilyPolicy !== 'SingleStack' && had.length > 1 && decided[0] === had[0] ? decided.slice(0, 1) : decided;
  }
  const other = decided[0] === 'IPv4' ? 'IPv6' : 'IPv4';
  if (decided.length === 1 && (isFree || served.includes(other))) decided.push(other);
  return decided;
}

/** So many of a network's first addresses are left to who asks for one of them, as Kubernetes does (KEP-3070). */
function staticBand(size: number): number {
  return size < 32 ? 1 : Math.min(Math.max(16, size / 16), 256);
}

/** One by chance: should it be taken, the write is refused and another is drawn. */
function anAddress(family: string, { families }: Surroundings['serviceNetwork']): string | undefined {
  const range = families.find((one) => one.family === family);
  if (range === undefined) return undefined;
  const first = staticBand(range.size);
  return range.address(first + Math.floor(Math.random() * (range.size - 1 - first)));
}

/** By chance: should one be taken, the write is refused and others are drawn. */
function allocatePorts(spec: Json, { serviceNetwork }: Surroundings): void {
  const [first, last] = serviceNetwork.nodePorts;
  const drawn = new Set((listAt(spec, 'ports') as Json[]).map(({ nodePort }) => Number(nodePort ?? 0)));
  const draw = () => {
    for (;;) {
      const candidate = first + Math.floor(Math.random() * (last - first + 1));
      if (drawn.has(candidate)) continue;
      drawn.add(candidate);
      return candidate;
    }
  };
  if (wantsHealthCheck(spec)) spec.healthCheckNodePort ||= draw();
  const wanted = spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
  if (!wanted) return;
  for (const port of listAt(spec, 'ports') as Json[]) port.nodePort ||= draw();
}
