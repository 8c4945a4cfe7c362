// Stand-in: a supervisor that serves itself while no child does. What that takes is loaded before it is needed, 3 MB of code; a process that waits
// for it would be 27 MB. Maps and rules are opened when it serves.

import type { Calls } from './calls.ts';
import type { Surroundings } from './child.ts';
import type { ListeningSockets } from './listening.ts';
import type { ProxyOptions } from './options.ts';
import type { FromChild, FromSupervisor } from './words.ts';

/** After a child came to serve: a machine that starts many things has enough to do. */
const loadAfterMs = 500;

export interface StandInParts {
  readonly options: ProxyOptions;
  readonly calls: Calls;
  readonly sockets: ListeningSockets;
  readonly load: () => Promise<Surroundings>;
  readonly signal: AbortSignal;
}

export class StandIn {
  private readonly parts: StandInParts;
  private readonly say: (word: FromChild) => void;
  private loading: Promise<void> | undefined;
  private run: ((say: (word: FromChild) => void) => Promise<void>) | undefined;
  private serves = false;
  private take: (word: FromSupervisor) => void = () => undefined;

  constructor(parts: StandInParts, say: (word: FromChild) => void) {
    this.parts = parts;
    this.say = say;
  }

  get isReady(): boolean {
    return this.run !== undefined;
  }

  /** Until the next one has had it leave. */
  get isServing(): boolean {
    return this.serves;
  }

  /** Returns at once; what cannot be loaded is not there then. */
  prepare(): void {
    this.loading ??= new Promise((resolve) => setTimeout(resolve, loadAfterMs).unref()).then(() => this.load()).catch(() => undefined);
  }

  /** Resolves when it has left, or was told to end; at once where somebody serves already. */
  async serve(): Promise<void> {
    this.serves = true;
    try {
      await this.run?.((word) => {
        if (word.word === 'leaving') this.serves = false;
        // Somebody takes over already, and can be asked for it then.
        if (word.word === 'upgrade') this.take({ word: 'ended', pid: 0, how: 'another one takes over just now' });
        // What it runs is no other program for that.
        else if (word.word !== 'running') this.say(word);
      });
    } finally {
      this.serves = false;
    }
  }

  private async load(): Promise<void> {
    const { options, calls, sockets, load, signal } = this.parts;
    const [{ runChild }, surroundings] = await Promise.all([import('./child.ts'), load()]);
    await surroundings.load(options);
    const heard = (take: StandIn['take']) => (this.take = take);
    this.run = (say) => runChild({ calls, options, surroundings, sockets, life: { say, signal, heard }, isStandIn: true });
  }
}
