// Endpoint slices: where the backends of a service are.

import { type EndpointSlice, endpointSlice } from '../../../model/schema/cluster-objects.ts';
import type { SliceFacts } from '../../../model/service/rows.ts';
import { shapeOf } from '../json/shape.ts';
import type { KubeObject } from '../object.ts';
import { accepted, addressText, type ObjectRow, portNumber, protocolNumber, unreadable, unreadMetadata } from './rejection.ts';

export interface EndpointSliceRow extends ObjectRow, SliceFacts {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
}

/** What is kept of an object, for its row and the checks before it. */
export const endpointSliceShape = shapeOf(endpointSlice, new Set(unreadMetadata.filter((name) => name !== 'metadata.annotations')));

export function endpointSliceRow(key: string, object: KubeObject): EndpointSliceRow {
  const { namespace = '', name } = object.metadata;
  const read = accepted(object, () => readSlice(object as unknown as EndpointSlice));
  if ('value' in read) return { key, namespace, name, rejected: undefined, ...read.value };
  return { key, namespace, name, rejected: read.rejected, service: '', endpoints: [], ports: [], weight: 1 };
}

function readSlice({ metadata, addressType, endpoints, ports }: EndpointSlice) {
  const family = addressType ?? '';
  if (family !== 'IPv4' && family !== 'IPv6' && family !== 'FQDN') throw unreadable('addressType', 'not one of IPv4, IPv6, FQDN', family);
  // Names are for whoever resolves them; there is nothing to balance to.
  const entries = family === 'FQDN' ? [] : (endpoints ?? []);
  return {
    service: (metadata?.labels as Record<string, string> | undefined)?.['kubernetes.io/service-name'] ?? '',
    endpoints: entries.map((endpoint) => {
      // Unknown is ready, and whatever is ready serves.
      const isReady = endpoint?.conditions?.ready ?? true;
      return {
        addresses: (endpoint?.addresses ?? []).map((text) => addressText(text ?? '', 'endpoints.addresses')),
        isReady,
        isServing: endpoint?.conditions?.serving ?? isReady,
        isTerminating: endpoint?.conditions?.terminating ?? false,
        node: endpoint?.nodeName ?? '',
        zone: endpoint?.zone ?? '',
        forNodes: hints(endpoint?.hints?.forNodes),
        forZones: hints(endpoint?.hints?.forZones),
      };
    }),
    ports: (ports ?? []).map((port) => ({
      name: port?.name ?? '',
      port: typeof port?.port === 'number' ? portNumber(port.port, 'ports.port') : undefined,
      protocol: protocolNumber(port?.protocol, 'ports.protocol'),
    })),
    weight: weightOf((metadata?.annotations as Record<string, string> | undefined)?.['axoneme.io/weight']),
  };
}

/** Most slices have none, and share this. */
const noHints: readonly string[] = [];

function hints(list: readonly ({ readonly name?: string | null } | null)[] | null | undefined): readonly string[] {
  const names = (list ?? []).flatMap((hint) => hint?.name ?? []);
  return names.length === 0 ? noHints : names;
}

const mostWeight = 1000;

function weightOf(text: string | undefined): number {
  if (text === undefined) return 1;
  const weight = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (!(weight <= mostWeight)) throw unreadable('metadata.annotations[axoneme.io/weight]', `not a number from 0 to ${mostWeight}`, text);
  return weight;
}
