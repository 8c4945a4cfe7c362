// Words: what supervisor and child say to each other, a JSON object a line, on the child's standard input and output.

export type FromChild =
  /** It takes pods' queries now. */
  | { readonly word: 'running' }
  /** It takes no more: another one does. */
  | { readonly word: 'leaving' }
  /** Another program is to be started beside it. */
  | { readonly word: 'upgrade'; readonly program?: readonly string[] };

/** Another child has ended. */
export interface FromSupervisor {
  readonly word: 'ended';
  readonly pid: number;
  readonly how: string;
}
