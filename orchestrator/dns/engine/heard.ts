// Heard: answers of servers that came together, from when each was found to be one until its pod may have it: what all of them teach is written by
// one call. What holds answers has the room for them once and for all.

import { flag, headerBytes, messageFlags, rcode } from '../message/header.ts';
import type { AskedName } from '../message/records.ts';
import type { AccessLog, Exchange } from './access-log.ts';
import type { Counters } from './counters.ts';
import type { Learning } from './learning.ts';
import { Lesson } from './lesson.ts';
import type { Pod } from './pods.ts';

/** Answers that are written together. */
const mostTogether = 32;
/** Bytes of an answer that says nothing but what is wrong. */
export const bare = headerBytes;

/** The question that was answered; `hash` is the `nameHash` of its name. */
export interface Question extends Exchange, AskedName {
  readonly hash: number;
}

/** What was said, and when, in milliseconds. */
interface Said {
  readonly bytes: Buffer;
  readonly start: number;
  readonly length: number;
  readonly now: number;
}

export interface HeardOptions {
  readonly learning: Learning;
  readonly log: AccessLog;
  readonly counters: Counters;
  /** Of slots. */
  readonly capacity: number;
}

interface Answer {
  readonly lesson: Lesson;
  slot: number;
  question: Question | undefined;
  isBare: boolean;
  rcode: number;
  elapsed: number;
}

export class Heard {
  /** By slot, when it has been decided: 0 if the pod must not have the answer. */
  readonly released: Uint8Array;
  private readonly options: HeardOptions;
  private readonly answers: readonly Answer[] = Array.from({ length: mostTogether }, newAnswer);
  private readonly lessons: readonly Lesson[] = this.answers.map(({ lesson }) => lesson);
  private count = 0;
  private hasLarge = false;
  /** Of the last one. */
  private now = 0;

  constructor(options: HeardOptions) {
    this.options = options;
    this.released = new Uint8Array(options.capacity);
  }

  /** Milliseconds have elapsed since the question. Its bytes stay as they are until `decide`. */
  add(slot: number, question: Question, pod: Pod, said: Said, elapsed: number): void {
    const { bytes, start, length } = said;
    if (this.count === mostTogether) this.decide();
    const answer = this.answers[this.count] as Answer;
    const { lesson } = answer;
    answer.slot = slot;
    answer.question = question;
    answer.isBare = length === bare;
    answer.rcode = messageFlags(bytes, start) & flag.rcode;
    answer.elapsed = elapsed;
    this.now = said.now;
    lesson.begin(pod, question.name, question.hash);
    if (!answer.isBare && !this.options.learning.read(lesson, bytes, start, length, question)) {
      // Which has the room that it takes, unless one before it does.
      if (this.hasLarge) {
        this.decide();
        this.add(slot, question, pod, said, elapsed);
        return;
      }
      lesson.enlarge();
      this.hasLarge = true;
      this.options.learning.read(lesson, bytes, start, length, question);
    }
    this.count += 1;
  }

  /** All that were added. */
  decide(): void {
    const { count } = this;
    if (count === 0) return;
    this.options.learning.teach(this.lessons, count);
    for (let index = 0; index < count; index += 1) this.tell(this.answers[index] as Answer);
    this.count = 0;
    this.hasLarge = false;
  }

  private tell({ lesson, slot, question, isBare, rcode: told, elapsed }: Answer): void {
    const { counters, log } = this.options;
    const { refusal, learned } = lesson;
    this.released[slot] = refusal === undefined ? 1 : 0;
    if (refusal === undefined) counters.answers += 1;
    else counters[refusal] += 1;
    counters.took(elapsed);
    const isUnread = isBare || refusal === 'failedUnreadable' || refusal === 'failedPrivate';
    const code = refusal === undefined ? told : rcode.servFail;
    log.answer(question as Question, refusal, { rcode: code, elapsed, learned: isUnread ? undefined : learned }, this.now);
  }
}

function newAnswer(): Answer {
  return { lesson: new Lesson(), slot: 0, question: undefined, isBare: false, rcode: 0, elapsed: 0 };
}
