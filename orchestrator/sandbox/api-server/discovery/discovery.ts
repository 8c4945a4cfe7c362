// Discovery: which groups, versions and resources are served.
import type { Json } from '../object.ts';
import type { Registry } from '../registry.ts';
import { apiVersionOf, partsOf, type Resource } from '../resource.ts';

export function coreVersions(address: string): Json {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }] };
}

export function groupList(registry: Registry): Json {
  const names = [...new Set(registry.all().map(({ group }) => group))].filter((group) => group !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: names.map((group) => groupOf(group, registry)) };
}

/** Undefined when nothing of the group is served. */
export function group(name: string, registry: Registry): Json | undefined {
  return registry.serves(name) ? { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(name, registry) } : undefined;
}

function groupOf(name: string, registry: Registry): Json {
  const found = new Set(registry.all().flatMap((resource) => (resource.group === name ? [resource.version] : [])));
  const versions = [...found].sort(byPriority).map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] };
}

/** Stable before beta before alpha; then the higher number. */
function byPriority(a: string, b: string): number {
  const [x, y] = [a, b].map((version) => /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version));
  if (x === null || y === null) return x === y ? a.localeCompare(b) : x === null ? 1 : -1;
  const rank = (match: RegExpExecArray) => (match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0);
  return rank(y) - rank(x) || Number(y[1]) - Number(x[1]) || Number(y[3] ?? 0) - Number(x[3] ?? 0);
}

/** Undefined when the version is not served. */
export function resourceList(groupName: string, version: string, registry: Registry): Json | undefined {
  const found = registry.all().filter((resource) => resource.group === groupName && resource.version === version);
  if (found.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf({ group: groupName, version }),
    resources: found.flatMap(entries),
  };
}

function entries(resource: Resource): Json[] {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = resource;
  const whole = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  };
  const parts = partsOf(resource).map(({ name, kind, group, version, verbs }) => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    ...(group === undefined ? {} : { group, version }),
    kind,
    verbs,
  }));
  return [whole, ...parts];
}
