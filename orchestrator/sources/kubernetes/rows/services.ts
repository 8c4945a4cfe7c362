// Services: names under which clients reach others.

import { type Service, service } from '../../../model/schema/cluster-objects.ts';
import { shapeOf } from '../json/shape.ts';
import type { KubeObject } from '../object.ts';
import { accepted, addressText, type ObjectRow, portNumber, protocolNumber, unreadMetadata } from './rejection.ts';

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: number;
  /** Undefined when there is none. */
  readonly nodePort: number | undefined;
}

export interface ServiceRow extends ObjectRow {
  readonly namespace: string;
  readonly name: string;
  /** ClusterIP, NodePort, LoadBalancer or ExternalName. */
  readonly type: string;
  /** Canonical; none for a headless service. */
  readonly clusterAddresses: readonly string[];
  readonly ports: readonly ServicePort[];
  /** Undefined: somebody else writes its endpoints. */
  readonly selector: Readonly<Record<string, string>> | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** What is kept of an object, for its row and the checks before it. */
export const serviceShape = shapeOf(service, new Set([...unreadMetadata]));

export function serviceRow(key: string, object: KubeObject): ServiceRow {
  const { namespace = '', name } = object.metadata;
  const read = accepted(object, () => readService(object as unknown as Service));
  if ('value' in read) return { key, namespace, name, rejected: undefined, ...read.value };
  const nothing = { type: '', clusterAddresses: [], ports: [], selector: undefined, labels: {} };
  return { key, namespace, name, rejected: read.rejected, ...nothing };
}

function readService({ metadata, spec }: Service) {
  const listed = (spec?.clusterIPs ?? []) as (string | null)[];
  const texts = (listed.length > 0 ? listed : [spec?.clusterIP]).filter(
    (text) => typeof text === 'string' && text !== '' && text !== 'None',
  );
  return {
    type: spec?.type || 'ClusterIP',
    clusterAddresses: texts.map((text) => addressText(text as string, 'spec.clusterIPs')),
    ports: (spec?.ports ?? []).map((port) => ({
      name: port?.name ?? '',
      port: portNumber(port?.port, 'spec.ports.port'),
      protocol: protocolNumber(port?.protocol, 'spec.ports.protocol'),
      nodePort: port?.nodePort ? portNumber(port.nodePort, 'spec.ports.nodePort') : undefined,
    })),
    selector: (spec?.selector ?? undefined) as Record<string, string> | undefined,
    labels: (metadata?.labels ?? {}) as Record<string, string>,
  };
}
