// Names: what the numbers of an event mean to people, as far as the agent knows. Asked for every event told, so looks things up and
// works nothing out; undefined is an answer.

export interface FlowNames {
  /** Pod behind a number of an endpoint of this node. */
  endpoint(id: number): PodName | undefined;
  /** Who has an address: pods of this node and of others (ip records), nodes. */
  address(
    text: string,
  ): (Partial<PodName> & { readonly endpoint?: number; readonly identity?: number; readonly node?: string }) | undefined;
  /** Whose a network namespace is, by its cookie: an address of the pod, or the identity of the node itself. */
  namespace(cookie: bigint): { readonly address?: string; readonly identity?: number } | undefined;
  /** `source:key=value`, sorted: of pods, prefixes and the reserved ones. */
  identity(number: number): readonly string[] | undefined;
  /** Text of a rule: `cnp/shop/web spec.ingress[0]`. */
  rule(number: number): string | undefined;
  /** DNS names for which a pod here was told an address, also those that have expired; absent where nobody listens to that. */
  told?(endpoint: number, address: string): readonly string[] | undefined;
  /** Service behind a number that translations carry. */
  service(number: number): { readonly namespace: string; readonly name: string } | undefined;
}

export interface PodName {
  readonly namespace: string;
  readonly pod: string;
}

/** Knows nothing: numbers are shown as numbers. */
export const noNames: FlowNames = {
  endpoint: () => undefined,
  address: () => undefined,
  namespace: () => undefined,
  identity: () => undefined,
  rule: () => undefined,
  service: () => undefined,
};
