// Nouns: the commands that ask a running agent. A noun is one command, or has verbs; help is made of both.

import { harmless } from '../harmless.ts';
import { suggestion, usageError } from '../policy/flags.ts';
import { helpOf, type Subcommand } from '../policy/subcommand.ts';
import type { Status, Terminal } from '../policy/terminal.ts';
import { config } from './config.ts';
import { dns } from './dns.ts';
import { endpoint } from './endpoint.ts';
import { identity } from './identity.ts';
import { ip } from './ip.ts';
import { map } from './map.ts';
import { metrics } from './metrics.ts';
import { monitor } from './monitor.ts';
import { node } from './node.ts';
import { type NounName, nounSentences } from './noun-list.ts';
import { service } from './service.ts';
import { status } from './status.ts';
import { table } from './table.ts';

/** A command, or verbs with the command of each. */
export type Noun = Subcommand | { readonly verbs: Readonly<Record<string, Subcommand>> };

const nouns: Readonly<Record<NounName, Noun>> = {
  status,
  endpoint,
  identity,
  ip,
  service,
  dns,
  node,
  map,
  monitor,
  table,
  metrics,
  config,
};

export async function runNoun(name: NounName, args: readonly string[], outside: Terminal): Promise<Status> {
  const terminal = {
    ...outside,
    write: (text: string) => outside.write(harmless(text)),
    complain: (text: string) => outside.complain(harmless(text)),
  };
  const noun = nouns[name];
  const found = 'verbs' in noun ? findVerb(name, noun.verbs, args) : { command: noun, rest: args };
  if (found === undefined) {
    terminal.write(verbHelp(name, noun as { verbs: Readonly<Record<string, Subcommand>> }));
    return 0;
  }
  const beforeDashes = found.rest.includes('--') ? found.rest.slice(0, found.rest.indexOf('--')) : found.rest;
  if (beforeDashes.some((argument) => argument === '--help' || argument === '-h')) {
    terminal.write(helpOf(found.command));
    return 0;
  }
  return found.command.run(found.rest, terminal);
}

/** Undefined when help is asked for, or nothing. */
function findVerb(name: NounName, verbs: Readonly<Record<string, Subcommand>>, args: readonly string[]) {
  const [verb, ...rest] = args;
  if (verb === undefined || verb === '--help' || verb === '-h' || (verb === 'help' && rest.length === 0)) return undefined;
  if (verb === 'help') return findVerb(name, verbs, [...rest, '--help']);
  if (!Object.hasOwn(verbs, verb)) throw usageError(name, `no such command: "${verb}"${suggestion(verb, Object.keys(verbs))}`);
  return { command: verbs[verb] as Subcommand, rest };
}

function verbHelp(name: NounName, { verbs }: { readonly verbs: Readonly<Record<string, Subcommand>> }): string {
  const width = Math.max(...Object.keys(verbs).map((verb) => verb.length)) + 2;
  const rows = Object.entries(verbs).map(([verb, { sentence }]) => `  ${verb.padEnd(width)}${sentence}\n`);
  const more = `axoneme ${name} COMMAND --help tells more, with examples.`;
  return `axoneme ${name} COMMAND\n\n${nounSentences[name]}\n\n${rows.join('')}\n${more}\n`;
}
