// Bodies in protobuf, of all built-in kinds, as clients in Go send them. Answers are JSON, which such clients take too. What messages consist of
// is in generated/messages.ts; here is only how values are written.
import type { Json } from '../object.ts';
import { badRequest, unsupportedMediaType } from '../status-error.ts';
import { messages } from './generated/messages.ts';
import { bytesAt, type Field, fieldsOf, numberAt } from './reader.ts';

export const protobuf = 'application/vnd.kubernetes.protobuf';
const magic = Buffer.from('k8s\0');

interface Member {
  readonly name: string;
  readonly type: string;
  readonly form: 'one' | 'list' | 'map' | 'inline';
  /** Its zero says nothing. */
  readonly silent: boolean;
}

type Message = ReadonlyMap<number, Member>;

/** The object in the body, of the kind that it says it is. `accepted` is told to those who send another. */
export function parseProtobuf(body: Buffer, accepted: readonly string[]): Json {
  if (!body.subarray(0, 4).equals(magic))
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const parts = fieldsOf(body.subarray(4));
  const type = fieldsOf(bytesAt(parts, 1));
  const apiVersion = bytesAt(type, 1).toString();
  const kind = bytesAt(type, 2).toString();
  const name = messageName(apiVersion, kind);
  if (name === undefined) throw unsupportedMediaType(accepted);
  const object: Json = { apiVersion, kind };
  readInto(object, name, bytesAt(parts, 2));
  return object;
}

/** Options of a delete are sent under whatever version their objects have. */
function messageName(apiVersion: string, kind: string): string | undefined {
  if (kind === 'DeleteOptions') return 'meta.v1.DeleteOptions';
  const [version, group = 'core'] = apiVersion.split('/').toReversed();
  const name = `${group.replace(/\.k8s\.io$/, '')}.${version}.${kind}`;
  return Object.hasOwn(messages, name) ? name : undefined;
}

const known = new Map<string, Message>();

function message(name: string): Message {
  const there = known.get(name);
  if (there !== undefined) return there;
  const members = new Map(messages[name].split('\n').map((line) => [Number.parseInt(line, 10), member(line)]));
  known.set(name, members);
  return members;
}

function member(line: string): Member {
  const [, spelled, type] = line.split(' ');
  const form = spelled === '^' ? 'inline' : type.startsWith('[]') ? 'list' : type.startsWith('{}') ? 'map' : 'one';
  const plain = form === 'list' || form === 'map' ? type.slice(2) : type;
  return { name: spelled.replace('?', ''), type: plain, form, silent: spelled.endsWith('?') };
}

/** No message that is read here may hold another of its kind: how deep it goes is bounded by what is known. */
function readInto(object: Json, name: string, bytes: Buffer): void {
  const members = message(name);
  for (const { number, value } of fieldsOf(bytes)) {
    const member = members.get(number);
    if (member === undefined) continue;
    const { name: field, type, form, silent } = member;
    if (form === 'inline') {
      readInto(object, type, bytesOf(value));
      continue;
    }
    if (form === 'list') {
      const list = Array.isArray(object[field]) ? object[field] : [];
      list.push(single(type, value));
      object[field] = list;
    } else if (form === 'map') {
      const map = (object[field] ?? {}) as Json;
      const parts = fieldsOf(bytesOf(value));
      const key = bytesAt(parts, 1).toString();
      const entry = { value: single(type, bytesAt(parts, 2)), enumerable: true, configurable: true, writable: true };
      // A key like __proto__ is a key like any other.
      Object.defineProperty(map, key, entry);
      object[field] = map;
    } else {
      const one = single(type, value);
      if (one === undefined || (silent && (one === '' || one === 0 || one === false))) continue;
      object[field] = one;
    }
  }
}

function bytesOf(value: Field['value']): Buffer {
  if (Buffer.isBuffer(value)) return value;
  throw badRequest('proto: wrong wireType for a message');
}

function single(type: string, value: Field['value']): unknown {
  if (type === 'int' || type === 'bool') {
    if (typeof value !== 'bigint') throw badRequest(`proto: wrong wireType for a number`);
    return type === 'bool' ? value !== 0n : Number(BigInt.asIntN(64, value));
  }
  const bytes = bytesOf(value);
  const special = specials[type];
  if (special !== undefined) return special(bytes);
  const object: Json = {};
  readInto(object, type, bytes);
  return object;
}

/** Messages that JSON writes as something else. */
const specials: Readonly<Record<string, (bytes: Buffer) => unknown>> = {
  string: (bytes) => bytes.toString(),
  bytes: (bytes) => bytes.toString('base64'),
  'meta.v1.Time': (bytes) => time(bytes)?.replace(/\.\d+Z$/, 'Z'),
  'meta.v1.MicroTime': time,
  'resource.Quantity': (bytes) => bytesAt(fieldsOf(bytes), 1).toString(),
  'intstr.IntOrString': (bytes) => {
    const parts = fieldsOf(bytes);
    if ((numberAt(parts, 1) ?? 0n) !== 0n) return bytesAt(parts, 3).toString();
    return Number(BigInt.asIntN(32, numberAt(parts, 2) ?? 0n));
  },
  'authentication.v1.ExtraValue': texts,
  'authorization.v1.ExtraValue': texts,
};

function texts(bytes: Buffer): string[] {
  return fieldsOf(bytes).map(({ value }) => bytesOf(value).toString());
}

/** With six digits below the second; undefined for the time that nobody set, which is sent as nothing. */
function time(bytes: Buffer): string | undefined {
  if (bytes.length === 0) return undefined;
  const parts = fieldsOf(bytes);
  const seconds = Number(BigInt.asIntN(64, numberAt(parts, 1) ?? 0n));
  const micros = Math.floor(Number(numberAt(parts, 2) ?? 0n) / 1000);
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw badRequest('proto: a time is out of range');
  return `${date.toISOString().slice(0, -5)}.${String(micros).padStart(6, '0')}Z`;
}
