// Reviews: what is sent comes back with its answer.

import { type Context, surroundings } from '../context.ts';
import { invalidObject } from '../field-error.ts';
import { type Call, jsonReply, type Reply } from '../http/call.ts';
import type { KubeObject } from '../object.ts';

export async function answer(context: Context, call: Call, object: KubeObject): Promise<Reply> {
  const { resource, user } = call;
  const errors = resource.validate?.(object, undefined, surroundings(context)) ?? [];
  if (errors.length > 0) throw invalidObject(resource, '', errors);
  const status = await resource.answer?.(object, { user, authentication: context.authentication });
  const { kind, apiVersion, metadata, ...rest } = object;
  return jsonReply({ kind, apiVersion, metadata: { ...metadata, creationTimestamp: null }, ...rest, status }, 201);
}
