// Problems: what is wrong with a manifest, and where. Paths are positions in the object; a reader of YAML turns them into lines.

export type FieldPath = readonly (string | number)[];

export interface Problem {
  /** error: the document is not accepted. warning: it is, but a part does nothing or not what it seems. */
  readonly severity: 'error' | 'warning';
  /** A short class for programs: `unknown-field`, `cidr`, `combine-peers`, `l7-not-enforced`, … */
  readonly class: string;
  readonly path: FieldPath;
  /** What, with the value; lower case, no full stop, without the path. */
  readonly message: string;
}

/** `spec.egress[1].toCIDR[0]`; keys that are no plain words are quoted. */
export function pathText(path: FieldPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}
