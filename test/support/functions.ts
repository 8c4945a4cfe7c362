// How long functions are, by TypeScript's own parser (which reads AssemblyScript too).
import ts from 'typescript';
import { read } from './sources.ts';

/** "path: name: lines" of every function and method longer than `limit` lines; lines of functions inside it are their own. */
export function longFunctions(path: string, limit: number): string[] {
  const file = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const line = (position: number) => file.getLineAndCharacterOfPosition(position).line;
  const linesOf = (node: ts.Node) => line(node.getEnd()) - line(node.getStart(file)) + 1;

  /** Lines that functions below `node` take. */
  const visit = (node: ts.Node): number => {
    let inner = 0;
    ts.forEachChild(node, (child) => {
      inner += visit(child);
    });
    if (!ts.isFunctionLike(node)) return inner;
    const own = linesOf(node) - inner;
    if (own > limit) found.push(`${path}: ${node.name?.getText(file) ?? 'a function without a name'}: ${own} lines`);
    return linesOf(node) > 1 ? linesOf(node) : 0;
  };
  visit(file);
  return found;
}
