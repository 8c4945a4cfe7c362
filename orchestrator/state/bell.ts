// What wakes a loop. Ringing runs nothing of the loop: it goes on in a promise job of its own, after whoever rang is done, and once,
// however often the bell was rung meanwhile.

import type { Clock } from './clock.ts';

export class Bell {
  #isRung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  /**
   * Ends when the bell is rung, or was since the last wait ended; when the signal is aborted; or when the clock shows `until`.
   * One loop waits at a bell. Leaves no timer and no listener behind.
   */
  async wait(options: { signal: AbortSignal; clock?: Clock; until?: number }): Promise<void> {
    const { signal, clock, until = Number.POSITIVE_INFINITY } = options;
    if (this.#wake !== undefined) throw new Error('bell: two loops wait at it');
    const ms = clock === undefined ? Number.POSITIVE_INFINITY : until - clock.now();
    if (!this.#isRung && !signal.aborted && ms > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      signal.addEventListener('abort', resolve as () => void);
      const cancel = Number.isFinite(ms) ? clock?.timer(ms, resolve) : undefined;
      await promise;
      cancel?.();
      signal.removeEventListener('abort', resolve as () => void);
      this.#wake = undefined;
    }
    this.#isRung = false;
  }
}
