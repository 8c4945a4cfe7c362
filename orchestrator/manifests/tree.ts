// Tree: a document's text as values that know where they stand. Both readers make it; values and positions are taken from it.

/** Offsets are of the whole text. */
export type Tree =
  | { readonly kind: 'scalar'; readonly offset: number; readonly value: string | number | boolean | null; readonly raw: string }
  | { readonly kind: 'list'; readonly offset: number; readonly items: readonly Tree[] }
  | { readonly kind: 'map'; readonly offset: number; readonly fields: ReadonlyMap<string, TreeField> };

export interface TreeField {
  /** Where its name stands. */
  readonly offset: number;
  readonly value: Tree;
}

/** The value without its places. Names like __proto__ become fields like any other. */
export function treeValue(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(treeValue);
  const object: Record<string, unknown> = {};
  for (const [name, { value }] of tree.fields) {
    if (name !== '__proto__') object[name] = treeValue(value);
    else Object.defineProperty(object, name, { value: treeValue(value), enumerable: true, configurable: true, writable: true });
  }
  return object;
}

/** What stands at a path, or at the longest part of it that is there; `key` is where the last name of it stands. */
export function findTree(tree: Tree, path: readonly (string | number)[]): { tree: Tree; key: number; whole: boolean } {
  let [found, key] = [tree, tree.offset];
  for (const step of path) {
    if (found.kind === 'list' && typeof step === 'number' && step in found.items) {
      found = found.items[step];
      key = found.offset;
      continue;
    }
    const field: TreeField | undefined = found.kind === 'map' ? found.fields.get(String(step)) : undefined;
    if (field === undefined) return { tree: found, key, whole: false };
    [found, key] = [field.value, field.offset];
  }
  return { tree: found, key, whole: true };
}
