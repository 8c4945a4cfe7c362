// The core, read: layouts and constants of every file, and the functions that core/exports.ts exports with all that they reach.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type { Compiled } from './compile.ts';
import type { CompilerClass, CompilerFile, CompilerFunction, CompilerGlobal, CompilerProgram, Element } from './compiler-shapes.ts';
import { Constants } from './read-constants.ts';
import { corePath, ElementKind, ReadContext, unknownType } from './read-context.ts';
import { readStatements } from './read-statement.ts';
import type { Core, CoreFunction, Field, Struct } from './tree.ts';
import { isScalar } from './tree.ts';
import type { Violations } from './violations.ts';
import { positionOf } from './violations.ts';

/** An element and the file that declares it; a file's members name what it imports too. */
interface Member {
  readonly file: string;
  readonly element: Element;
}

function coreMembers(program: CompilerProgram): Member[] {
  const files = [...program.filesByName].filter(([path]) => path.startsWith(`${corePath}/`));
  files.sort(([a], [b]) => (a < b ? -1 : 1));
  const own = new Map<Element, Member>();
  for (const [path, { members }] of files) {
    for (const element of members?.values() ?? []) {
      if (positionOf(element.declaration).file === `${path}.ts`) own.set(element, { file: path, element });
    }
  }
  return [...own.values()];
}

/** A field of another type is reported and read as a u32, so that nothing else is said about it. */
function readFields(instance: CompilerClass, violations: Violations): Field[] {
  const fields: Field[] = [];
  for (const member of instance.members?.values() ?? []) {
    const property = member.instance;
    const at = positionOf(member.fieldDeclaration ?? member.declaration);
    if (property?.isField === true) {
      const type = property.type.toString();
      const place = `field ${instance.name}.${member.name}`;
      if (!isScalar(type)) violations.report(at, `${place} is outside the subset`, 'fields are bool, u8 to u64 or i64');
      fields.push({ name: member.name, type: isScalar(type) ? type : 'u32', offset: property.memoryOffset });
    } else if (!at.file.startsWith('~lib/')) {
      violations.report(at, `${instance.name}.${member.name} is no field`, 'layouts have fields only; write a function of the core');
    }
  }
  return fields;
}

function readStruct(program: CompilerProgram, prototype: Element, violations: Violations): Struct | undefined {
  const instance = program.resolver.resolveClass(prototype, null);
  const at = positionOf(prototype.declaration);
  if (instance === null) return undefined;
  if ((instance as unknown as { type: { isManaged: boolean } }).type.isManaged) {
    violations.report(at, `class ${prototype.name} is managed by a garbage collector, which the kernel has not`, 'mark it @unmanaged');
    return undefined;
  }
  if (instance.base !== null) violations.report(at, `class ${prototype.name} extends another`, 'spell its fields out');
  return {
    at,
    name: prototype.name,
    size: (instance as unknown as { nextMemoryOffset: number }).nextMemoryOffset,
    fields: readFields(instance, violations),
  };
}

/** Functions that a file exports, those of `export *` too, by their own names. */
function exportedFunctions(file: CompilerFile | undefined): Set<string> {
  const names = new Set<string>();
  for (const element of file?.exports?.values() ?? []) {
    if (element.kind === ElementKind.FunctionPrototype) names.add(element.name);
  }
  for (const other of file?.exportsStar ?? []) for (const name of exportedFunctions(other)) names.add(name);
  return names;
}

function readFunction(context: ReadContext, instance: CompilerFunction, isHost: boolean): Omit<CoreFunction, 'exported' | 'inlined'> {
  const { declaration, prototype, signature } = instance;
  const at = positionOf(declaration);
  const parameters = declaration.signature.parameters.map((node, i) => ({
    name: node.name.text,
    type: context.type(signature.parameterTypes[i]!, node) ?? unknownType,
    node,
  }));
  const returns = context.type(signature.returnType, declaration) ?? 'void';
  const node = prototype.bodyNode;
  const body =
    isHost || node === null
      ? undefined
      : context.inScope(() => {
          for (const parameter of parameters) context.declare(parameter.node, parameter.name, parameter.type);
          return readStatements(context, node.statements ?? []);
        });
  return { at, name: prototype.name, parameters: parameters.map(({ name, type }) => ({ name, type })), returns, body };
}

/** Reads what was compiled. Whatever the tree cannot say is in `violations` afterwards. */
export function readCore(compiled: Compiled, violations: Violations): Core {
  const structs = new Map<string, Struct>();
  const functions = new Map<string, CoreFunction>();
  const { program } = compiled;
  if (program === undefined) return { structs, constants: new Map(), functions };
  const members = coreMembers(program);
  const named = (kind: number | undefined, what: string): Map<string, Member> => {
    const found = new Map<string, Member>();
    for (const member of members.filter(({ element }) => element.kind === kind)) {
      const { name, declaration } = member.element;
      if (found.has(name))
        violations.report(positionOf(declaration), `the core has two ${what} named ${name}`, 'rename one: C has one namespace');
      found.set(name, member);
    }
    return found;
  };
  for (const [name, { element }] of named(ElementKind.ClassPrototype, 'classes')) {
    const struct = readStruct(program, element, violations);
    if (struct !== undefined) structs.set(name, struct);
  }
  const globals = [...named(ElementKind.Global, 'constants')].map(([name, { element }]) => [name, element as CompilerGlobal] as const);
  const constants = new Constants(new Map(globals));
  const context = new ReadContext(compiled, structs, constants, violations);
  constants.context = context;
  const prototypes = named(ElementKind.FunctionPrototype, 'functions');
  readFunctions(context, program, prototypes, functions);
  for (const [name] of globals) constants.get(name);
  for (const { file, element } of members) {
    if (element.kind === ElementKind.Global && /\/(enum|layout)\//.test(file)) context.usedConstants.add(element.name);
  }
  return { structs, constants: constants.named(context.usedConstants), functions };
}

function readFunctions(
  context: ReadContext,
  program: CompilerProgram,
  prototypes: ReadonlyMap<string, Member>,
  functions: Map<string, CoreFunction>,
): void {
  const inlined = exportedFunctions(program.filesByName.get(`${corePath}/inlined`));
  const roots = new Set([...exportedFunctions(program.filesByName.get(`${corePath}/exports`)), ...inlined]);
  const pending = [...roots];
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    const member = prototypes.get(name);
    if (functions.has(name) || member === undefined) continue;
    const instance = program.resolver.resolveFunction(member.element, null);
    if (instance === null) continue;
    const firstCall = context.called.length;
    const read = readFunction(context, instance, member.file === `${corePath}/host`);
    functions.set(name, { ...read, exported: roots.has(name), inlined: inlined.has(name) });
    for (const call of context.called.slice(firstCall)) {
      if (prototypes.has(call.name)) pending.push(call.name);
      else
        context.report(call.node, `${call.name} is no function of the core`, 'the core calls its own functions and those of core/host.ts');
    }
  }
}
