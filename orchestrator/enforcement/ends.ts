// Ends: whom the texts of a question mean, as this node knows them by now: pods, addresses, and words like `host`.

import { ipKey } from '../etcd/records/ip.ts';
import { reservedIdentities } from '../model/identities.ts';
import { type Identity, type ReservedName, reserved } from '../model/identity.ts';
import { parsePrefix } from '../net/prefix.ts';
import type { Desired } from './desired.ts';
import type { Nodes } from './nodes.ts';
import type { RecordTables } from './records.ts';
import type { Subject } from './subjects.ts';

export interface End {
  /** `namespace/name` of a pod, else as it was asked. */
  readonly name: string;
  /** Of an endpoint of this node. */
  readonly local: Subject | undefined;
  /** Undefined: nobody has told who it is. */
  readonly identity: Identity | undefined;
  /** 0 with an identity that is not known. */
  readonly number: number;
  readonly address: string | undefined;
  /** Empty for here and for outside. */
  readonly node: string;
}

export interface Surroundings {
  readonly desired: Desired;
  readonly nodes: Nodes;
  readonly addresses: RecordTables['addresses'];
}

/** Undefined for a pod or a word that nothing is known of; throws a TypeError for what is neither of them nor an address. */
export function findEnd(text: string, surroundings: Surroundings): End | undefined {
  if (Object.hasOwn(reserved, text)) return reservedEnd(text as ReservedName);
  if (text.includes('/')) return localEnd((row) => `${row.namespace}/${row.pod}` === text, surroundings) ?? otherPod(text, surroundings);
  return localEnd(({ addresses }) => addresses.includes(text), surroundings) ?? addressEnd(text, surroundings);
}

function reservedEnd(name: ReservedName): End {
  const number = reserved[name];
  return { name, local: undefined, identity: reservedIdentities[number - 1], number, address: undefined, node: '' };
}

function localEnd(isMeant: (row: Subject['row']) => boolean, { desired }: Surroundings): End | undefined {
  for (const local of desired.subjects.byEndpoint.values()) {
    if (!isMeant(local.row)) continue;
    const { endpoint, namespace, pod, addresses } = local.row;
    const number = desired.endpoints.told.get(endpoint)?.number ?? 0;
    return { name: `${namespace}/${pod}`, local, identity: desired.peers.get(number), number, address: addresses[0], node: '' };
  }
  return undefined;
}

function otherPod(text: string, { desired, nodes, addresses }: Surroundings): End | undefined {
  for (const { record } of addresses.rows()) {
    if (`${record.K8sNamespace}/${record.K8sPodName}` !== text) continue;
    const node = [...nodes.byName.values()].find(({ address, others }) => address === record.HostIP || others.includes(record.HostIP));
    const [number, address] = [record.ID, record.IP];
    return { name: text, local: undefined, identity: desired.peers.get(number), number, address, node: node?.node ?? record.HostIP };
  }
  return undefined;
}

function addressEnd(text: string, { desired, addresses }: Surroundings): End {
  const prefix = parsePrefix(text);
  const { identity: number, node } = desired.prefixes.describe(prefix);
  const record = addresses.get(ipKey(text))?.record;
  const name = record?.K8sPodName === undefined ? text : `${record.K8sNamespace}/${record.K8sPodName}`;
  return { name, local: undefined, identity: desired.peers.get(number), number, address: text, node };
}
