// Bodies in protobuf, of the kinds that kubectl 1.32 and later sends so: what `kubectl create` makes, leases, and delete options. Field numbers
// are part of the Kubernetes API. Answers are JSON, which such clients take too.
import { isRecord, type Json } from '../object.ts';
import { badRequest, unsupportedMediaType } from '../status-error.ts';
import { type Field, fieldsOf } from './protobuf-reader.ts';

export const protobuf = 'application/vnd.kubernetes.protobuf';
const magic = Buffer.from('k8s\0');

type Type = 'text' | 'bytes' | 'number' | 'boolean' | 'time' | 'int-or-string' | MessageName;
/** Field number → name and type; a list's type stands in brackets, a map's values' after a star. */
type Message = Readonly<Record<number, readonly [name: string, type: Type | `[${Type}]` | `*${'text' | 'bytes'}`]>>;
type MessageName = keyof typeof messages;

const messages = {
  Metadata: {
    1: ['name', 'text'],
    2: ['generateName', 'text'],
    3: ['namespace', 'text'],
    5: ['uid', 'text'],
    6: ['resourceVersion', 'text'],
    7: ['generation', 'number'],
    8: ['creationTimestamp', 'time'],
    9: ['deletionTimestamp', 'time'],
    10: ['deletionGracePeriodSeconds', 'number'],
    11: ['labels', '*text'],
    12: ['annotations', '*text'],
    13: ['ownerReferences', '[Owner]'],
    14: ['finalizers', '[text]'],
  },
  Owner: {
    1: ['kind', 'text'],
    3: ['name', 'text'],
    4: ['uid', 'text'],
    5: ['apiVersion', 'text'],
    6: ['controller', 'boolean'],
    7: ['blockOwnerDeletion', 'boolean'],
  },
  Reference: { 1: ['kind', 'text'], 2: ['namespace', 'text'], 3: ['name', 'text'], 4: ['uid', 'text'], 5: ['apiVersion', 'text'] },
  LocalReference: { 1: ['name', 'text'] },
  ConfigMap: { 1: ['metadata', 'Metadata'], 2: ['data', '*text'], 3: ['binaryData', '*bytes'], 4: ['immutable', 'boolean'] },
  Secret: {
    1: ['metadata', 'Metadata'],
    2: ['data', '*bytes'],
    3: ['type', 'text'],
    4: ['stringData', '*text'],
    5: ['immutable', 'boolean'],
  },
  Namespace: { 1: ['metadata', 'Metadata'], 2: ['spec', 'NamespaceSpec'] },
  NamespaceSpec: { 1: ['finalizers', '[text]'] },
  ServiceAccount: {
    1: ['metadata', 'Metadata'],
    2: ['secrets', '[Reference]'],
    3: ['imagePullSecrets', '[LocalReference]'],
    4: ['automountServiceAccountToken', 'boolean'],
  },
  Service: { 1: ['metadata', 'Metadata'], 2: ['spec', 'ServiceSpec'] },
  ServiceSpec: {
    1: ['ports', '[ServicePort]'],
    2: ['selector', '*text'],
    3: ['clusterIP', 'text'],
    4: ['type', 'text'],
    5: ['externalIPs', '[text]'],
    7: ['sessionAffinity', 'text'],
    8: ['loadBalancerIP', 'text'],
    9: ['loadBalancerSourceRanges', '[text]'],
    10: ['externalName', 'text'],
    11: ['externalTrafficPolicy', 'text'],
    12: ['healthCheckNodePort', 'number'],
    13: ['publishNotReadyAddresses', 'boolean'],
    17: ['ipFamilyPolicy', 'text'],
    18: ['clusterIPs', '[text]'],
    19: ['ipFamilies', '[text]'],
    20: ['allocateLoadBalancerNodePorts', 'boolean'],
    21: ['loadBalancerClass', 'text'],
    22: ['internalTrafficPolicy', 'text'],
    23: ['trafficDistribution', 'text'],
  },
  ServicePort: {
    1: ['name', 'text'],
    2: ['protocol', 'text'],
    3: ['port', 'number'],
    4: ['targetPort', 'int-or-string'],
    5: ['nodePort', 'number'],
    6: ['appProtocol', 'text'],
  },
  Preconditions: { 1: ['uid', 'text'], 2: ['resourceVersion', 'text'] },
  DeleteOptions: {
    1: ['gracePeriodSeconds', 'number'],
    2: ['preconditions', 'Preconditions'],
    3: ['orphanDependents', 'boolean'],
    4: ['propagationPolicy', 'text'],
    5: ['dryRun', '[text]'],
  },
} as const satisfies Record<string, Readonly<Record<number, readonly [string, string]>>>;

