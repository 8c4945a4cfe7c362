// Learning: what servers' answers teach: the addresses of a name, which the pod that asked may reach from now on. They are in the datapath's map
// when `teach` returns, or the answer must not be told.

import { Book, type BookCounts } from '../book/book.ts';
import { keyBytes, valueBytes } from '../book/map-changes.ts';
import type { LearnedAnswer } from '../learned-answer.ts';
import type { AskedName } from '../message/records.ts';
import { type AddressKey, writeMapped } from './address-key.ts';
import type { Counters, Failure } from './counters.ts';
import type { Lesson } from './lesson.ts';
import type { GrantStore } from './node-maps.ts';
import type { Changed, Pod, Pods } from './pods.ts';

/** Why an answer is not told, as it is counted. */
export type Refusal = Extract<Failure, 'failedUnreadable' | 'failedPrivate' | 'failedPodGrants' | 'failedPlaces' | 'failedMap'>;

export interface LearningOptions {
  readonly grants: GrantStore;
  readonly counters: Counters;
  /** The datapath's clock. */
  readonly tick: () => number;
  /** Answers that name private addresses are refused, unless the name lies in this domain (lower case, with its dot). */
  readonly publicOutside?: string;
}

export class Learning {
  readonly book = new Book();
  private readonly options: LearningOptions;
  /**
   * Another process writes grants, too: what it has written is looked up before anything is written over it. Between the two calls it may write
   * once more, which is why it is for moments only.
   */
  isShared = false;
  /** What does not work, in words. */
  problem: string | undefined;
  private readonly address = new Uint8Array(16);
  private readonly key = new Uint8Array(new ArrayBuffer(keyBytes));
  private readonly keyView = new DataView(this.key.buffer);

  constructor(options: LearningOptions) {
    this.options = options;
  }

  /** Reads the answer that a lesson is about. False: it has too many addresses for this lesson as it is. */
  read(lesson: Lesson, bytes: Uint8Array, start: number, length: number, asked: AskedName): boolean {
    const { name, learned } = lesson;
    const { publicOutside } = this.options;
    const isOutside = publicOutside !== undefined && name !== publicOutside && !name.endsWith(`.${publicOutside}`);
    const fault = learned.read(bytes, start, length, isOutside, asked);
    if (fault === 'many' && !lesson.isLarge) return false;
    lesson.hasAddresses = fault === undefined && learned.count > 0;
    lesson.refusal = fault === undefined ? undefined : unreadable.has(fault) ? 'failedUnreadable' : 'failedPrivate';
    return true;
  }

  /** Grants what the first `count` lessons teach, with as few writes as can be: each has a refusal then, or its answer may be told. */
  teach(lessons: readonly Lesson[], count: number): void {
    const now = this.options.tick() | 0;
    if (count === 1 || this.isShared || !this.grantTogether(lessons, count, now)) {
      for (let index = 0; index < count; index += 1) this.grantAlone(lessons[index] as Lesson, now);
    }
    for (let index = 0; index < count; index += 1) this.note(lessons[index] as Lesson, now);
  }

  private grantAlone(lesson: Lesson, now: number): void {
    const { pod, learned } = lesson;
    if (pod === undefined || !lesson.hasAddresses) return;
    if (this.isShared) this.catchUp(pod.fact.id, learned);
    this.book.begin();
    this.grant(lesson, pod, now);
    if (lesson.refusal === undefined && !this.tryWrite()) lesson.refusal = 'failedMap';
  }

  /** False: not all of it could be written, and each is to be tried alone. */
  private grantTogether(lessons: readonly Lesson[], count: number, now: number): boolean {
    const { book } = this;
    book.begin();
    for (let index = 0; index < count; index += 1) {
      const lesson = lessons[index] as Lesson;
      const { pod, learned } = lesson;
      if (pod === undefined || !lesson.hasAddresses) continue;
      if (learned.count > book.changes.room) {
        if (!this.tryWrite()) return false;
        book.begin();
      }
      this.grant(lesson, pod, now);
    }
    return this.tryWrite();
  }

  private grant(lesson: Lesson, pod: Pod, now: number): void {
    const { name, hash, learned } = lesson;
    const refusal = this.book.grantMore(pod.fact.id, learned, pod.matcher.grantedChain(name, learned.aliases, hash), now);
    lesson.refusal = refusal === undefined ? undefined : refusal === 'full' ? 'failedPodGrants' : 'failedPlaces';
  }

