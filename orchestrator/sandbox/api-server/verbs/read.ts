// get and list.
import type { Context } from '../context.ts';
import { type Call, jsonReply, type Reply } from '../http/call.ts';
import { apiVersionOf } from '../resource.ts';
import { badRequest, expired, fromTheFuture, notFound } from '../status-error.ts';
import { readToken, writeToken } from '../storage/continue-token.ts';
import { keysBelow } from '../storage/keys.ts';
import type { Stored } from '../storage/stored.ts';
import { tableOf } from '../table/table.ts';
import { flag, type ListOptions, listOptions, revision } from './list-options.ts';
import { partial } from './partial.ts';
import { watch } from './watch.ts';

/** Objects of one request to the store. */
const pageSize = 500;

export async function get(context: Context, call: Call): Promise<Reply> {
  const { resource, namespace, name = '', query } = call;
  const asked = revision(query.get('resourceVersion') ?? '');
  if (asked !== undefined && asked > 0n) await notFuture(context, asked);
  const stored = await context.storage.get(resource, namespace, name);
  if (stored === undefined) throw notFound(resource, name);
  return single(context, call, stored);
}

/** One object in the form that the client wants. */
export function single(context: Context, call: Call, stored: Stored, code = 200, warnings: readonly string[] = []): Reply {
  if (call.representation === 'table') return jsonReply(tableOf(call, [stored], context.now()), code, warnings);
  if (call.representation === 'metadata') return jsonReply(partial(stored), code, warnings);
  return { code, body: stored.whole(call.resource), warnings };
}

export async function list(context: Context, call: Call): Promise<Reply | 'written'> {
  if (call.watches || flag(call.query, 'watch')) return watch(context, call);
  const options = listOptions(call, false);
  if (options.limit < 0) throw badRequest('limit: must not be negative');
  const found = await collect(context, call, options);
  const prefix = keysBelow(context.storage.root, call.resource, call.namespace);
  const metadata = {
    resourceVersion: String(found.revision),
    ...(found.next === undefined ? {} : { continue: writeToken(prefix, { from: found.next, revision: found.revision }) }),
    ...(found.next === undefined || found.remaining === undefined ? {} : { remainingItemCount: found.remaining }),
  };
  if (call.representation === 'table') return jsonReply(tableOf(call, found.items, context.now(), metadata));
  if (call.representation === 'metadata') {
    const items = found.items.map(partial);
    return jsonReply({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items });
  }
  const { resource } = call;
  const head = JSON.stringify({ kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata }).slice(0, -1);
  const chunks: Buffer[] = [Buffer.from(`${head},"items":[`)];
  for (const [index, item] of found.items.entries()) {
    if (index > 0) chunks.push(comma);
    chunks.push(item.item(resource));
  }
  chunks.push(Buffer.from(']}'));
  return { code: 200, body: [Buffer.concat(chunks)] };
}

const comma = Buffer.from(',');

interface Found {
  readonly items: Stored[];
  readonly revision: bigint;
  readonly next: string | undefined;
  /** How many come after the last; unknown where only some are selected. */
  readonly remaining: number | undefined;
}

/** What the options select, up to the limit, all at one revision. */
export async function collect({ storage, ...context }: Context, call: Call, options: ListOptions): Promise<Found> {
  const { resource, namespace } = call;
  const prefix = keysBelow(storage.root, resource, namespace);
  let { from, revision: at } = await start({ storage, ...context }, prefix, options);
  const items: Stored[] = [];
  for (;;) {
    const left = options.limit === 0 ? pageSize : options.limit - items.length;
    const limit = options.selects === undefined ? Math.min(pageSize, left) : pageSize;
    const page = await readPage({ storage, ...context }, call, { limit, from, revision: at }, options);
    at = page.revision;
    for (const item of page.items) {
      if (options.selects !== undefined && !options.selects(item.object)) continue;
      items.push(item);
      if (items.length !== options.limit) continue;
      const last = item === page.items.at(-1);
      const remaining = options.selects === undefined ? page.remaining : undefined;
      return { items, revision: at, next: last ? page.next : `${item.key}\0`, remaining };
    }
    if (page.next === undefined) return { items, revision: at, next: undefined, remaining: undefined };
    from = page.next;
  }
}

async function start(
  context: Context,
  prefix: string,
  options: ListOptions,
): Promise<{ from: string | undefined; revision: bigint | undefined }> {
  const { revision: asked, match, limit } = options;
  if (options.continueToken !== '') {
    if (asked !== undefined && asked !== 0n) throw badRequest('specifying resource version is not allowed when using continue');
    return readToken(prefix, options.continueToken);
  }
  if (asked === undefined || asked === 0n) return { from: undefined, revision: undefined };
  await notFuture(context, asked);
  // Without a match, pages at a revision have always meant exactly that one.
  const exact = match === 'Exact' || (match === '' && limit > 0);
  return { from: undefined, revision: exact ? asked : undefined };
}

type PageOptions = { limit: number; from: string | undefined; revision: bigint | undefined };

async function readPage(context: Context, { resource, namespace }: Call, { limit, from, revision: at }: PageOptions, options: ListOptions) {
  try {
    return await context.storage.page(resource, namespace, {
      limit,
      ...(from === undefined ? {} : { from }),
      ...(at === undefined ? {} : { revision: at }),
    });
  } catch (error) {
    if (!isCompacted(error)) throw error;
    if (options.continueToken === '') throw expired('The resourceVersion for the provided list is too old.');
    const prefix = keysBelow(context.storage.root, resource, namespace);
    throw expired(lateContinue, from === undefined ? undefined : writeToken(prefix, { from, revision: undefined }));
  }
}

const lateContinue =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, ' +
  'or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an ' +
  'inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

export const isCompacted = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'KV_COMPACTED';

async function notFuture({ feed, storage }: Context, asked: bigint): Promise<void> {
  if (asked <= feed.revision) return;
  const current = await storage.revision();
  if (asked > current) throw fromTheFuture(asked, current);
}
