// What the build makes: in build/ of a checkout, beside the code in the package.

import { existsSync } from 'node:fs';
import { AgentError } from '../errors.ts';

const places = ['./', '../../build/'];

/** Throws ARTIFACT_MISSING when it has not been built. */
export function artifact(name: 'datapath.wasm' | 'datapath.bpf.o'): URL {
  const found = places.map((place) => new URL(place + name, import.meta.url)).find((url) => existsSync(url));
  if (found === undefined) throw new AgentError('ARTIFACT_MISSING', `${name}: not built here: "npm run build" makes it`);
  return found;
}
