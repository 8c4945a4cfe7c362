// The version of this package: of the checkout, or of the installed package around the bundle, which stands as deep as this file; what is
// built for sandboxes stands deeper.

import { existsSync, readFileSync } from 'node:fs';

const places = ['../package.json', '../../package.json'];

export function version(): string {
  const file = places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url)) ?? '';
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
