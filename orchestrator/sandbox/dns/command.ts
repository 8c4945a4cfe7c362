// The cluster's names as a process: `axoneme sandbox-dns FLAGS`, behind a resolver in the pod of the cluster's DNS.

import { parseArgs } from 'node:util';
import { AgentError } from '../../errors.ts';
import { log } from '../../log.ts';
import { Counts } from '../../sources/kubernetes/counts.ts';
import { openCredentials } from '../../sources/kubernetes/credentials.ts';
import type { KubeObject } from '../../sources/kubernetes/object.ts';
import { Reflector } from '../../sources/kubernetes/reflector.ts';
import { type Resource, resources } from '../../sources/kubernetes/resource.ts';
import { Transport } from '../../sources/kubernetes/transport.ts';
import { realClock } from '../../state/clock.ts';
import { openDnsServer } from './server.ts';
import { type Service, type Slice, Zone } from './zone.ts';

/** Answers once all services and their endpoints are known; resolves at SIGTERM. */
export async function dnsCommand(args: readonly string[]): Promise<number> {
  const { kubeconfig, domain, port } = readFlags(args);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const zone = new Zone(domain);
  const transport = new Transport({ credentials: await openCredentials({ kubeconfig }), clock: realClock, counts: new Counts() });
  const follow = (resource: Resource, put: (key: string, object: KubeObject) => void, remove: (key: string) => void) => {
    const known = Promise.withResolvers<void>();
    const sink = {
      put,
      delete: remove,
      synced: known.resolve,
      lost: (reason: string) => log.room('dns').warn('the API server is away', { error: reason }),
    };
    const running = new Reflector({ transport, resource, clock: realClock, counts: new Counts(), sink }).run({ signal: stop.signal });
    return { known: known.promise, running };
  };
  const followed = [
    follow(
      resources.services,
      (key, object) => zone.putService(key, object as unknown as Service),
      (key) => zone.deleteService(key),
    ),
    follow(
      resources.endpointSlices,
      (key, object) => zone.putSlice(key, object as unknown as Slice),
      (key) => zone.deleteSlice(key),
    ),
  ];
  await Promise.all(followed.map(({ known }) => known));
  const server = await openDnsServer(zone, { host: '::', port });
  await Promise.all(followed.map(({ running }) => running));
  await server.close();
  transport.close();
  return 0;
}

function readFlags(args: readonly string[]): { kubeconfig: string; domain: string; port: number } {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({ args: [...args], options: { kubeconfig: text, domain: text, port: text }, strict: true });
    const { kubeconfig, domain = 'cluster.local', port = '5353' } = values;
    if (kubeconfig === undefined) throw new Error('needs --kubeconfig');
    return { kubeconfig, domain, port: Number(port) };
  } catch (error) {
    throw new AgentError('USAGE_INVALID', `sandbox-dns: ${(error as Error).message}`);
  }
}
