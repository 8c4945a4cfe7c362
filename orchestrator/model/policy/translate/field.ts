// Fields: values of a manifest together with their places, so that whoever reads one can also object to it.

import type { FieldPath } from '../problem.ts';

/** Reading never throws: what is not of the asked type reads as absent, after `Findings.list` and the like have objected. */
export class Field {
  readonly value: unknown;
  private readonly parent: Field | undefined;
  private readonly step: string | number;

  constructor(value: unknown, parent?: Field, step: string | number = '') {
    this.value = value;
    this.parent = parent;
    this.step = step;
  }

  /** Put together when it is asked for: most fields are never objected to. */
  get path(): FieldPath {
    const steps: (string | number)[] = [];
    for (let field: Field = this; field.parent !== undefined; field = field.parent) steps.push(field.step);
    return steps.reverse();
  }

  /** Neither missing nor null: Go's nil. */
  get present(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** The key is there, if only with null. */
  has(key: string): boolean {
    return this.get(key).value !== undefined;
  }

  get(key: string): Field {
    return new Field(isObject(this.value) && Object.hasOwn(this.value, key) ? this.value[key] : undefined, this, key);
  }

  /** Elements; none when it is no list. */
  get items(): Field[] {
    return Array.isArray(this.value) ? this.value.map((item, index) => new Field(item, this, index)) : [];
  }

  /** Members; none when it is no object. */
  get members(): [key: string, Field][] {
    return isObject(this.value) ? Object.keys(this.value).map((key) => [key, this.get(key)]) : [];
  }

  get count(): number {
    return Array.isArray(this.value) ? this.value.length : 0;
  }

  get text(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
