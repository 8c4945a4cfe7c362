// JSON patch (RFC 6902).
import { isRecord, isSame, type Json } from '../object.ts';

/** Operations of one patch. */
export const mostOperations = 10_000;

/** Why a patch can't be applied; `malformed` when no object could take it. */
export class PatchError extends Error {
  readonly malformed: boolean;

  constructor(message: string, malformed = false) {
    super(message);
    this.name = 'PatchError';
    this.malformed = malformed;
  }
}

/** Applies to a copy: half a patch is never seen. */
export function jsonPatch(target: unknown, patch: readonly unknown[]): unknown {
  const root = { root: structuredClone(target) };
  for (const operation of patch) apply(root, operation);
  return root.root;
}

function apply(root: Json, operation: unknown): void {
  if (!isRecord(operation)) throw new PatchError('Invalid JSON Patch operation: not an object', true);
  const { op, path, from, value } = operation;
  if (typeof path !== 'string') throw new PatchError(`${String(op)} operation does not apply: missing path`, true);
  const at = pointer(path);
  switch (op) {
    case 'add':
      if (!('value' in operation)) throw new PatchError('add operation does not apply: missing value', true);
      add(root, at, structuredClone(value), path);
      return;
    case 'replace':
      read(root, at, `replace operation does not apply: doc is missing key: ${path}`);
      put(root, at, structuredClone(value));
      return;
    case 'remove':
      remove(root, at, path);
      return;
    case 'test':
      if (!isSame(read(root, at, `testing value ${path} failed`) ?? null, value ?? null))
        throw new PatchError(`testing value ${path} failed`);
      return;
    case 'copy':
    case 'move': {
      if (typeof from !== 'string') throw new PatchError(`${op} operation does not apply: missing from`, true);
      const source = pointer(from);
      const found = structuredClone(read(root, source, `${op} operation does not apply: doc is missing from path: ${from}`));
      if (op === 'move') remove(root, source, from);
      add(root, at, found, path);
      return;
    }
    default:
      throw new PatchError(`Unexpected kind: ${String(op)}`, true);
  }
}

function pointer(path: string): string[] {
  if (path === '') return ['root'];
  if (!path.startsWith('/')) throw new PatchError(`path does not begin with "/": ${path}`, true);
  return [
    'root',
    ...path
      .slice(1)
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')),
  ];
}

function parentOf(root: Json, at: readonly string[], missing: string): unknown {
  let value: unknown = root;
  for (const name of at.slice(0, -1)) value = child(value, name, missing);
  return value;
}

function child(value: unknown, name: string, missing: string): unknown {
  if (isRecord(value) && Object.hasOwn(value, name)) return value[name];
  if (Array.isArray(value) && /^\d+$/.test(name) && Number(name) < value.length) return value[Number(name)];
  throw new PatchError(missing);
}

const read = (root: Json, at: readonly string[], missing: string) => child(parentOf(root, at, missing), at[at.length - 1], missing);

function put(root: Json, at: readonly string[], value: unknown): void {
  const parent = parentOf(root, at, '');
  const name = at[at.length - 1];
  if (Array.isArray(parent)) parent[Number(name)] = value;
  else (parent as Json)[name] = value;
}

function add(root: Json, at: readonly string[], value: unknown, path: string): void {
  const missing = `add operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`;
  const parent = parentOf(root, at, missing);
  const name = at[at.length - 1];
  if (isRecord(parent)) {
    parent[name] = value;
    return;
  }
  if (!Array.isArray(parent)) throw new PatchError(missing);
  const index = name === '-' ? parent.length : Number(name);
  if (name !== '-' && (!/^\d+$/.test(name) || index > parent.length))
    throw new PatchError(`add operation does not apply: doc is missing index: ${name}: invalid index referenced`);
  parent.splice(index, 0, value);
}

function remove(root: Json, at: readonly string[], path: string): void {
  const missing = `remove operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`;
  const parent = parentOf(root, at, missing);
  const name = at[at.length - 1];
  child(parent, name, missing);
  if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else delete (parent as Json)[name];
}
