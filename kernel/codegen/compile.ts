// Compile: one run of the AssemblyScript compiler, watched. There is no second type checker here: what an expression's type is and
// which function a call reaches is what the compiler itself decided while it made WASM of the same sources.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type {
  CompilerFunction,
  CompilerProgram,
  CompilerType,
  ExpressionNode,
  Method,
  RunningCompiler,
  StatementNode,
} from './compiler-shapes.ts';
import { asc, internals } from './compiler-shapes.ts';
import type { Violations } from './violations.ts';

export interface Sources {
  /** Text of a file by path from the repository's root; undefined: there is none. */
  read(path: string): string | undefined;
  /** Files to compile, with everything they import. */
  readonly entries: readonly string[];
}

export interface Compiled {
  /** Undefined when the sources could not even be parsed. */
  readonly program: CompilerProgram | undefined;
  /** Type of an expression before its surroundings convert it; absent: the compiler found the code dead. */
  readonly types: ReadonlyMap<ExpressionNode, CompilerType>;
  readonly callees: ReadonlyMap<ExpressionNode, CompilerFunction>;
  readonly builtins: ReadonlyMap<ExpressionNode, string>;
  readonly statements: ReadonlySet<StatementNode>;
  readonly failed: boolean;
}

/** The host functions' bodies need threads; nothing of what is compiled here is kept. */
const options = ['--runtime', 'stub', '--noAssert', '--noEmit', '--noValidate', '-O0', '--enable', 'threads'];

const expressionMethods = [
  'compileAssertionExpression',
  'compileBinaryExpression',
  'compileCallExpression',
  'compileCommaExpression',
  'compileElementAccessExpression',
  'compileFunctionExpression',
  'compileIdentifierExpression',
  'compileInstanceOfExpression',
  'compileLiteralExpression',
  'compileNewExpression',
  'compilePropertyAccessExpression',
  'compileTernaryExpression',
  'compileUnaryPostfixExpression',
  'compileUnaryPrefixExpression',
];

/** Watches the compiler's methods until `restore` is called. */
function watch() {
  const types = new Map<ExpressionNode, CompilerType>();
  const callees = new Map<ExpressionNode, CompilerFunction>();
  const builtins = new Map<ExpressionNode, string>();
  const statements = new Set<StatementNode>();
  const state: { program: CompilerProgram | undefined } = { program: undefined };
  const { prototype } = internals.Compiler;
  const originals = new Map<string, Method>();
  const around = (name: string, note: (compiler: RunningCompiler, values: unknown[], when: 'before' | 'after') => void) => {
    const original = prototype[name];
    if (original === undefined) throw new Error(`assemblyscript: compiler has no method ${name}: another version than the pinned one`);
    originals.set(name, original);
    prototype[name] = function (this: RunningCompiler, ...values: unknown[]): unknown {
      note(this, values, 'before');
      const result = original.apply(this, values);
      note(this, values, 'after');
      return result;
    };
  };
  for (const name of expressionMethods) {
    around(name, (compiler, values, when) => {
      if (when === 'after') types.set(values[0] as ExpressionNode, compiler.currentType);
    });
  }
  around('compileCallDirect', (_, values) => callees.set(values[2] as ExpressionNode, values[0] as CompilerFunction));
  around('compileCallExpressionBuiltin', (_, values) => builtins.set(values[1] as ExpressionNode, (values[0] as CompilerFunction).name));
  around('compileStatement', (_, values) => statements.add(values[0] as StatementNode));
  around('compile', (compiler) => {
    state.program = compiler.program;
  });
  const restore = () => {
    for (const [name, original] of originals) prototype[name] = original;
  };
  return { types, callees, builtins, statements, state, restore };
}

/** Compiles `sources`; what the compiler itself refuses is reported as violations. */
export async function compile(sources: Sources, violations: Violations): Promise<Compiled> {
  const watched = watch();
  let failed = false;
  try {
    const silent = { write: () => undefined };
    const result = await asc.main([...sources.entries, ...options], {
      // Nothing but sources: the build's own asconfig.json names other entries and options.
      readFile: (path) => (path.endsWith('.ts') ? (sources.read(path) ?? null) : null),
      writeFile: () => undefined,
      listFiles: () => [],
      stdout: silent,
      stderr: silent,
      reportDiagnostic: (diagnostic) => {
        if (diagnostic.category !== 3) return;
        failed = true;
        const file = diagnostic.range?.source?.normalizedPath ?? sources.entries[0]!;
        const before = (sources.read(file) ?? '').slice(0, diagnostic.range?.start ?? 0);
        const position = { file, line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') };
        violations.report(position, `AssemblyScript refuses this: ${diagnostic.message}`, 'the core must compile to WASM first');
      },
    });
    if (result.error !== null && !failed) throw result.error;
  } finally {
    watched.restore();
  }
  const { types, callees, builtins, statements } = watched;
  return { program: watched.state.program, types, callees, builtins, statements, failed };
}
