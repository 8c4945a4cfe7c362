// A reading: one document being read. Problems with offsets, and what is spent of its limits.

import type { FieldPath } from '../model/policy/problem.ts';
import { show } from '../model/schema/validate.ts';
import { mostTextProblems, mostValues } from './limits.ts';

/** A problem of the text; the place is known by offset. */
export interface TextProblem {
  readonly severity: 'error' | 'warning';
  readonly class: string;
  readonly path: FieldPath;
  readonly message: string;
  readonly offset: number;
  /** Another place that the message ends with: where the first of two stands. */
  readonly other?: number;
}

/** Thrown inside a reading, and caught at its top: nothing that follows can be read. One for all: its stack would tell nobody anything. */
export const unreadable = new Error('the document cannot be read further');

export class Reading {
  readonly problems: TextProblem[] = [];
  private values = 0;

  warn(name: string, offset: number, message: string, path: FieldPath = []): void {
    this.add({ severity: 'warning', class: name, path, message, offset });
  }

  refuse(name: string, offset: number, message: string, path: FieldPath = []): void {
    this.add({ severity: 'error', class: name, path, message, offset });
  }

  refuseDuplicate(name: string, offset: number, first: number, path: FieldPath): void {
    const message = `the field ${show(name)} is there twice: first at`;
    this.add({ severity: 'error', class: 'duplicate-key', path: [...path], message, offset, other: first });
  }

  /** Refuses and ends the reading. */
  stop(name: string, offset: number, message: string, path: FieldPath = []): never {
    this.refuse(name, offset, message, path);
    throw unreadable;
  }

  spend(values: number, offset: number): void {
    this.values += values;
    if (this.values > mostValues) this.stop('too-large', offset, `the document holds more than ${mostValues} values`);
  }

  get failed(): boolean {
    return this.problems.some(({ severity }) => severity === 'error');
  }

  add(problem: TextProblem): void {
    if (this.problems.length < mostTextProblems) this.problems.push(problem);
  }
}
