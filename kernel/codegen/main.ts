// The generator's command: writes what is generated from the core, or with --check says which committed files are stale.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { MapDefinition } from '../../datapath-as/core/maps.ts';
import { generate } from './generate.ts';
import { SubsetError } from './violations.ts';

async function run(root: string, check: boolean): Promise<number> {
  const { maps } = (await import(pathToFileURL(join(root, 'datapath-as/core/maps.ts')).href)) as { maps: readonly MapDefinition[] };
  const files = await generate(root, maps);
  const stale = [...files].filter(([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text);
  for (const [path, text] of stale) {
    if (check) {
      process.stderr.write(`${path}: stale: the core says something else; hint: npm run generate\n`);
    } else {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
      process.stdout.write(`${path}: written\n`);
    }
  }
  return check && stale.length > 0 ? 1 : 0;
}

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    root: { type: 'string', default: join(import.meta.dirname, '../..') },
  },
});
try {
  process.exitCode = await run(values.root, values.check);
} catch (error) {
  if (!(error instanceof SubsetError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
