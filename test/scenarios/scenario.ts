// Scenarios: policies, and what then passes between the pods of world.yaml, the nodes and the world. Data; suite.ts plays them.

export interface Scenario {
  /** A sentence. */
  readonly name: string;
  /** YAML. */
  readonly policies: string;
  /**
   * `FROM TO TRAFFIC VERDICT`, as in `client echo tcp/8080 allow`. From and to are pods, `visitor` of namespace `other` among them, `host-a`,
   * `host-b`, `world` (192.0.2.1), `world-2` (198.51.100.1), or `service`, which is shop/echo. Traffic: `tcp/N`, `udp/N`, `icmp`. Each is asked over
   * IPv4 and IPv6.
   */
  readonly expect: readonly string[];
  /** Only of this family: prefixes are of one. */
  readonly family?: 'ipv4' | 'ipv6';
}

/** A policy of one section, without the lines that every policy has. */
export function policy(name: string, spec: string, namespace = 'shop'): string {
  const body = spec.trim().replaceAll(/^/gm, '  ');
  return `apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec:\n${body}\n`;
}

export function clusterwide(name: string, spec: string): string {
  const body = spec.trim().replaceAll(/^/gm, '  ');
  return `apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: ${name}}\nspec:\n${body}\n`;
}

export function networkPolicy(name: string, spec: string): string {
  const body = spec.trim().replaceAll(/^/gm, '  ');
  return `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ${name}, namespace: shop}\nspec:\n${body}\n`;
}
