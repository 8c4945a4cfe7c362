// Probe: what this host lets a datapath do, found out by trying. Whatever is refused becomes an answer; nothing here throws for it.

import { release } from 'node:os';
import { type Capability, type Choice, chooseMode, type Mode, missingOf, notTried } from './capability.ts';
import { Bpf } from './kernel/bpf.ts';
import { type Check, checks, firstCheck, type Tools } from './kernel/checks.ts';
import { errnoText } from './kernel/errno.ts';
import { openLibbpf } from './kernel/libbpf.ts';
import { openLibc } from './kernel/libc.ts';
import { userChecks } from './user-checks.ts';

export interface Probe {
  readonly capabilities: readonly Capability[];
  /** What a node without a wish gets. */
  readonly choice: Choice;
}

/** The oldest kernel whose verifier accepts the programs. */
const oldestKernel = [6, 1] as const;

/** Tries everything, which takes some twenty milliseconds and leaves nothing behind. */
export async function probe(): Promise<Probe> {
  const tools = await openTools();
  const allowed = attempt(firstCheck, tools.opened, `${notTried}: there is no koffi`);
  const others = checks.map((check) => attempt(check, allowed.works ? tools.opened : undefined, `${notTried}: bpf(2) does not work`));
  const user = userChecks.map((check) => attempt(check, tools.opened, `${notTried}: there is no koffi`));
  const capabilities = [kernelAge(), tools.capability, await loader(), allowed, ...others, ...user];
  return { capabilities, choice: chooseMode(capabilities) };
}

/** The mode that was asked for, or the probe's choice; a wish that this host refuses is answered with the reason. */
export function resolveMode({ capabilities, choice }: Probe, wish: Mode | 'auto'): Choice {
  if (wish === 'auto' || wish === choice.mode) return choice;
  const missing = missingOf(wish, capabilities);
  if (missing.length === 0) return { mode: wish, sentence: `${wish} mode: asked for`, servesPods: true };
  const account = missing.filter(({ answer }) => !answer.startsWith(notTried)).map(({ name, answer }) => `${name} (${answer})`);
  return { ...choice, sentence: `${choice.mode} mode: ${wish} mode was asked for, but this host refuses ${account.join(', ')}` };
}

function kernelAge(): Capability {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const works = major > oldestKernel[0] || (major === oldestKernel[0] && minor >= oldestKernel[1]);
  const enables = `programs of this size (Linux ${oldestKernel.join('.')} or later)`;
  return { name: 'Linux', enables, works, answer: release(), neededBy: ['kernel'] };
}

async function openTools(): Promise<{ capability: Capability; opened: Tools | undefined }> {
  const common = { name: 'koffi', enables: 'system calls', neededBy: ['kernel', 'wasm'] } as const;
  try {
    const libc = await openLibc();
    return { capability: { ...common, works: true, answer: 'loaded' }, opened: { libc, bpf: new Bpf(libc) } };
  } catch (error) {
    return { capability: { ...common, works: false, answer: (error as Error).message }, opened: undefined };
  }
}

async function loader(): Promise<Capability> {
  const common = { name: 'libbpf', enables: 'loading the programs', neededBy: ['kernel'] } as const;
  try {
    return { ...common, works: true, answer: (await openLibbpf()).version };
  } catch (error) {
    return { ...common, works: false, answer: (error as Error).message };
  }
}

function attempt({ name, enables, neededBy, run }: Check, tools: Tools | undefined, otherwise: string): Capability {
  if (tools === undefined) return { name, enables, neededBy, works: false, answer: otherwise };
  try {
    const result = run(tools);
    return { name, enables, neededBy, works: result >= 0, answer: result < 0 ? errnoText(result) : 'works' };
  } catch (error) {
    return { name, enables, neededBy, works: false, answer: (error as Error).message };
  }
}
