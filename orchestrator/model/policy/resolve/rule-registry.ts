// Rule registry: numbers for rules, as entries and flows carry them. A rule keeps its number for as long as its text is in force, also
// through changes of what it says; numbers are not given twice.

import { builtinRules } from './builtin.ts';
import type { RuleName } from './cell.ts';

export interface NumberedRule {
  readonly number: number;
  readonly text: string;
}

export class RuleRegistry {
  private readonly byText = new Map<string, { name: RuleName; uses: number }>();
  private readonly byNumber = new Map<number, RuleName>(builtinRules.map((name) => [name.number, name]));
  private added = new Set<RuleName>(builtinRules);
  private removed: number[] = [];
  private next: number;

  constructor(first: number) {
    this.next = Math.max(first, builtinRules.length + 1);
  }

  /** `policy`: its `refText`. */
  use(text: string, policy: string): RuleName {
    let known = this.byText.get(text);
    if (known === undefined) {
      known = { name: { number: this.next++, text, policy, isBuiltin: false }, uses: 0 };
      this.byText.set(text, known);
      this.byNumber.set(known.name.number, known.name);
      this.added.add(known.name);
    }
    known.uses += 1;
    return known.name;
  }

  release(name: RuleName): void {
    const known = this.byText.get(name.text);
    if (known === undefined || --known.uses > 0) return;
    this.byText.delete(name.text);
    this.byNumber.delete(name.number);
    if (!this.added.delete(name)) this.removed.push(name.number);
  }

  text(number: number): string | undefined {
    return this.byNumber.get(number)?.text;
  }

  /** What has come and gone since this was last asked. */
  takeChanges(): { newRules: NumberedRule[]; removedRules: number[] } {
    const newRules = [...this.added].map(({ number, text }) => ({ number, text }));
    const removedRules = this.removed;
    this.added = new Set();
    this.removed = [];
    return { newRules, removedRules };
  }
}
