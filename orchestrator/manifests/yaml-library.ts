// The library for YAML, loaded when the first text of YAML is read: those who give objects or JSON do not wait for it.

import { createRequire } from 'node:module';

/** Where a bundle has it: beside its code. */
declare const YAML_LIBRARY: string | undefined;

let library: typeof import('yaml') | undefined;

export function yamlLibrary(): typeof import('yaml') {
  library ??= createRequire(import.meta.url)(typeof YAML_LIBRARY === 'string' ? YAML_LIBRARY : 'yaml') as typeof import('yaml');
  return library;
}
