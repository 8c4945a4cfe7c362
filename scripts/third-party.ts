// Licences of what is bundled: their owners ask that these texts come with every copy.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `inputs` are paths of bundled files. Throws for a package without the text of a licence. */
export function thirdPartyText(inputs: readonly string[]): string {
  const folders = new Set(inputs.flatMap((path) => /^.*node_modules[/](?:@[^/]+[/])?[^/]+(?=[/])/.exec(path)?.[0] ?? []));
  const packages = new Map([...folders].map((folder) => packageIn(folder)));
  const sections = [...packages].sort(([a], [b]) => (a < b ? -1 : 1)).map(([title, text]) => `${title}\n\n${text}`);
  return `This package contains code of these others, under their own licences.\n\n${sections.map((text) => `${'='.repeat(72)}\n${text}`).join('\n')}`;
}

function packageIn(folder: string): [title: string, text: string] {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  if (files.length === 0) throw new Error(`${name} ${version}: no text of its licence (${license}) in ${folder}`);
  const text = files.sort().map((file) => `${readFileSync(join(folder, file), 'utf8').trim()}\n`);
  return [`${name} ${version} (${license})`, text.join('\n')];
}

/** Names of the packages in such a text. */
export function packagesIn(text: string): string[] {
  return [...text.matchAll(/^={72}\n(\S+) \S+ \(.+\)$/gm)].map(([, name]) => name);
}
