// The API server: a Kubernetes API over a key-value store. Read this first: what is opened, and which path leads where.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KvStore } from '../../state/kv-store.ts';
import { type Authenticate, Authentication } from './authentication/authentication.ts';
import { signingKey } from './authentication/signing-key.ts';
import type { User } from './authentication/user.ts';
import type { Context, Limits } from './context.ts';
import { Controllers } from './controllers/controllers.ts';
import { Installation } from './custom/installation.ts';
import { coreVersions, group, groupList, resourceList } from './discovery/discovery.ts';
import { representation } from './http/accept.ts';
import { type Call, jsonReply, type Reply } from './http/call.ts';
import { Listener, type ListenerOptions } from './http/listener.ts';
import { readBody } from './http/request-body.ts';
import { pathParts, type Target, targetOf } from './http/target.ts';
import { openApi } from './openapi/openapi.ts';
import { Registry } from './registry.ts';
import { builtin } from './resources/builtin.ts';
import { serviceNetwork } from './service-network.ts';
import { badRequest, unauthorized } from './status-error.ts';
import { Feed } from './storage/feed.ts';
import { keyOf } from './storage/keys.ts';
import { Storage } from './storage/storage.ts';
import { dispatch } from './verbs/dispatch.ts';
import { version } from './version.ts';

export interface ApiServerOptions {
  readonly store: KvStore;
  readonly listen?: Partial<ListenerOptions>;
  /** Prefix of every key. */
  readonly root?: string;
  /** Who a bearer token belongs to; undefined for one that is unknown or over. Without this, everybody may do everything. */
  readonly authenticate?: Authenticate;
  /** Addresses of services: one prefix of each family, the preferred one first. */
  readonly serviceNetworks?: readonly string[];
  /** Addresses of load balancers: one prefix of each family; without them they wait for somebody else to give them some. */
  readonly loadBalancerNetworks?: readonly string[];
  /** PEM text that vouches for this server: every namespace gets it in a config map. */
  readonly rootCertificate?: string;
  /** Where pods reach this server: the service `kubernetes` leads there. */
  readonly advertise?: { readonly address: string; readonly port: number };
  readonly limits?: Partial<Limits>;
  readonly now?: () => number;
}

export interface ApiServer {
  readonly url: string;
  /** What is open now. */
  counts(): { readonly watches: number; readonly connections: Promise<number> };
  /** Ends every watch and connection; the store stays open. */
  close(): Promise<void>;
}

export async function openApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { store, root = '/registry/', serviceNetworks = ['10.96.0.0/16', 'fd00:10:96::/112'] } = options;
  const now = options.now ?? Date.now;
  const limits = { watches: 10_000, watchBacklog: 8 * 1024 * 1024, stall: 60_000, ...options.limits };
  const storage = new Storage(store, root);
  const registry = new Registry(builtin);
  const feed = new Feed(storage);
  await feed.open();
  const context: Context = {
    storage,
    registry,
    feed,
    authentication: new Authentication(storage, registry, await signingKey(store, root), options.authenticate, now),
    serviceNetwork: serviceNetwork(serviceNetworks),
    loadBalancerNetwork: serviceNetwork(options.loadBalancerNetworks ?? []),
    rootCertificate: options.rootCertificate,
    advertised: options.advertise,
    limits,
    now,
    counts: { watches: 0 },
  };
  const installation = new Installation(storage, registry, feed);
  await installation.open();
  const controllers = new Controllers(context);
  await controllers.open();
  const router = new Router(context, installation);
  const listener = await Listener.open({ host: '127.0.0.1', port: 0, stall: limits.stall, ...options.listen }, (...request) =>
    router.answer(...request),
  );
  router.address = listener.url.replace(/^https?:\/\//, '');
  return {
    url: listener.url,
    counts: () => ({ watches: context.counts.watches, connections: listener.connections() }),
    async close() {
      installation.close();
      await controllers.close();
      await feed.close();
      await listener.close();
    },
  };
}

class Router {
  address = '';
  private readonly context: Context;
  private readonly installation: Installation;
  constructor(context: Context, installation: Installation) {
    this.context = context;
    this.installation = installation;
  }

  async answer(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<Reply | 'written'> {
    const [path, queryText = ''] = (request.url ?? '/').split(/\?(.*)/s);
    const parts = pathParts(path);
    if (parts === undefined) throw badRequest('the path is not a text in UTF-8');
    const open = anonymous(parts);
    if (open !== undefined) return open;
    const user = await this.userOf(request);
    const { registry } = this.context;
    const known = this.discovery(parts) ?? openApi(parts, request.headers.accept, registry);
    if (known !== undefined) return known;
    const target = targetOf(parts, registry);
    if (target === undefined) return parts[0] === 'api' || parts[0] === 'apis' ? this.unknown(parts) : pageNotFound;
    return this.serve(request, response, signal, new URLSearchParams(queryText), target, user);
  }

  private async serve(
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
    query: URLSearchParams,
    target: Target,
    user: User,
  ): Promise<Reply | 'written'> {
    const call: Call = {
      ...target,
      method: request.method ?? 'GET',
      query,
      contentType: (request.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase(),
      representation: representation(request.headers.accept),
      user,
      body: () => readBody(request),
      response,
      signal,
    };
    const reply = await dispatch(this.context, call);
    if (target.resource.plural === 'customresourcedefinitions' && call.method !== 'GET') await this.reinstall(call);
    return reply;
  }

  /** Whoever wrote a definition may use it at once. */
  private async reinstall({ resource, name }: Call): Promise<void> {
    const { storage } = this.context;
    if (name === undefined) {
      for await (const stored of storage.each(resource)) this.installation.installed(stored.key, stored.revision, stored.object);
      return;
    }
    const stored = await storage.get(resource, undefined, name);
    if (stored !== undefined) this.installation.installed(keyOf(storage.root, resource, undefined, name), stored.revision, stored.object);
  }

  private async userOf({ headers }: IncomingMessage): Promise<User> {
    const user = await this.context.authentication.user(/^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]);
    if (user === undefined) throw unauthorized();
    return user;
  }

  private discovery([first, ...rest]: readonly string[]): Reply | undefined {
    const { registry } = this.context;
    let value: unknown;
    if (first === 'api' && rest.length === 0) value = coreVersions(this.address);
    else if (first === 'api' && rest.length === 1) value = resourceList('', rest[0], registry);
    else if (first === 'apis' && rest.length === 0) value = groupList(registry);
    else if (first === 'apis' && rest.length === 1) value = group(rest[0], registry);
    else if (first === 'apis' && rest.length === 2) value = resourceList(rest[0], rest[1], registry);
    return value === undefined ? undefined : jsonReply(value);
  }

  /** Below a group that is served an unknown resource is told as such; anything else is just no page. */
  private unknown([first, ...rest]: readonly string[]): Reply {
    const [name, release] = first === 'api' ? ['', rest[0]] : rest;
    if (release === undefined || !this.context.registry.serves(name, release)) return pageNotFound;
    return jsonReply(
      {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'the server could not find the requested resource',
        reason: 'NotFound',
        details: {},
        code: 404,
      },
      404,
    );
  }
}

const pageNotFound: Reply = { code: 404, type: 'text/plain; charset=utf-8', body: '404 page not found\n' };

/** What everybody may know. */
function anonymous(parts: readonly string[]): Reply | undefined {
  if (parts.length === 0) return undefined;
  if (['healthz', 'readyz', 'livez'].includes(parts[0])) return { code: 200, type: 'text/plain; charset=utf-8', body: 'ok' };
  return parts.length === 1 && parts[0] === 'version' ? jsonReply(version) : undefined;
}
