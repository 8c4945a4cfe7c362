// axoneme policy: lint, test, explain, diff, get. Chooses the command and tells what each takes.

import { harmless } from '../harmless.ts';
import { diff } from './diff/diff.ts';
import { explain } from './explain/explain.ts';
import { suggestion, usageError } from './flags.ts';
import { get } from './get.ts';
import { lint } from './lint/lint.ts';
import { helpOf, type Subcommand } from './subcommand.ts';
import type { Status, Terminal } from './terminal.ts';
import { test } from './test.ts';

const subcommands: Readonly<Record<string, Subcommand>> = { lint, test, explain, diff, get };

export async function policy(args: readonly string[], outside: Terminal): Promise<Status> {
  const terminal = {
    ...outside,
    write: (text: string) => outside.write(harmless(text)),
    complain: (text: string) => outside.complain(harmless(text)),
  };
  const [name = 'help', ...rest] = args;
  const asksHelp = rest.some((argument, index) => ['--help', '-h'].includes(argument) && !rest.slice(0, index).includes('--'));
  if (['help', '--help', '-h'].includes(name)) {
    terminal.write(help(rest[0]));
    return 0;
  }
  if (!Object.hasOwn(subcommands, name)) {
    throw usageError('policy', `no such command: "${name}"${suggestion(name, Object.keys(subcommands))}`);
  }
  if (asksHelp) {
    terminal.write(help(name));
    return 0;
  }
  return subcommands[name].run(rest, terminal);
}

function help(name: string | undefined): string {
  if (name !== undefined && Object.hasOwn(subcommands, name)) return helpOf(subcommands[name]);
  const width = Math.max(...Object.keys(subcommands).map((word) => word.length)) + 2;
  const rows = Object.entries(subcommands).map(([word, { sentence }]) => `  ${word.padEnd(width)}${sentence}\n`);
  const status = 'Status 0: as it should be; 1: something was found; 2: the command line or an input is not understood.';
  return `axoneme policy COMMAND\n\n${rows.join('')}\naxoneme policy COMMAND --help tells more. ${status}\n`;
}
