// Lesson: what one answer teaches its pod, from when the answer was read until its grants are in the map, or the pod is told that it failed.

import { LearnedAnswer } from '../learned-answer.ts';
import type { Refusal } from './learning.ts';
import type { Pod } from './pods.ts';

/** Most answers have fewer addresses: one lesson at a time has room for more. */
const usualRecords = 32;
const large = new LearnedAnswer();

export class Lesson {
  pod: Pod | undefined;
  name = '.';
  /** The `nameHash` of the name. */
  hash = 0;
  /** What the answer holds, when it has been read. */
  learned: LearnedAnswer;
  hasAddresses = false;
  /** Why the answer must not be told, as far as that is known. */
  refusal: Refusal | undefined;
  private readonly own = new LearnedAnswer({ records: usualRecords });

  constructor() {
    this.learned = this.own;
  }

  /** For an answer to a pod's question about a name. */
  begin(pod: Pod, name: string, hash: number): void {
    this.pod = pod;
    this.name = name;
    this.hash = hash;
    this.learned = this.own;
    this.hasAddresses = false;
    this.refusal = undefined;
  }

  get isLarge(): boolean {
    return this.learned === large;
  }

  /** Gives it the only room for very many addresses: nobody else has it now. */
  enlarge(): void {
    this.learned = large;
  }
}
