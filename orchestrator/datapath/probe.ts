// Probe: what this host lets a datapath do, found out by trying. Whatever is refused becomes an answer; nothing here throws for it.

import { release } from 'node:os';
import { type Capability, type Choice, chooseMode, type Mode } from './capability.ts';
import { Bpf } from './kernel/bpf.ts';
import { type Check, checks, firstCheck, type Tools } from './kernel/checks.ts';
import { errnoText } from './kernel/errno.ts';
import { openLibbpf } from './kernel/libbpf.ts';
import { openLibc } from './kernel/libc.ts';

export interface Probe {
  readonly capabilities: readonly Capability[];
  /** What a node without a wish gets. */
  readonly choice: Choice;
}

const notTried = 'not tried';
/** The oldest kernel whose verifier accepts the programs. */
const oldestKernel = [6, 1] as const;

/** Tries everything, which takes some ten milliseconds and leaves nothing behind. */
export async function probe(): Promise<Probe> {
  const tools = await openTools();
  const allowed = attempt(firstCheck, tools.opened, `${notTried}: there is no koffi`);
  const others = checks.map((check) => attempt(check, allowed.works ? tools.opened : undefined, `${notTried}: bpf(2) does not work`));
  const capabilities = [kernelAge(), tools.capability, await loader(), allowed, ...others];
  return { capabilities, choice: chooseMode(capabilities) };
}

/** The mode that was asked for, or the probe's choice; a wish for kernel mode on a host that has none is answered with the reason. */
export function resolveMode({ capabilities, choice }: Probe, wish: Mode | 'auto'): Choice {
  if (wish === 'auto' || wish === choice.mode) return choice;
  if (wish === 'wasm') return { mode: 'wasm', sentence: 'wasm mode: asked for' };
  const missing = capabilities.filter(({ isNeeded, works, answer }) => isNeeded && !works && !answer.startsWith(notTried));
  const account = missing.map(({ name, answer: reason }) => `${name} (${reason})`).join(', ');
  return { mode: 'wasm', sentence: `wasm mode: kernel mode was asked for, but this host refuses ${account}` };
}

function kernelAge(): Capability {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const works = major > oldestKernel[0] || (major === oldestKernel[0] && minor >= oldestKernel[1]);
  const enables = `programs of this size (Linux ${oldestKernel.join('.')} or later)`;
  return { name: 'Linux', enables, works, answer: release(), isNeeded: true };
}

async function openTools(): Promise<{ capability: Capability; opened: Tools | undefined }> {
  const common = { name: 'koffi', enables: 'system calls of kernel mode', isNeeded: true };
  try {
    const libc = await openLibc();
    return { capability: { ...common, works: true, answer: 'loaded' }, opened: { libc, bpf: new Bpf(libc) } };
  } catch (error) {
    return { capability: { ...common, works: false, answer: (error as Error).message }, opened: undefined };
  }
}

async function loader(): Promise<Capability> {
  const common = { name: 'libbpf', enables: 'loading the programs', isNeeded: true };
  try {
    return { ...common, works: true, answer: (await openLibbpf()).version };
  } catch (error) {
    return { ...common, works: false, answer: (error as Error).message };
  }
}

function attempt({ name, enables, isNeeded, run }: Check, tools: Tools | undefined, otherwise: string): Capability {
  if (tools === undefined) return { name, enables, isNeeded, works: false, answer: otherwise };
  try {
    const result = run(tools);
    return { name, enables, isNeeded, works: result >= 0, answer: result < 0 ? errnoText(result) : 'works' };
  } catch (error) {
    return { name, enables, isNeeded, works: false, answer: (error as Error).message };
  }
}
