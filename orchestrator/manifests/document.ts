// Document: one manifest of a text, with the place of everything in it.

import type { FieldPath, Problem } from '../model/policy/problem.ts';
import type { LocatedProblem } from './problem-text.ts';
import type { TextProblem } from './reading.ts';
import type { Position, SourceText } from './source-text.ts';
import { findTree, type Tree } from './tree.ts';

export interface Document {
  readonly file: string;
  /** What the text says, if it can be read at all; often a manifest. Undefined: `problems` says why. */
  readonly object?: unknown;
  /** What is wrong with the text; the object itself is checked by `checkObject`. */
  readonly problems: readonly LocatedProblem[];
  /** Where a field stands, or the nearest thing around it that is there. A map or list stands where its name does. */
  at(path: FieldPath): Position;
}

/** Problems of a document's object, with their places. */
export function locate(problems: readonly Problem[], document: Document): LocatedProblem[] {
  return problems.map((problem) => (document instanceof TextDocument ? document.locate(problem) : place(problem, document)));
}

function place(problem: Problem, document: Document): LocatedProblem {
  return { ...problem, file: document.file, ...document.at(problem.path) };
}

/** A document of a text. The tree is read again when places are asked for: most documents are never asked. */
export class TextDocument implements Document {
  readonly file: string;
  readonly object?: unknown;
  readonly problems: readonly LocatedProblem[];
  private readonly source: SourceText;
  private readonly start: number;
  private readonly reread: () => Tree | undefined;
  /** Let go when memory is wanted: of a long document it is many times the text. */
  private tree: WeakRef<Tree> | undefined;

  constructor(source: SourceText, start: number, object: unknown, problems: readonly TextProblem[], reread: () => Tree | undefined) {
    this.file = source.file;
    this.source = source;
    this.start = start;
    this.object = object;
    this.problems = problems.map((problem) => this.placed(problem, problem.offset, problem.other));
    this.reread = reread;
  }

  at(path: FieldPath): Position {
    return this.source.position(this.find(path).offset);
  }

  locate(problem: Problem): LocatedProblem {
    const { offset, key, raw } = this.find(problem.path);
    if (problem.class === 'unknown-field') return this.placed(problem, key);
    const asWritten = problem.class === 'type' && raw !== undefined ? rewrite(problem.message, raw) : problem.message;
    return this.placed({ ...problem, message: asWritten }, offset);
  }

  private find(path: FieldPath): { offset: number; key: number; raw?: string } {
    const found = this.tree?.deref() ?? this.reread();
    if (found === undefined) return { offset: this.start, key: this.start };
    if (this.tree?.deref() !== found) this.tree = new WeakRef(found);
    const { tree, key, whole } = findTree(found, path);
    if (!whole || tree.kind !== 'scalar') return { offset: key, key };
    return { offset: tree.offset, key, raw: tree.raw };
  }

  private placed({ severity, class: name, path, message }: Problem, offset: number, other?: number): LocatedProblem {
    const place = other === undefined ? undefined : this.source.position(other);
    const told = place === undefined ? message : `${message} ${place.line}:${place.column}`;
    return { severity, class: name, path, message: told, file: this.file, ...this.source.position(offset) };
  }
}

/** `write "true"` becomes `write "yes"` where that is what the user wrote. */
function rewrite(message: string, raw: string): string {
  return raw.length > 60 ? message : message.replace(/write "[^"]*"$/, () => `write ${JSON.stringify(raw)}`);
}
