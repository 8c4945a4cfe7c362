// Objects that are there twice: whoever applies the files gets the later one, and nobody is told.

import type { LocatedProblem } from '../../../manifests/problem-text.ts';
import type { CheckedDocument } from '../documents.ts';

export function repeatedObjects(documents: readonly CheckedDocument[]): LocatedProblem[] {
  const first = new Map<string, CheckedDocument>();
  return documents.flatMap((checked): LocatedProblem[] => {
    const { document, object } = checked;
    const { name, namespace } = object?.metadata ?? {};
    if (object === undefined || typeof name !== 'string') return [];
    const key = JSON.stringify([String(object.apiVersion).split('/')[0], object.kind, namespace ?? 'default', name]);
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, checked);
      return [];
    }
    const path = ['metadata', 'name'];
    const { line } = before.document.at(path);
    const message = `${object.kind} ${namespace === undefined ? '' : `${namespace}/`}${name} is already in ${before.document.file}:${line}: the later one replaces it`;
    return [{ severity: 'warning', class: 'repeated', path, message, file: document.file, ...document.at(path) }];
  });
}
