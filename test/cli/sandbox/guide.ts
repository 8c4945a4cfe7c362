// The guide to the sandbox as data: the files that it tells to write, its commands in their order, and what each block prints.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { read } from '../../support/sources.ts';

export const guide = read('orchestrator/cli/sandbox/GUIDE.md');

export interface Example {
  readonly heading: string;
  readonly commands: string;
  /** As it is printed; `…` is anything. */
  readonly prints: string;
}

export const examples: readonly Example[] = [...guide.matchAll(/```sh\n(.*?)```\n\n```text\n(.*?)```/gs)].map((block) => ({
  heading:
    guide
      .slice(0, block.index)
      .match(/^## (.+)$/gm)
      ?.at(-1) ?? '',
  commands: block[1] ?? '',
  prints: block[2] ?? '',
}));

/** Blocks of YAML begin with a comment that is their name. */
export function writeFiles(folder: string): void {
  for (const [text, name = ''] of guide.matchAll(/(?<=```yaml\n)# (\S+)\n.*?(?=```)/gs)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

export function pattern(prints: string): RegExp {
  const escaped = prints.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('…', '[\\s\\S]*?')}\\s*$`);
}
