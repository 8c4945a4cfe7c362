// Flags: what a command takes, as data; reading them, refusing what is not among them, and telling them.

import { AgentError } from '../../errors.ts';
import { nearest } from '../../model/schema/suggestion.ts';

export interface Flag {
  readonly sentence: string;
  /** What the value is called in the help; absent: the flag is a switch. */
  readonly value?: string;
  readonly short?: string;
  readonly choices?: readonly string[];
  readonly repeats?: true;
}

export type Flags = Readonly<Record<string, Flag>>;

export type FlagValues<F extends Flags> = {
  readonly [Name in keyof F]: F[Name] extends { repeats: true }
    ? string[]
    : F[Name] extends { value: string }
      ? string | undefined
      : boolean;
};

export interface CommandLine<F extends Flags> {
  readonly values: FlagValues<F>;
  readonly operands: readonly string[];
}

/** `: did you mean "x"?` when a word is near, else nothing. */
export function suggestion(given: string, words: readonly string[], before = ''): string {
  const near = nearest(given, words);
  return near === undefined ? '' : `: did you mean "${before}${near}"?`;
}

/** A command line that is not understood: told in a line, ends with status 2. */
export function usageError(command: string, what: string): AgentError {
  return new AgentError('USAGE_INVALID', `${command}: ${what} (see axoneme ${command} --help)`);
}

/** `--name value`, `--name=value`, `-n value`, `-nvalue`; `--` ends flags, `-` alone is an operand. */
export function readFlags<F extends Flags>(command: string, flags: F, args: readonly string[]): CommandLine<F> {
  const values: Record<string, string | string[] | boolean | undefined> = {};
  for (const [name, { value, repeats }] of Object.entries(flags)) values[name] = repeats ? [] : value === undefined ? false : undefined;
  const operands: string[] = [];
  const rest = [...args];
  while (rest.length > 0) {
    const argument = rest.shift() as string;
    if (argument === '--') operands.push(...rest.splice(0));
    else if (argument === '-' || !argument.startsWith('-')) operands.push(argument);
    else {
      const { name, given } = findFlag(command, flags, argument);
      set(command, name, flags[name], given, rest, values);
    }
  }
  return { values: values as FlagValues<F>, operands };
}

function findFlag(command: string, flags: Flags, argument: string): { name: string; given: string | undefined } {
  if (argument.startsWith('--')) {
    const [, name, given] = /^--([^=]*)(?:=(.*))?$/s.exec(argument) as RegExpExecArray;
    if (Object.hasOwn(flags, name)) return { name, given };
    throw usageError(command, `unknown flag: "--${name}"${suggestion(name, Object.keys(flags), '--')}`);
  }
  const found = Object.entries(flags).find(([, { short }]) => short === argument[1]);
  if (found === undefined)
    throw usageError(command, `unknown flag: "${argument}"${suggestion(argument.slice(1), Object.keys(flags), '--')}`);
  const [name, { value }] = found;
  const attached = argument.slice(2);
  if (attached !== '' && value === undefined) throw usageError(command, `unknown flag: "${argument}"`);
  return { name, given: attached === '' ? undefined : attached.replace(/^=/, '') };
}

function set(command: string, name: string, flag: Flag, given: string | undefined, rest: string[], values: Record<string, unknown>): void {
  if (flag.value === undefined) {
    if (given !== undefined) throw usageError(command, `--${name} takes no value: "${given}"`);
    values[name] = true;
    return;
  }
  const value = given ?? rest.shift();
  if (value === undefined) throw usageError(command, `--${name} needs a value: ${flag.choices?.join(', ') ?? flag.value}`);
  if (flag.choices && !flag.choices.includes(value)) {
    throw usageError(command, `--${name} is one of ${flag.choices.join(', ')}: "${value}"${suggestion(value, flag.choices)}`);
  }
  if (flag.repeats) (values[name] as string[]).push(value);
  else if (values[name] !== undefined) throw usageError(command, `--${name} was given twice: "${value}"`);
  else values[name] = value;
}

/** One line a flag, aligned. */
export function describeFlags(flags: Flags): string {
  const rows = Object.entries(flags).map(([name, { value, short, choices, sentence }]) => {
    const shape = value === undefined ? '' : ` ${choices?.join('|') ?? value}`;
    return [`${short ? `-${short}, ` : ''}--${name}${shape}`, sentence] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, sentence]) => `  ${left.padEnd(width)}${sentence}\n`).join('');
}
