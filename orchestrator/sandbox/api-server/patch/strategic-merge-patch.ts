// Strategic merge patch: a merge patch that knows which lists are sets of objects with a key.
import { isRecord, type Json } from '../object.ts';
import { definition } from '../schema/definitions.ts';
import type { Schema } from '../schema/schema.ts';
import { PatchError } from './json-patch.ts';

const directive = '$patch';
const retain = '$retainKeys';
const deletion = '$deleteFromPrimitiveList/';
const order = '$setElementOrder/';

export function strategicMergePatch(target: Json, patch: Json, schema: Schema | undefined): Json {
  return mergeRecord(target, patch, schema);
}

const resolved = (schema: Schema | undefined) => (schema?.$ref === undefined ? schema : definition(schema.$ref));

function member(schema: Schema | undefined, name: string): Schema | undefined {
  const { properties, additionalProperties } = resolved(schema) ?? {};
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];
  return isRecord(additionalProperties) ? (additionalProperties as Schema) : undefined;
}

function mergeRecord(target: Json, patch: Json, schema: Schema | undefined): Json {
  const { [directive]: instruction, [retain]: retained, ...rest } = patch;
  if (instruction === 'replace') return withoutDirectives(rest) as Json;
  if (instruction === 'delete') return {};
  if (instruction !== undefined && instruction !== 'merge') throw new PatchError(`unknown patch type: ${String(instruction)}`, true);
  const result = retained === undefined ? { ...target } : keepOnly(target, retained);
  for (const [name, value] of Object.entries(rest)) {
    if (name.startsWith(deletion) || name.startsWith(order)) continue;
    if (value === null) delete result[name];
    else result[name] = mergeValue(Object.hasOwn(result, name) ? result[name] : undefined, value, member(schema, name));
  }
  for (const [name, value] of Object.entries(rest)) {
    if (name.startsWith(deletion)) removePrimitives(result, name.slice(deletion.length), value);
  }
  for (const [name, value] of Object.entries(rest)) {
    if (name.startsWith(order)) reorder(result, name.slice(order.length), value, target, member(schema, name.slice(order.length)));
  }
  return result;
}

function keepOnly(target: Json, names: unknown): Json {
  if (!Array.isArray(names)) throw new PatchError('invalid patch format of retainKeys', true);
  return Object.fromEntries(Object.entries(target).filter(([name]) => names.includes(name)));
}

function mergeValue(target: unknown, patch: unknown, schema: Schema | undefined): unknown {
  if (isRecord(patch)) return mergeRecord(isRecord(target) ? target : {}, patch, schema);
  if (!Array.isArray(patch)) return patch;
  const strategy = (schema?.['x-kubernetes-patch-strategy'] ?? '').split(',');
  if (!strategy.includes('merge')) return withoutDirectives(patch);
  const key = schema?.['x-kubernetes-patch-merge-key'];
  const current = Array.isArray(target) ? target : [];
  if (key === undefined) return [...current, ...patch.filter((item) => !current.includes(item))];
  return mergeList(current, patch, key, schema?.items);
}

function mergeList(target: readonly unknown[], patch: readonly unknown[], key: string, schema: Schema | undefined): unknown[] {
  if (patch.some((item) => isRecord(item) && item[directive] === 'replace')) {
    return withoutDirectives(
      patch.filter((item) => !(isRecord(item) && item[directive] === 'replace' && Object.keys(item).length === 1)),
    ) as unknown[];
  }
  const result = [...target];
  for (const item of patch) {
    if (!isRecord(item)) throw new PatchError(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`, true);
    if (!Object.hasOwn(item, key)) throw new PatchError(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`, true);
    const at = result.findIndex((one) => isRecord(one) && one[key] === item[key]);
    if (item[directive] === 'delete') {
      if (at !== -1) result.splice(at, 1);
    } else if (at === -1) result.push(mergeRecord({}, item, schema));
    else result[at] = mergeRecord(result[at] as Json, item, schema);
  }
  return result;
}

function removePrimitives(result: Json, name: string, values: unknown): void {
  if (!Array.isArray(values)) throw new PatchError(`invalid patch format of ${deletion}${name}`, true);
  if (Array.isArray(result[name])) result[name] = (result[name] as unknown[]).filter((item) => !values.includes(item));
}

/** The patch's order for what it names; what it does not name stays after the neighbour that it had. */
function reorder(result: Json, name: string, wanted: unknown, target: Json, schema: Schema | undefined): void {
  const list = result[name];
  if (!Array.isArray(wanted)) throw new PatchError(`invalid patch format of ${order}${name}`, true);
  if (!Array.isArray(list)) return;
  const key = schema?.['x-kubernetes-patch-merge-key'];
  const id = (item: unknown) => (key !== undefined && isRecord(item) ? item[key] : item);
  const ranks = new Map(wanted.map((item, index) => [id(item), index]));
  const before = (Array.isArray(target[name]) ? (target[name] as unknown[]) : []).map(id);
  const named = list.filter((item) => ranks.has(id(item))).sort((a, b) => (ranks.get(id(a)) ?? 0) - (ranks.get(id(b)) ?? 0));
  for (const item of list) {
    if (ranks.has(id(item))) continue;
    const place = before.indexOf(id(item));
    const follower = before.slice(place + 1).find((other) => named.some((one) => id(one) === other));
    const at = follower === undefined ? named.length : named.findIndex((one) => id(one) === follower);
    named.splice(at, 0, item);
  }
  result[name] = named;
}

function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(
    ([name]) => name !== directive && name !== retain && !name.startsWith(deletion) && !name.startsWith(order),
  );
  return Object.fromEntries(entries.map(([name, member]) => [name, withoutDirectives(member)]));
}
