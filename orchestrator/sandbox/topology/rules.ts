// The rules of a topology that no schema says: names and numbers once, prefixes that do not overlap and are large enough.

import type { FieldPath, Problem } from '../../model/policy/problem.ts';
import { containsPrefix, type Prefix, parsePrefix } from '../../net/prefix.ts';

interface Cluster {
  readonly name: string;
  readonly id?: number;
  readonly podCIDRs?: readonly string[];
  readonly serviceCIDRs?: readonly string[];
  readonly loadBalancerCIDRs?: readonly string[];
  readonly nodes: readonly { readonly name: string }[];
}

/** For the cluster of this number that says nothing. */
export const usualPrefixes = {
  podCIDRs: (index: number): readonly string[] => [`10.${100 + index}.0.0/16`, `fd00:${100 + index}::/48`],
  serviceCIDRs: (index: number): readonly string[] => [`10.${120 + index}.0.0/16`, `fd00:${120 + index}::/112`],
  loadBalancerCIDRs: (): readonly string[] => [],
} as const;

interface Placed {
  readonly prefix: Prefix;
  readonly path: FieldPath;
}

/** Longest prefix that leaves room: pods of a node need a few addresses, services a few more. */
const longest = { podCIDRs: { 4: 24, 6: 64 }, serviceCIDRs: { 4: 28, 6: 124 }, loadBalancerCIDRs: { 4: 30, 6: 126 } } as const;

export function checkClusters({ clusters }: { readonly clusters: readonly Cluster[] }): Problem[] {
  const placed = clusters.flatMap((cluster, index) => [
    ...prefixes(cluster, index, 'podCIDRs'),
    ...prefixes(cluster, index, 'serviceCIDRs'),
    ...prefixes(cluster, index, 'loadBalancerCIDRs'),
  ]);
  return [
    ...twice(clusters, (cluster, index) => [cluster.name, ['clusters', index, 'name']], 'cluster name'),
    ...twice(clusters, (cluster, index) => [cluster.id, ['clusters', index, 'id']], 'cluster id'),
    ...clusters.flatMap(({ nodes }, at) =>
      twice(nodes, ({ name }, index) => [name, ['clusters', at, 'nodes', index, 'name']], 'node name'),
    ),
    ...clusters.flatMap((cluster, index) => families(cluster, index)),
    ...placed.flatMap(({ prefix, path }) => tooSmall(prefix, path, String(path[2]) as keyof typeof longest)),
    ...overlaps(placed),
  ];
}

function prefixes(cluster: Cluster, index: number, field: keyof typeof longest): Placed[] {
  return (cluster[field] ?? usualPrefixes[field](index)).flatMap((text, at) => {
    try {
      return [{ prefix: parsePrefix(text), path: ['clusters', index, field, at] }];
    } catch {
      return [];
    }
  });
}

function twice<Item>(items: readonly Item[], key: (item: Item, index: number) => [unknown, FieldPath], what: string): Problem[] {
  const seen = new Set<unknown>();
  return items.flatMap((item, index) => {
    const [value, path] = key(item, index);
    if (value === undefined || !seen.has(value)) {
      seen.add(value);
      return [];
    }
    return [problem(path, 'duplicate', `${what} ${JSON.stringify(value)} is there twice`)];
  });
}

function families(cluster: Cluster, index: number): Problem[] {
  return (['podCIDRs', 'serviceCIDRs', 'loadBalancerCIDRs'] as const).flatMap((field) => {
    const found = prefixes(cluster, index, field);
    const same = found.length === 2 && found[0].prefix.family === found[1].prefix.family;
    return same ? [problem(found[1].path, 'family', `a second prefix of IPv${found[1].prefix.family}: at most one of each family`)] : [];
  });
}

function tooSmall(prefix: Prefix, path: FieldPath, field: keyof typeof longest): Problem[] {
  const most = longest[field][prefix.family];
  return prefix.length <= most ? [] : [problem(path, 'size', `${prefix.text} is too small: /${most} at most`)];
}

/** Pods of two clusters may reach each other one day, and services are found by address alone. */
function overlaps(placed: readonly Placed[]): Problem[] {
  return placed.flatMap(({ prefix, path }, index) => {
    const other = placed.slice(0, index).find((before) => containsPrefix(before.prefix, prefix) || containsPrefix(prefix, before.prefix));
    return other === undefined ? [] : [problem(path, 'overlap', `${prefix.text} overlaps ${other.prefix.text}`)];
  });
}

function problem(path: FieldPath, name: string, message: string): Problem {
  return { severity: 'error', class: name, path, message };
}
