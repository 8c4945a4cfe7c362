// Compiler shapes: the few parts of the AssemblyScript compiler's insides that the generator reads. The package's version is pinned in
// package.json, because these are not its public interface. Its own declarations are kept out: they replace globals (`console`) everywhere.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

export interface SourceText {
  readonly text: string;
  readonly normalizedPath: string;
}

export interface TreeNode {
  readonly kind: number;
  readonly range: { readonly start: number; readonly end: number; readonly source: SourceText };
}

/** A literal's 64-bit value as the compiler keeps it. */
export interface Words {
  readonly low: number;
  readonly high: number;
}

export interface TypeNode extends TreeNode {
  readonly name?: { readonly identifier: { readonly text: string }; readonly next: unknown };
  readonly isNullable: boolean;
}

/** Union of what the expression nodes carry; `kind` tells which of it is there. */
export interface ExpressionNode extends TreeNode {
  readonly expression: ExpressionNode;
  readonly text: string;
  readonly literalKind: number;
  readonly value: Words | string;
  readonly assertionKind: number;
  readonly operator: number;
  readonly left: ExpressionNode;
  readonly right: ExpressionNode;
  readonly operand: ExpressionNode;
  readonly property: ExpressionNode;
  readonly condition: ExpressionNode;
  readonly ifThen: ExpressionNode;
  readonly ifElse: ExpressionNode;
  readonly args: readonly ExpressionNode[];
  readonly typeArguments: readonly TypeNode[] | null;
}

export interface DeclarationNode extends TreeNode {
  readonly name: { readonly text: string };
  readonly type: TypeNode | null;
  readonly initializer: ExpressionNode | null;
  readonly flags: number;
}

export interface StatementNode extends TreeNode {
  readonly statements: readonly StatementNode[];
  readonly declarations: readonly DeclarationNode[];
  readonly expression: ExpressionNode;
  readonly condition: ExpressionNode | null;
  readonly ifTrue: StatementNode;
  readonly ifFalse: StatementNode | null;
  readonly initializer: StatementNode | null;
  readonly incrementor: ExpressionNode | null;
  readonly body: StatementNode;
  readonly value: ExpressionNode | null;
  readonly label: unknown;
}

export interface CompilerType {
  readonly classReference: CompilerClass | null;
  readonly isManaged: boolean;
  toString(): string;
}

export interface Element {
  readonly kind: number;
  readonly name: string;
  readonly flags: number;
  readonly declaration: DeclarationNode;
}

export interface CompilerField extends Element {
  readonly isField: boolean;
  readonly memoryOffset: number;
  readonly type: CompilerType;
}

export interface CompilerClass extends Element {
  readonly base: CompilerClass | null;
  readonly members: ReadonlyMap<
    string,
    Element & { readonly instance?: CompilerField; readonly fieldDeclaration?: DeclarationNode }
  > | null;
}

export interface CompilerFunction extends Element {
  readonly prototype: Element & { readonly bodyNode: StatementNode | null; readonly typeParameterNodes: readonly unknown[] | null };
  readonly declaration: DeclarationNode & { readonly signature: { readonly parameters: readonly DeclarationNode[] } };
  readonly signature: { readonly returnType: CompilerType; readonly parameterTypes: readonly CompilerType[] };
}

export interface CompilerGlobal extends Element {
  readonly type: CompilerType;
  readonly initializerNode: ExpressionNode | null;
}

export interface CompilerFile {
  readonly members: ReadonlyMap<string, Element> | null;
  readonly exports: ReadonlyMap<string, Element> | null;
  readonly exportsStar: readonly CompilerFile[] | null;
}

export interface CompilerProgram {
  /** By path from the root, without extension. */
  readonly filesByName: ReadonlyMap<string, CompilerFile>;
  readonly resolver: {
    resolveClass(prototype: Element, typeArguments: null): CompilerClass | null;
    resolveFunction(prototype: Element, typeArguments: null): CompilerFunction | null;
  };
}

/** What the hooks see of the compiler while it works. */
export interface RunningCompiler {
  readonly program: CompilerProgram;
  readonly currentType: CompilerType;
}

export type Method = (this: RunningCompiler, ...values: unknown[]) => unknown;

interface Internals {
  readonly NodeKind: Readonly<Record<string, number>>;
  readonly LiteralKind: Readonly<Record<string, number>>;
  readonly AssertionKind: Readonly<Record<string, number>>;
  readonly ElementKind: Readonly<Record<string, number>>;
  readonly CommonFlags: Readonly<Record<string, number>>;
  readonly Compiler: { readonly prototype: Record<string, Method> };
  operatorTokenToString(token: number): string;
}

export interface Diagnostic {
  readonly message: string;
  /** 3: an error. */
  readonly category: number;
  readonly range: { readonly start: number; readonly source: { readonly normalizedPath: string } | null } | null;
}

interface Asc {
  main(
    options: readonly string[],
    host: {
      readFile(path: string): string | null;
      writeFile(path: string, contents: Uint8Array | string): void;
      listFiles(path: string): string[];
      readonly stdout: { write(text: string): void };
      readonly stderr: { write(text: string): void };
      reportDiagnostic(diagnostic: Diagnostic): void;
    },
  ): Promise<{ readonly error: Error | null }>;
}

const packageName: string = 'assemblyscript';

/** Numbers of the compiler's enums, and the prototype whose methods are watched. */
export const internals = (await import(packageName)) as Internals;

/** The compiler's command line, called in this process. */
export const asc = (await import(`${packageName}/asc`)) as Asc;
