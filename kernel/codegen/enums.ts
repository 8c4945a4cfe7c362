// Enums, generated: every constant of core/enum and core/layout in TypeScript, and each family of them as one object.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import { camelCase, pascalCase } from './names.ts';
import type { Constant, Core } from './tree.ts';

interface Family {
  readonly name: string;
  readonly prefix: string;
  readonly members: readonly Constant[];
  /** From core/enum: numbers that are one of a kind, and can be asked for their names. */
  readonly isEnum: boolean;
}

/** A file's own name is a prefix (`next-hop.ts`: NEXT_HOP); other families are named by the first word of their constants. */
function prefixOf({ name, at }: Constant): string {
  const file = at.file.replace(/^.*\//, '').replace('.ts', '').replaceAll('-', '_').toUpperCase();
  return name.startsWith(`${file}_`) ? file : name.slice(0, name.indexOf('_'));
}

/** Families whose name is a layout's too get a word more: flags are bits, states are numbers. */
function familyName(prefix: string, members: readonly Constant[], isEnum: boolean, classes: ReadonlyMap<string, unknown>): string {
  const plain = pascalCase(prefix);
  if (isEnum || !classes.has(plain)) return plain;
  return `${plain}${members.some(({ value }) => value === 0n) ? 'State' : 'Flag'}`;
}

function familiesOf({ constants, structs }: Core): Family[] {
  const groups = new Map<string, Constant[]>();
  for (const constant of constants.values()) {
    const key = `${constant.at.file}:${prefixOf(constant)}`;
    groups.set(key, [...(groups.get(key) ?? []), constant]);
  }
  return [...groups.values()].map((members) => {
    const prefix = prefixOf(members[0]!);
    const isEnum = members[0]!.at.file.includes('/enum/');
    return { name: familyName(prefix, members, isEnum, structs), prefix, members, isEnum };
  });
}

function valueText({ type, value, hexadecimal }: Constant): string {
  const digits = hexadecimal && value >= 0n ? `0x${value.toString(16)}` : value.toString();
  return type === 'u64' || type === 'i64' ? `${digits}n` : digits;
}

function familyText({ name, prefix, members, isEnum }: Family): string {
  const lines = members.map((constant) => `  ${camelCase(constant.name.slice(prefix.length + 1))}: ${constant.name},\n`);
  const object = `export const ${name} = {\n${lines.join('')}} as const;\n`;
  const isUnique = new Set(members.map(({ value }) => value)).size === members.length;
  if (!isEnum || !isUnique) return object;
  const names = camelCase(prefix);
  return `${object}
const ${names}Names: ReadonlyMap<number, keyof typeof ${name}> = new Map(
  (Object.keys(${name}) as (keyof typeof ${name})[]).map((key) => [${name}[key], key]),
);

/** Name of a number of ${name}; undefined for a number that has none. */
export function ${names}Name(number: number): keyof typeof ${name} | undefined {
  return ${names}Names.get(number);
}
`;
}

/** orchestrator/datapath/generated/enums.ts. */
export function enumObjects(core: Core, banner: string): string {
  const contract = new Map([...core.constants].filter(([, { at }]) => /\/(enum|layout)\//.test(at.file)));
  const constants = [...contract.values()].map((constant) => `export const ${constant.name} = ${valueText(constant)};\n`);
  const families = familiesOf({ ...core, constants: contract }).filter(
    ({ members }) => members.length > 1 || !members[0]!.at.file.includes('/enum/'),
  );
  return `${banner}\n${constants.join('')}\n${families.map(familyText).join('\n')}`;
}
