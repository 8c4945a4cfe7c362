#!/usr/bin/env node
// axoneme: the command line. Chooses the command, tells its errors in a line, and sets the status: 0 done, 1 failed, 2 not understood.

import { readFileSync } from 'node:fs';
import { openPaint, wantsColour } from './cli/paint.ts';
import { describeProbe } from './cli/probe.ts';
import { tour } from './cli/tour.ts';
import { probe } from './datapath/probe.ts';
import { AgentError } from './errors.ts';

interface Command {
  readonly sentence: string;
  run(args: readonly string[]): Promise<number>;
}

const write = (text: string): void => void process.stdout.write(text);
const colour = wantsColour(process.stdout);

const commands: Readonly<Record<string, Command>> = {
  tour: { sentence: 'a scripted set of packets through both machines, side by side', run: () => tour({ write, colour }) },
  probe: {
    sentence: 'what this node allows, what was tried, and the mode that follows (--json for programs)',
    async run(args) {
      const found = await probe();
      write(args.includes('--json') ? `${JSON.stringify(found, undefined, 2)}\n` : describeProbe(found, openPaint(colour)));
      return 0;
    },
  },
  version: {
    sentence: 'the version of this package',
    async run() {
      write(`${version()}\n`);
      return 0;
    },
  },
  help: {
    sentence: 'this list',
    async run() {
      write(usage());
      return 0;
    },
  },
};

function usage(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length)) + 2;
  const rows = Object.entries(commands).map(([name, { sentence }]) => `  ${name.padEnd(width)}${sentence}`);
  return `axoneme COMMAND\n\n${rows.join('\n')}\n`;
}

/** The nearest package.json: of the checkout, or of the installed package around the bundle. */
function version(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}

async function main([name = 'help', ...args]: readonly string[]): Promise<number> {
  const wanted = { '--help': 'help', '-h': 'help', '--version': 'version' }[name] ?? name;
  const command = Object.hasOwn(commands, wanted) ? commands[wanted] : undefined;
  if (command === undefined) throw new AgentError('COMMAND_UNKNOWN', `command line: no such command: "${name}": see axoneme help`);
  return command.run(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // What the program foresaw is one line; anything else is a fault of ours and keeps its stack.
  if (!(error instanceof AgentError)) throw error;
  process.stderr.write(`axoneme: ${error.message} (${error.code})\n`);
  process.exitCode = error.code === 'COMMAND_UNKNOWN' ? 2 : 1;
}
