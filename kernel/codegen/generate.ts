// Generate: from the repository's core to the text of every generated file, or to all violations. Touches no file itself.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MapDefinition } from '../../datapath-as/core/maps.ts';
import { layoutCodecs } from './codecs.ts';
import { compile, type Sources } from './compile.ts';
import { coreHeader } from './core-header.ts';
import { enumObjects } from './enums.ts';
import { checkMaps, mapNumbers, mapSpecs, mapsHeader } from './maps.ts';
import { corePath } from './read-context.ts';
import { readCore } from './read-core.ts';
import { checkSubset } from './subset.ts';
import type { Core } from './tree.ts';
import { SubsetError, Violations } from './violations.ts';

const cBanner = `/* Generated from ${corePath} by kernel/codegen (npm run generate); do not edit. */\n/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */\n`;
const scriptBanner = `// Generated from ${corePath} by kernel/codegen (npm run generate); do not edit.\n`;

const numbersPath = 'datapath-as/host/generated/maps.ts';

/** Files of the repository at `root`; map numbers as they will be, so that stale ones stand in nobody's way. */
export function repositorySources(root: string, maps: readonly MapDefinition[]): Sources {
  const namesIn = (folder: string) => readdirSync(join(root, corePath, folder)).map((name) => `${corePath}/${folder}/${name}`);
  const numbers = mapNumbers(maps, scriptBanner);
  const read = (path: string): string | undefined => {
    if (path === numbersPath) return numbers;
    return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined;
  };
  return { entries: [`${corePath}/exports.ts`, ...namesIn('enum'), ...namesIn('layout')].sort(), read };
}

/** Compiles, reads and checks; throws a SubsetError that has every violation. */
export async function translate(sources: Sources, maps: readonly MapDefinition[]): Promise<Core> {
  const violations = new Violations();
  const core = readCore(await compile(sources, violations), violations);
  checkMaps(maps, core.structs, { file: `${corePath}/maps.ts`, line: 1, column: 1 }, violations);
  checkSubset(core, new Set(maps.map(({ name }) => name)), violations);
  const found = violations.list();
  if (found.length > 0) throw new SubsetError(found);
  return core;
}

export function headerOf(core: Core): string {
  return coreHeader(core, cBanner);
}

/** Text of every generated file by path. */
export async function generate(root: string, maps: readonly MapDefinition[]): Promise<Map<string, string>> {
  const core = await translate(repositorySources(root, maps), maps);
  const generated = 'orchestrator/datapath/generated';
  return new Map([
    ['kernel/generated/core.h', headerOf(core)],
    ['kernel/generated/maps.h', mapsHeader(maps, cBanner)],
    [numbersPath, mapNumbers(maps, scriptBanner)],
    [`${generated}/enums.ts`, enumObjects(core, scriptBanner)],
    [`${generated}/layouts.ts`, layoutCodecs(core.structs.values(), scriptBanner)],
    [`${generated}/maps.ts`, mapSpecs(maps, core.structs, scriptBanner)],
  ]);
}
