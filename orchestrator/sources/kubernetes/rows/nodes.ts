// Nodes: their addresses and the prefixes of their pods.

import { type Node, node } from '../../../model/schema/cluster-objects.ts';
import { shapeOf } from '../json/shape.ts';
import type { KubeObject } from '../object.ts';
import { accepted, addressText, type ObjectRow, prefixText, unreadMetadata } from './rejection.ts';

export interface NodeRow extends ObjectRow {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** InternalIP, ExternalIP and the like, canonical; host names are left out. */
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
  readonly podPrefixes: readonly string[];
}

/** What is kept of an object, for its row and the checks before it. */
export const nodeShape = shapeOf(node, new Set([...unreadMetadata]));

export function nodeRow(key: string, object: KubeObject): NodeRow {
  const { name } = object.metadata;
  const read = accepted(object, () => readNode(object as unknown as Node));
  if ('value' in read) return { key, name, rejected: undefined, ...read.value };
  return { key, name, rejected: read.rejected, labels: {}, addresses: [], podPrefixes: [] };
}

function readNode({ metadata, spec, status }: Node) {
  const listed = (spec?.podCIDRs ?? []).filter((text) => typeof text === 'string');
  const prefixes = listed.length > 0 ? listed : spec?.podCIDR ? [spec.podCIDR] : [];
  const addresses = (status?.addresses ?? []).flatMap((entry) => {
    if (!entry?.type?.endsWith('IP')) return [];
    return [{ type: entry.type, address: addressText(entry.address ?? '', 'status.addresses') }];
  });
  return {
    labels: (metadata?.labels ?? {}) as Record<string, string>,
    addresses,
    podPrefixes: prefixes.map((text) => prefixText(text as string, 'spec.podCIDRs')),
  };
}
