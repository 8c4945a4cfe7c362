// Memory: arrays that grow leave holes behind them, of which the C library keeps what it might need again. A node that has filled up has a fifth of
// its memory in such holes: they go back to the host.

import { memoryUsage } from 'node:process';
import type { Calls } from './calls.ts';

/** Bytes by which the process has grown since it was last looked for holes. */
const growth = 8 << 20;

export class Memory {
  private readonly calls: Calls;
  private before = 0;
  private isTrimming = false;

  constructor(calls: Calls) {
    this.calls = calls;
  }

  /** To be called from time to time. The work is another thread's. */
  look(): void {
    if (this.isTrimming || memoryUsage.rss() < this.before + growth) return;
    this.isTrimming = true;
    this.calls.trim(() => {
      this.isTrimming = false;
      this.before = memoryUsage.rss();
    });
  }
}
