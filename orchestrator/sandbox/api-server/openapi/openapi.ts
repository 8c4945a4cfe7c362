// OpenAPI documents: what clients check objects against before they send them. They are made when they are asked for, and again when
// definitions have come or gone.
import { createHash } from 'node:crypto';
import type { Reply } from '../http/call.ts';
import type { Json } from '../object.ts';
import type { Registry } from '../registry.ts';
import { apiVersionOf, type Resource } from '../resource.ts';
import { notAcceptable } from '../status-error.ts';
import { version } from '../version.ts';
import { paths } from './paths.ts';
import { schemas } from './schemas.ts';
import { documentMessage } from './v2-protobuf.ts';

const info = { title: 'Kubernetes', version: version.gitVersion };
const protobuf = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/** Undefined when the path is none of these. */
export function openApi([first, release, ...rest]: readonly string[], accept: string | undefined, registry: Registry): Reply | undefined {
  if (first !== 'openapi') return undefined;
  if (release === 'v2' && rest.length === 0) return second(accept ?? '', registry);
  if (release !== 'v3') return undefined;
  const resources = registry.all();
  if (rest.length === 0) return reply(index(resources));
  const apiVersion = rest.slice(1).join('/');
  const found = resources.filter((resource) => apiVersionOf(resource) === apiVersion && (resource.group === '') === (rest[0] === 'api'));
  return found.length === 0 ? undefined : reply(third(found));
}

const reply = (value: unknown): Reply => ({ code: 200, body: JSON.stringify(value) });

function second(accept: string, registry: Registry): Reply {
  const resources = registry.all();
  const document = {
    swagger: '2.0',
    info,
    paths: paths(resources, 2),
    definitions: schemas(resources, { version: 2, prefix: '#/definitions/' }),
  };
  const types = accept.split(',').map((entry) => entry.split(';')[0].trim());
  // Newer clients name the same form without the @, which is no letter of a media type.
  if (types.some((type) => type === protobuf || type === protobuf.replace('@', '.'))) {
    return { code: 200, type: protobuf.replace('@', '.'), body: documentMessage(document) };
  }
  if (accept === '' || types.some((type) => ['application/json', 'application/*', '*/*'].includes(type))) return reply(document);
  throw notAcceptable(['application/json', protobuf]);
}

function third(resources: readonly Resource[]): Json {
  const prefix = '#/components/schemas/';
  const all = schemas(resources, { version: 3, prefix });
  const reached = new Set<string>();
  // Only what the group's own kinds consist of.
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
    else if (typeof value === 'string' && value.startsWith(prefix)) reach(value.slice(prefix.length));
  };
  const reach = (name: string): void => {
    if (reached.has(name)) return;
    reached.add(name);
    visit(all[name]);
  };
  for (const [name, schema] of Object.entries(all)) if ((schema as Json)['x-kubernetes-group-version-kind'] !== undefined) reach(name);
  const used = Object.fromEntries([...reached].sort().map((name) => [name, all[name]]));
  return { openapi: '3.0.0', info, paths: paths(resources, 3), components: { schemas: used } };
}

function index(resources: readonly Resource[]): Json {
  const versions = new Set(resources.map((resource) => `${resource.group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`));
  const entries = [...versions].map((path) => {
    const found = resources.filter((resource) => path.endsWith(`/${apiVersionOf(resource)}`));
    // Clients keep a document for as long as its hash is the same.
    const hash = createHash('sha256').update(JSON.stringify(found.map(({ kind, schema }) => [kind, schema])));
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash.digest('hex').toUpperCase()}` }];
  });
  return { paths: Object.fromEntries(entries) };
}
