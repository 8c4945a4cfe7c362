// Cluster objects: pods and nodes as their manifests say them. Their schemas have been checked.

import type { NamedPort } from '../model/identity.ts';
import type { Problem } from '../model/policy/problem.ts';
import { protocolNumbers } from './message.ts';
import { isAddress, parsePlace } from './place.ts';
import type { World } from './world.ts';

interface Container {
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number; readonly protocol?: string }[];
}

export interface PodObject {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly serviceAccountName?: string;
    readonly hostNetwork?: boolean;
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
  readonly status?: { readonly phase?: string; readonly podIP?: string; readonly podIPs?: readonly { readonly ip?: string }[] };
}

export interface NodeObject {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly addresses?: readonly { readonly type: string; readonly address: string }[] };
}

/** A pod in the host's network is the host to policy; one that has ended has no network any more. */
export function readPod(world: World, { metadata, spec = {}, status = {} }: PodObject): Problem[] {
  const namespace = metadata.namespace || 'default';
  const key = `${namespace}/${metadata.name}`;
  world.versions.places += 1;
  if (spec.hostNetwork === true || status.phase === 'Succeeded' || status.phase === 'Failed') {
    world.pods.delete(key);
    if (spec.hostNetwork !== true) return [];
    const message = 'the pod is in the network of its node: to policy it is the host';
    return [{ severity: 'warning', class: 'host-network', path: ['spec', 'hostNetwork'], message }];
  }
  const addresses = new Set([status.podIP, ...(status.podIPs ?? []).map(({ ip }) => ip)].filter((ip) => ip !== undefined && isAddress(ip)));
  world.pods.set(key, {
    key,
    namespace,
    name: metadata.name,
    labels: metadata.labels ?? {},
    serviceAccount: spec.serviceAccountName || 'default',
    ports: [...(spec.containers ?? []), ...(spec.initContainers ?? [])].flatMap(({ ports = [] }) => ports.flatMap(namedPort)),
    places: [...addresses].map((ip) => parsePlace(ip as string)),
    endpoint: world.pods.get(key)?.endpoint ?? world.nextEndpoint(),
  });
  return [];
}

export function readNode(world: World, { metadata, status = {} }: NodeObject): void {
  const addresses = new Set((status.addresses ?? []).map(({ address }) => address).filter(isAddress));
  const places = [...addresses].map(parsePlace);
  const reserved = world.outside.get(metadata.name)?.reserved ?? ['remote-node'];
  if (places.length > 0) world.outside.set(metadata.name, { name: metadata.name, places, reserved });
}

function namedPort({ name, containerPort, protocol = 'TCP' }: NonNullable<Container['ports']>[number]): NamedPort[] {
  const number = protocolNumbers[protocol.toLowerCase() as keyof typeof protocolNumbers];
  return name === undefined || number === undefined ? [] : [{ name: name.toLowerCase(), port: containerPort, protocol: number }];
}
