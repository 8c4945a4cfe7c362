// The service `kubernetes`: where pods reach this server.
import { randomUUID } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { type Context, surroundings } from '../context.ts';
import { isSame, type KubeObject, timestamp } from '../object.ts';
import type { Resource } from '../resource.ts';
import { serviceLabel } from './slice-writer.ts';

const name = 'kubernetes';
const namespace = 'default';
const port = { name: 'https', protocol: 'TCP' };

/** Written anew by whichever server opens. It selects nothing: its endpoints are this server's business. */
export async function writeOwnService(context: Context): Promise<void> {
  const { registry, advertised, serviceNetwork } = context;
  if (advertised === undefined) return;
  const first = serviceNetwork.families[0];
  const services = registry.own('services');
  const service: KubeObject = {
    metadata: { name, namespace, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: first.address(1),
      clusterIPs: [first.address(1)],
      ports: [{ ...port, port: 443, targetPort: advertised.port }],
    },
  };
  services.prepare?.(service, undefined, surroundings(context));
  await put(context, services, service);
  const subsets = [{ addresses: [{ ip: advertised.address }], ports: [{ ...port, port: advertised.port }] }];
  const skip = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
  await put(context, registry.own('endpoints'), { metadata: { name, namespace, labels: skip }, subsets });
  await put(context, registry.own('endpointslices'), {
    metadata: { name, namespace, labels: { [serviceLabel]: name } },
    addressType: isIPv6(advertised.address) ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [advertised.address], conditions: { ready: true } }],
    ports: [{ ...port, port: advertised.port }],
  });
}

async function put({ storage, now }: Context, resource: Resource, wanted: KubeObject): Promise<void> {
  const stored = await storage.get(resource, namespace, name);
  if (stored === undefined) {
    await storage.create(resource, { ...wanted, metadata: { ...wanted.metadata, uid: randomUUID(), creationTimestamp: timestamp(now()) } });
    return;
  }
  const { metadata: _metadata, ...content } = wanted;
  const next = { ...stored.copyFor(resource), ...content };
  if (!isSame(next, stored.copyFor(resource))) await storage.update(resource, next, stored);
}
