// Mode: which machine handles the packets of this node. It is decided while no pod is here, and written down: pods stay in the mode in which
// their devices were made, whatever this host allows later.

import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mode } from '../datapath/capability.ts';

export const modeFile = 'datapath-mode.json';

export interface ModeRecord {
  readonly mode: Mode;
  /** In a sentence. */
  readonly why: string;
  /** By an operator, of a node that chooses for itself. */
  readonly isAsked?: true;
  /** What was made in this mode is still to be taken away. */
  readonly leaves?: Mode;
}

export interface ModeDecision {
  readonly mode: Mode | 'auto';
  /** For the sake of pods that are here: what this host refuses is then a failure, and no reason for another mode. */
  readonly isKept: boolean;
  /** What was asked for and is not done. */
  readonly warning?: string;
}

export interface ModeInputs {
  readonly wish: Mode | 'auto';
  readonly recorded: ModeRecord | undefined;
  readonly hasPods: boolean;
}

export function decideMode({ wish, recorded, hasPods }: ModeInputs): ModeDecision {
  if (!hasPods) {
    // A word for kernel mode is a word for what this host allows, which takes kernel mode first.
    const isForUser = wish === 'auto' && recorded?.isAsked === true && recorded.mode === 'wasm';
    return { mode: isForUser ? 'wasm' : wish, isKept: false };
  }
  // Agents that wrote nothing down knew kernel mode only.
  const mode = recorded?.mode ?? 'kernel';
  if (wish === 'auto' || wish === mode) return { mode, isKept: true };
  const warning = `${wish} mode is asked for and pods of this node are in ${mode} mode: drain it and start its agent again`;
  return { mode, isKept: true, warning };
}

/** What an earlier life wrote down; a file that cannot be read as that is none. */
export function readMode(stateDir: string): ModeRecord | undefined {
  try {
    const { mode, why, isAsked, leaves } = JSON.parse(readFileSync(join(stateDir, modeFile), 'utf8')) as Partial<ModeRecord>;
    if (!isMode(mode)) return undefined;
    return { mode, why: String(why), ...(isAsked === true && { isAsked }), ...(isMode(leaves) && { leaves }) };
  } catch {
    return undefined;
  }
}

const isMode = (given: unknown): given is Mode => given === 'kernel' || given === 'wasm';

/** Whole or not at all. */
export function writeMode(stateDir: string, record: ModeRecord): void {
  const path = join(stateDir, modeFile);
  writeFileSync(`${path}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Whether an earlier life left interfaces of pods. */
export function hasPods(stateDir: string): boolean {
  const folder = join(stateDir, 'endpoints');
  return existsSync(folder) && readdirSync(folder).some((name) => /^\d+\.(json|copy)$/.test(name));
}
