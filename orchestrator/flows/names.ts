// Names: what the numbers of an event mean to people, as far as the agent knows. Asked for every event told, so looks things up and
// works nothing out; undefined is an answer.

export interface FlowNames {
  /** Pod behind a number of an endpoint of this node. */
  endpoint(id: number): PodName | undefined;
  /** Who has an address: pods of this node and of others (ip records), nodes. */
  address(
    text: string,
  ): (Partial<PodName> & { readonly endpoint?: number; readonly identity?: number; readonly node?: string }) | undefined;
  /** `source:key=value`, sorted: of pods, prefixes and the reserved ones. */
  identity(number: number): readonly string[] | undefined;
  /** Text of a rule: `cnp/shop/web spec.ingress[0]`. */
  rule(number: number): string | undefined;
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
  identity: () => undefined,
  rule: () => undefined,
  service: () => undefined,
};
