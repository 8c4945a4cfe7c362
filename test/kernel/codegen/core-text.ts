// Cores in a string: small sources as core/exports.ts (and host.ts), translated by the real generator.

import { normalize } from 'node:path';
import type { Sources } from '../../../kernel/codegen/compile.ts';
import { headerOf, translate } from '../../../kernel/codegen/generate.ts';
import { describe, SubsetError } from '../../../kernel/codegen/violations.ts';

/** Sources of a core whose exports.ts has this text; `files` are others of core/, by name. */
export function coreText(exportsText: string, files: Readonly<Record<string, string>> = {}): Sources {
  const all = new Map(
    Object.entries({ 'exports.ts': exportsText, ...files }).map(([name, text]) => [normalize(`datapath-as/core/${name}`), text]),
  );
  return { entries: ['datapath-as/core/exports.ts'], read: (path) => all.get(path) };
}

/** The C that a core becomes. */
export async function headerText(exportsText: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  return headerOf(await translate(coreText(exportsText, files), []));
}

/** C of one function, without its comment. */
export async function functionText(exportsText: string, name: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const header = await headerText(exportsText, files);
  const start = header.search(new RegExp(`^[^\\n;]*\\b${name}\\([^\\n;]*\\)\\n\\{`, 'm'));
  return header.slice(start, header.indexOf('\n}\n', start) + 3);
}

/** Violations as they are printed, without the path of core/. */
export async function violationsOf(exportsText: string, files: Readonly<Record<string, string>> = {}): Promise<string[]> {
  try {
    await translate(coreText(exportsText, files), []);
    return [];
  } catch (error) {
    if (!(error instanceof SubsetError)) throw error;
    return error.violations.map((violation) => describe(violation).replace('datapath-as/core/', ''));
  }
}
