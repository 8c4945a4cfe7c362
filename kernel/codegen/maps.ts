// Maps, generated: BTF definitions for the kernel, numbers for the other machine, specs for the orchestrator; all of core/maps.ts.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import { createHash } from 'node:crypto';
import type { MapDefinition, MapKind } from '../../datapath-as/core/maps.ts';
import { codecName } from './codecs.ts';
import { camelCase, snakeCase } from './names.ts';
import type { Struct } from './tree.ts';
import type { Position, Violations } from './violations.ts';

const kernelTypes: Readonly<Record<MapKind, string>> = {
  hash: 'BPF_MAP_TYPE_HASH',
  lru: 'BPF_MAP_TYPE_LRU_HASH',
  lpm: 'BPF_MAP_TYPE_LPM_TRIE',
  array: 'BPF_MAP_TYPE_ARRAY',
  'percpu-array': 'BPF_MAP_TYPE_PERCPU_ARRAY',
  ring: 'BPF_MAP_TYPE_RINGBUF',
};

const indexed: ReadonlySet<MapKind> = new Set(['array', 'percpu-array', 'ring']);

function mapNumber(name: string): string {
  return `MAP_${name.toUpperCase()}`;
}

/** Reports maps whose classes are not in the core, or do not suit their kind. */
export function checkMaps(
  maps: readonly MapDefinition[],
  structs: ReadonlyMap<string, Struct>,
  at: Position,
  violations: Violations,
): void {
  for (const map of maps) {
    const { name, kind, key, value } = map;
    if (!structs.has(value)) violations.report(at, `value ${value} of map ${name} is no class of the core`, 'name a class of core/layout');
    if (key !== 'u32' && !structs.has(key))
      violations.report(at, `key ${key} of map ${name} is no class of the core`, 'name a class of core/layout, or u32');
    if (indexed.has(kind) && key !== 'u32') violations.report(at, `map ${name} is found by index, its key is ${key}`, 'its key is u32');
    if (map.isMapped === true && kind !== 'array') violations.report(at, `map ${name} is mapped and no array`, 'only arrays are');
    const first = structs.get(key)?.fields[0];
    if (kind === 'lpm' && !(first?.name === 'prefixLength' && first.type === 'u32')) {
      violations.report(at, `key ${key} of map ${name} does not start with its prefix length`, 'its first field is prefixLength: u32');
    }
  }
}

function kernelMap({ name, kind, key, value, entries, isMapped, sentence }: MapDefinition): string {
  // An array takes all of its memory at once, whoever loads it.
  const count = typeof entries === 'number' ? entries : kind === 'array' ? entries.min : Math.min(entries.standard, entries.max);
  const lines = [`__uint(type, ${kernelTypes[kind]})`, `__uint(max_entries, ${count})`];
  if (kind !== 'ring') {
    lines.push(`__type(key, ${key === 'u32' ? 'u32' : `struct ${snakeCase(key)}`})`, `__type(value, struct ${snakeCase(value)})`);
  }
  if (kind === 'hash' || kind === 'lpm') lines.push('__uint(map_flags, BPF_F_NO_PREALLOC)');
  if (isMapped === true) lines.push('__uint(map_flags, BPF_F_MMAPABLE)');
  return `/* ${sentence} */\nstruct {\n${lines.map((line) => `\t${line};\n`).join('')}} ${name} SEC(".maps");\n`;
}

/** kernel/generated/maps.h. */
export function mapsHeader(maps: readonly MapDefinition[], banner: string): string {
  const numbers = maps.map(({ name }, number) => `#define ${mapNumber(name)} ${number}\n`).join('');
  const note = '/* Sizes are those of a machine with the standard budget; the loader sets what this machine has memory for. */\n';
  return `${banner}#pragma once\n#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n#include "core.h"\n\n${numbers}\n${note}\n${maps.map(kernelMap).join('\n')}`;
}

/** datapath-as/host/generated/maps.ts. */
export function mapNumbers(maps: readonly MapDefinition[], banner: string): string {
  const numbers = maps.map(({ name }, number) => `export const ${mapNumber(name)}: u32 = ${number};\n`).join('');
  return `${banner}\n${numbers}export const MAP_COUNT: u32 = ${maps.length};\n`;
}

function describeLayout(struct: Struct | undefined): string {
  if (struct === undefined) return 'u32';
  return `${struct.fields.map(({ name, type, offset }) => `${name}:${type}@${offset}`).join(',')};${struct.size}`;
}

/** First 8 bytes of the SHA-256 of a description, in hexadecimal. */
export function shortHash(description: string): string {
  return createHash('sha256').update(description).digest('hex').slice(0, 16);
}

export function layoutHash(struct: Struct): string {
  return shortHash(describeLayout(struct));
}

function typeName(name: string): string {
  return name === 'u32' ? 'number' : name;
}

function spec(
  structs: ReadonlyMap<string, Struct>,
  { name, kind, key, value, entries, writer, sentence }: MapDefinition,
  number: number,
): string {
  const size =
    typeof entries === 'number' ? String(entries) : `{ standard: ${entries.standard}, min: ${entries.min}, max: ${entries.max} }`;
  const hash = shortHash(`${kind}|${describeLayout(structs.get(key))}|${describeLayout(structs.get(value))}`);
  return `/** ${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}. */
export const ${camelCase(name)}Spec: MapSpec<${typeName(key)}, ${typeName(value)}> = {
  number: ${number},
  name: '${name}',
  kind: '${kind}',
  key: ${codecName(key)},
  value: ${codecName(value)},
  entries: ${size},
  writer: '${writer}',
  sentence: ${JSON.stringify(sentence).replaceAll("'", "\\'").replace(/^"|"$/g, "'")},
  layoutHash: '${hash}',
};
`;
}

/** orchestrator/datapath/generated/maps.ts. */
export function mapSpecs(maps: readonly MapDefinition[], structs: ReadonlyMap<string, Struct>, banner: string): string {
  const classes = [...new Set(maps.flatMap(({ key, value }) => [key, value]))].sort();
  const types = classes.filter((name) => name !== 'u32');
  const list = maps.map(({ name }) => `  ${camelCase(name)}Spec,\n`).join('');
  return `${banner}
import type { MapSpec } from '../layout.ts';
import type { ${types.join(', ')} } from './layouts.ts';
import { ${classes.map(codecName).sort().join(', ')} } from './layouts.ts';

${maps.map((map, number) => spec(structs, map, number)).join('\n')}
/** All maps, by number. */
export const maps: readonly MapSpec[] = [
${list}] as readonly unknown[] as readonly MapSpec[];
`;
}
