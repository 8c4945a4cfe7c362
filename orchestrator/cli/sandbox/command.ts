// axoneme sandbox: chooses one of its commands and tells what each takes.

import { suggestion, usageError } from '../policy/flags.ts';
import { helpOf } from '../policy/subcommand.ts';
import type { Terminal } from '../policy/terminal.ts';
import { apply } from './apply.ts';
import { down } from './down.ts';
import { exec } from './exec.ts';
import { kubeconfig } from './kubeconfig.ts';
import { logs } from './logs.ts';
import { status } from './status.ts';
import type { SandboxCommand } from './subcommand.ts';
import { up } from './up.ts';

const commands: Readonly<Record<string, SandboxCommand>> = { up, down, status, exec, apply, logs, kubeconfig };

export async function sandbox([name = 'help', ...rest]: readonly string[], terminal: Terminal): Promise<number> {
  const ownWords = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  if (['help', '--help', '-h'].includes(name)) return tell(rest[0], terminal);
  if (!Object.hasOwn(commands, name)) {
    throw usageError('sandbox', `no such command: "${name}"${suggestion(name, Object.keys(commands))}`);
  }
  if (ownWords.some((word) => word === '--help' || word === '-h')) return tell(name, terminal);
  return commands[name].run(rest, terminal);
}

function tell(name: string | undefined, { write }: Terminal): number {
  if (name !== undefined && Object.hasOwn(commands, name)) {
    write(helpOf(commands[name]));
    return 0;
  }
  const width = Math.max(...Object.keys(commands).map((word) => word.length)) + 2;
  const rows = Object.entries(commands).map(([word, { sentence }]) => `  ${word.padEnd(width)}${sentence}\n`);
  write(`axoneme sandbox COMMAND\n\n${rows.join('')}\naxoneme sandbox COMMAND --help tells more.\n`);
  return 0;
}
