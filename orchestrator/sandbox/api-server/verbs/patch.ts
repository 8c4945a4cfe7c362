// patch: three ways to say what is to change; the result is written like any update.
import type { Context } from '../context.ts';
import type { Call, Reply } from '../http/call.ts';
import { parseJson } from '../http/request-body.ts';
import { isRecord, type Json, type KubeObject } from '../object.ts';
import { jsonPatch, mostOperations, PatchError } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMergePatch } from '../patch/strategic-merge-patch.ts';
import { badRequest, notFound, StatusError, unsupportedMediaType } from '../status-error.ts';
import { objectOf, place } from './admit.ts';
import { change } from './change.ts';
import { single } from './read.ts';

const json = 'application/json-patch+json';
const merge = 'application/merge-patch+json';
const strategic = 'application/strategic-merge-patch+json';

export async function patch(context: Context, call: Call): Promise<Reply> {
  const { resource, name = '' } = call;
  const accepted = resource.custom ? [json, merge] : [json, merge, strategic];
  if (!accepted.includes(call.contentType)) throw unsupportedMediaType(accepted);
  const body = parseJson(await call.body(), resource.kind);
  const apply = reading(call, body);
  let warnings: readonly string[] = [];
  const stored = await change(context, call, { missing: () => notFound(resource, name), retries: 5 }, (object) => {
    const patched = attempt(() => apply(object), call);
    const result = objectOf(patched, call);
    place(result.object, call);
    if (result.object.metadata.name !== name) {
      throw badRequest(`the name of the object (${result.object.metadata.name}) does not match the name on the URL (${name})`);
    }
    // The patch went over what is there now: only a revision that the patch itself says is its author's.
    warnings = result.warnings;
    return result.object;
  });
  return single(context, call, stored, 200, warnings);
}

function reading(call: Call, body: unknown): (object: KubeObject) => unknown {
  if (call.contentType === json) {
    if (!Array.isArray(body)) throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch');
    if (body.length > mostOperations) {
      const why = `The allowed maximum operations in a JSON patch is ${mostOperations}, got ${body.length}`;
      throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: ${why}`);
    }
    return (object) => jsonPatch(object, body);
  }
  if (!isRecord(body))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${Array.isArray(body) ? 'array' : typeof body} into Go value of type map[string]interface {}`,
    );
  if (call.contentType === merge) return (object) => mergePatch(object, body);
  return (object) =>
    strategicMergePatch(object as unknown as Json, body, {
      type: 'object',
      properties: { ...call.resource.schema?.properties, metadata: { $ref: 'ObjectMeta' } },
    });
}

/** A patch that no object could take is a bad request; one that this object can't take is invalid for it. */
function attempt(apply: () => unknown, { resource, name = '' }: Call): unknown {
  try {
    return apply();
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    if (error.malformed) throw badRequest(error.message);
    const { group, kind } = resource;
    throw new StatusError(422, 'Invalid', `the server rejected our request due to an error in our request`, {
      name,
      ...(group === '' ? {} : { group }),
      kind,
      causes: [{ message: error.message }],
    });
  }
}
