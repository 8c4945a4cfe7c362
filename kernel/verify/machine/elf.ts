// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// ELF reader for eBPF objects: sections, symbols, relocations; nothing else is needed to find a function and what it refers to.

export interface Section {
  readonly name: string;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
}

export interface Symbol {
  readonly name: string;
  readonly type: number;
  readonly binding: number;
  readonly section: number;
  readonly value: number;
  readonly size: number;
}

export interface Elf {
  readonly bytes: Buffer;
  readonly sections: readonly Section[];
  readonly symbols: readonly Symbol[];
  /** The symbol that the instruction at a byte offset of a section refers to. */
  relocation(section: number, offset: number): Symbol | undefined;
  section(name: string): { readonly index: number; readonly bytes: Buffer } | undefined;
}

export const symbolFunction = 2;
export const symbolSection = 3;
const sectionSymbols = 2;
const sectionRelocations = 9;

export function readElf(bytes: Buffer): Elf {
  if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2) throw new Error('verify: elf: not a 64-bit ELF object');
  const sections = readSections(bytes);
  const symbols = readSymbols(bytes, sections);
  const relocations = new Map<string, Symbol>();
  for (const section of sections) {
    if (section.type !== sectionRelocations) continue;
    for (let at = section.offset; at < section.offset + section.size; at += 16) {
      relocations.set(`${section.info}:${bytes.readBigUInt64LE(at)}`, symbols[bytes.readUInt32LE(at + 12)]!);
    }
  }
  return {
    bytes,
    sections,
    symbols,
    relocation: (section, offset) => relocations.get(`${section}:${offset}`),
    section(name) {
      const index = sections.findIndex((each) => each.name === name);
      const found = sections[index];
      return found && { index, bytes: bytes.subarray(found.offset, found.offset + found.size) };
    },
  };
}

function text(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, bytes.indexOf(0, at));
}

function readSections(bytes: Buffer): Section[] {
  const table = Number(bytes.readBigUInt64LE(40));
  const count = bytes.readUInt16LE(60);
  const sections = Array.from({ length: count }, (_, i) => {
    const at = table + i * 64;
    return {
      nameAt: bytes.readUInt32LE(at),
      type: bytes.readUInt32LE(at + 4),
      offset: Number(bytes.readBigUInt64LE(at + 24)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
      link: bytes.readUInt32LE(at + 40),
      info: bytes.readUInt32LE(at + 44),
    };
  });
  const names = sections[bytes.readUInt16LE(62)]!;
  return sections.map(({ nameAt, ...section }) => ({ ...section, name: text(bytes, names.offset + nameAt) }));
}

function readSymbols(bytes: Buffer, sections: readonly Section[]): Symbol[] {
  const table = sections.find((section) => section.type === sectionSymbols);
  if (!table) throw new Error('verify: elf: the object has no symbols');
  const strings = sections[table.link]!;
  const symbols: Symbol[] = [];
  for (let at = table.offset; at < table.offset + table.size; at += 24) {
    const info = bytes[at + 4]!;
    symbols.push({
      name: text(bytes, strings.offset + bytes.readUInt32LE(at)),
      type: info & 15,
      binding: info >> 4,
      section: bytes.readUInt16LE(at + 6),
      value: Number(bytes.readBigUInt64LE(at + 8)),
      size: Number(bytes.readBigUInt64LE(at + 16)),
    });
  }
  return symbols;
}
