// Rules files: what the agent tells, and what of it was taken last. A file of another version that is not understood takes nothing away: what was
// in force is on disk for the next process, too.

import { linkSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { log } from '../../log.ts';
import { type DnsRules, readRules } from '../rules.ts';

export interface FoundRules {
  /** Undefined: there are none. */
  readonly rules: DnsRules | undefined;
  /** To be called when they are in force: they are kept until others are. */
  readonly keep: () => void;
}

export class RulesFiles {
  private readonly path: string;
  private readonly taken: string;
  private why: string | undefined;

  constructor(folder: string) {
    this.path = join(folder, 'rules.json');
    this.taken = join(folder, 'rules-in-force.json');
  }

  /** Why what the agent told last is not in force, in words. */
  get problem(): string | undefined {
    return this.why;
  }

  /** Rejects with DNS_RULES_INVALID. */
  async read(): Promise<FoundRules> {
    // Under a name of its own: the agent may put another file in its place meanwhile.
    const own = `${this.path}.${process.pid}`;
    const isOwn = link(this.path, own);
    try {
      const rules = await readRules(isOwn ? own : this.path, this.path);
      this.why = undefined;
      return { rules, keep: () => isOwn && move(own, this.taken) };
    } catch (error) {
      rmSync(own, { force: true });
      this.why = (error as Error).message;
      throw error;
    }
  }

  /** What was in force last; undefined when that is not known. */
  async readTaken(): Promise<DnsRules | undefined> {
    return readRules(this.taken).catch(() => undefined);
  }
}

function link(from: string, to: string): boolean {
  rmSync(to, { force: true });
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
    // It stays where both are one file.
    rmSync(from, { force: true });
  } catch (error) {
    log.room('dns').warn('rules are not kept for the next process', { error });
  }
}