  private note({ pod, name, hash, learned, refusal, hasAddresses }: Lesson, now: number): void {
    if (pod === undefined || refusal !== undefined || !hasAddresses) return;
    this.book.note(pod.fact.id, name, learned, now, 0, hash);
    if (!pod.matcher.looksAtAliases) return;
    for (const [index, alias] of learned.aliases.entries()) this.book.note(pod.fact.id, alias, learned, now, index + 1);
  }

  /** Identities under which the pod has been granted an address. */
  identitiesOf(pod: Pod, address: AddressKey): readonly number[] {
    writeMapped(address, this.address, 0);
    return this.book.identities(pod.fact.id, this.address, 0, this.options.tick() | 0);
  }

  /** After a change of the rules: what they no longer grant is withdrawn on return. Throws when that cannot be written. */
  withdraw(pods: Pods, { gone, changed, reused }: Changed): void {
    for (const { fact } of gone) this.carryOut(this.book.remove(fact.id));
    for (const endpoint of [...this.book.endpoints]) if (pods.byNumber(endpoint) === undefined) this.carryOut(this.book.remove(endpoint));
    for (const { fact, identities } of reused.size > 0 ? pods.all() : changed) {
      this.carryOut(this.book.retain(fact.id, (identity) => identities.has(identity) && !reused.has(identity)));
    }
  }

  /** Grants a pod by its rules what it was told before, under those of an earlier version. */
  grantAgain({ fact, matcher }: Pod): void {
    this.carryOut(this.book.regrant(fact.id, (name) => matcher.granted(name), this.options.tick() | 0));
  }

  /** Enters what the map holds from an earlier life. The rules then say what of it is withdrawn. */
  async takeOver(): Promise<void> {
    const { book, options } = this;
    for await (const { count, keys, values } of options.grants.entries()) {
      const view = new DataView(keys.buffer, keys.byteOffset);
      const value = new DataView(values.buffer, values.byteOffset);
      for (let index = 0; index < count; index += 1) {
        const endpoint = view.getUint32(index * keyBytes + endpointAt, true);
        book.takeOver(endpoint, keys, index * keyBytes, value, index * valueBytes);
      }
    }
  }

  /** Forgets a name of a pod, or all of it. */
  forget(endpoint: number, name: string | undefined): void {
    this.carryOut(name === undefined ? this.book.remove(endpoint) : this.book.forget(endpoint, name));
  }

  counts(): BookCounts {
    return this.book.counts();
  }

  /** Writes each step of what the book does. Throws when the map is of no use: what it holds is not what the book says then. */
  carryOut(steps: Iterable<void>): void {
    for (const _ of steps) this.write();
  }

  /** Takes over what the map has of some addresses. */
  private catchUp(endpoint: number, learned: LearnedAnswer): void {
    const { key, keyView } = this;
    for (let index = 0; index < learned.count; index += 1) {
      key.set(learned.addresses.subarray(index * 16, index * 16 + 16));
      keyView.setUint32(endpointAt, endpoint, true);
      const value = this.options.grants.read(key);
      if (value === undefined) continue;
      this.book.takeOver(endpoint, learned.addresses, index * 16, new DataView(value.buffer, value.byteOffset, valueBytes), 0);
    }
  }

  /** As `write`; false, too, when the map is of no use now. */
  private tryWrite(): boolean {
    const { changes } = this.book;
    if (changes.removed + changes.written === 0) return true;
    try {
      const hasWritten = this.write();
      this.problem = undefined;
      return hasWritten;
    } catch (error) {
      this.book.undo(0);
      this.problem = `grants cannot be written: ${(error as Error).message}`;
      return false;
    }
  }

  /** False when the map has no room: the book has taken back what was not written. */
  private write(): boolean {
    const { changes } = this.book;
    const { counters, grants } = this.options;
    const written = grants.apply(changes);
    counters.grantsWritten += written;
    counters.grantsRemoved += changes.removed;
    if (written === changes.written) return true;
    this.book.undo(written);
    return false;
  }
}

/** In a key. */
const endpointAt = 16;
const unreadable: ReadonlySet<string> = new Set(['short', 'record', 'many', 'loop', 'long', 'ambiguous']);
