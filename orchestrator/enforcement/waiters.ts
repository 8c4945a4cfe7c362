// Waiters: promises that end when something holds, looked at after each step.

interface Waiter {
  readonly holds: () => boolean;
  readonly end: () => void;
}

export class Waiters {
  private readonly waiting = new Set<Waiter>();

  /** Throws the signal's reason when it is aborted before. */
  async until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (holds()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { holds, end: resolve };
    const abort = () => reject(signal.reason);
    this.waiting.add(waiter);
    signal.addEventListener('abort', abort);
    try {
      await promise;
    } finally {
      this.waiting.delete(waiter);
      signal.removeEventListener('abort', abort);
    }
  }

  look(): void {
    for (const waiter of this.waiting) if (waiter.holds()) waiter.end();
  }
}