const kinds: readonly string[] = ['ConfigMap', 'Secret', 'Namespace', 'ServiceAccount', 'Service', 'DeleteOptions'];

/** The object in the body, of the kind that it says it is. `accepted` is told to those who send another. */
export function parseProtobuf(body: Buffer, accepted: readonly string[]): Json {
  if (!body.subarray(0, 4).equals(magic))
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const parts = fieldsOf(body.subarray(4));
  const type = new Map(fieldsOf(bytesAt(parts, 1)).map(({ number, value }) => [number, String(value)]));
  const kind = type.get(2) ?? '';
  if (!kinds.includes(kind)) throw unsupportedMediaType(accepted);
  return { apiVersion: type.get(1) ?? '', kind, ...read(kind as MessageName, bytesAt(parts, 2), 0) };
}

function bytesAt(fields: readonly Field[], number: number): Buffer {
  const value = fields.find((field) => field.number === number)?.value;
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

function read(name: MessageName, bytes: Buffer, depth: number): Json {
  if (depth > 10) throw badRequest('proto: exceeded max depth');
  const known: Message = messages[name];
  const object: Json = {};
  for (const { number, value } of fieldsOf(bytes)) {
    const [field, type] = known[number] ?? [];
    if (field === undefined || type === undefined) continue;
    const wholly = (one: string) => single(one as Type, value, depth);
    if (type.startsWith('[')) object[field] = [...((object[field] as unknown[] | undefined) ?? []), wholly(type.slice(1, -1))];
    else if (type.startsWith('*'))
      object[field] = { ...(isRecord(object[field]) ? object[field] : {}), ...pair(value, type.slice(1) as Type) };
    else object[field] = wholly(type);
  }
  // A text that was not set is sent as an empty one.
  for (const [field, value] of Object.entries(object)) if (value === '' || value === undefined) delete object[field];
  return object;
}

function pair(entry: Field['value'], type: Type): Json {
  const parts = Buffer.isBuffer(entry) ? fieldsOf(entry) : [];
  return { [bytesAt(parts, 1).toString()]: single(type, bytesAt(parts, 2), 0) };
}

function single(type: Type, value: Field['value'], depth: number): unknown {
  if (type === 'number' || type === 'boolean') {
    if (typeof value !== 'bigint') throw badRequest(`proto: wrong wireType for a ${type}`);
    return type === 'boolean' ? value !== 0n : Number(BigInt.asIntN(64, value));
  }
  if (!Buffer.isBuffer(value)) throw badRequest('proto: wrong wireType for a message');
  if (type === 'text') return value.toString();
  if (type === 'bytes') return value.toString('base64');
  if (type === 'time') {
    const seconds = fieldsOf(value).find(({ number }) => number === 1)?.value;
    return typeof seconds === 'bigint' ? new Date(Number(BigInt.asIntN(64, seconds)) * 1000).toISOString().replace('.000', '') : undefined;
  }
  if (type === 'int-or-string') {
    const parts = fieldsOf(value);
    const numeric = (parts.find(({ number }) => number === 1)?.value ?? 0n) === 0n;
    const whole = parts.find(({ number }) => number === 2)?.value;
    return numeric ? Number(typeof whole === 'bigint' ? BigInt.asIntN(32, whole) : 0) : bytesAt(parts, 3).toString();
  }
  return read(type, value, depth + 1);
}
