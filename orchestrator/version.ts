// The version of this package: of the checkout, or of the installed package around the bundle, which stands as deep as this file.

import { readFileSync } from 'node:fs';

export function version(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}
