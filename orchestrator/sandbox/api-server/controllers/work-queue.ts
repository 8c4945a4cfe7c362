// Work that is named by a key: each key once at a time, again when it was asked for meanwhile, later when it failed.

export class WorkQueue {
  private readonly work: (key: string) => Promise<void>;
  private readonly longest: number;
  private readonly waiting = new Set<string>();
  private readonly failures = new Map<string, number>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private running: Promise<void> | undefined;
  private closed = false;

  /** `longest`: milliseconds after which what has failed is tried again at the latest. */
  constructor(work: (key: string) => Promise<void>, longest = 10_000) {
    this.work = work;
    this.longest = longest;
  }

  add(key: string): void {
    if (this.closed) return;
    this.waiting.add(key);
    this.running ??= this.run();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.waiting.clear();
    for (const timer of this.timers) clearTimeout(timer);
    await this.running;
  }

  private async run(): Promise<void> {
    await Promise.resolve();
    for (const key of this.waiting) {
      this.waiting.delete(key);
      try {
        await this.work(key);
        this.failures.delete(key);
      } catch {
        this.later(key);
      }
    }
    this.running = undefined;
    if (this.waiting.size > 0) this.running = this.run();
  }

  private later(key: string): void {
    if (this.closed) return;
    const failures = (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, failures);
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        this.add(key);
      },
      Math.min(50 * 2 ** failures, this.longest),
    );
    this.timers.add(timer);
  }
}
