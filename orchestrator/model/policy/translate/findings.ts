// Findings: what reading a manifest has to say about it. Objections to types live here, the others beside what they object to.

import type { Problem } from '../problem.ts';
import type { Field } from './field.ts';

/** Hostile manifests have millions of faults; nobody reads more than the first ones. */
const mostProblems = 200;

export class Findings {
  readonly problems: Problem[] = [];
  private errors = 0;

  get refused(): boolean {
    return this.errors > 0;
  }

  error(field: Field, kind: string, message: string): void {
    this.add({ severity: 'error', class: kind, path: field.path, message });
  }

  warning(field: Field, kind: string, message: string): void {
    this.add({ severity: 'warning', class: kind, path: field.path, message });
  }

  /** Elements of a list, which may be absent. */
  list(field: Field): Field[] {
    if (field.present && !Array.isArray(field.value)) this.type(field, 'a list');
    return field.items;
  }

  /** An object, which may be absent. */
  object(field: Field): Field {
    if (field.present && (typeof field.value !== 'object' || Array.isArray(field.value))) this.type(field, 'a map');
    return field;
  }

  /** A string; undefined when absent. */
  text(field: Field): string | undefined {
    if (field.present && typeof field.value !== 'string') this.type(field, 'a string');
    return field.text;
  }

  boolean(field: Field): boolean | undefined {
    if (field.present && typeof field.value !== 'boolean') this.type(field, 'true or false');
    return typeof field.value === 'boolean' ? field.value : undefined;
  }

  /** A whole number of 32 bits, as the agent reads all of them. */
  integer(field: Field): number | undefined {
    const { value } = field;
    if (!field.present) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31) return value;
    this.type(field, 'a whole number');
    return undefined;
  }

  type(field: Field, wanted: string): void {
    const hint = wanted === 'a string' && ['number', 'boolean'].includes(typeof field.value) ? `: write "${field.value}"` : '';
    this.error(field, 'json-type', `${quote(field.value)} is not ${wanted}${hint}`);
  }

  /** As another reading found it. */
  add(problem: Problem): void {
    if (problem.severity === 'error') this.errors += 1;
    if (this.problems.length < mostProblems) this.problems.push(problem);
  }
}

/** A value as it was written, cut short. */
export function quote(value: unknown): string {
  const text =
    typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'a list' : 'a map') : (JSON.stringify(value) ?? 'nothing');
  return text.length > 80 ? `${text.slice(0, 77)}…${text.endsWith('"') ? '"' : ''}` : text;
}
