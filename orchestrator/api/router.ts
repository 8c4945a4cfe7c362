// Router: from a request's target to its route, or to the reason why there is none.

import { Problem } from './problem.ts';
import type { Route } from './route.ts';

export interface Found {
  readonly route: Route;
  readonly parts: Readonly<Record<string, string>>;
}

export interface Target {
  readonly path: string;
  readonly search: string;
}

/** The target of a request line; one in absolute form names a host, which a socket has no use for. */
export function readTarget(url: string): Target {
  const [target = ''] = url.split('#', 1);
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  if (!path.startsWith('/')) throw new Problem(400, `request: not a path: ${JSON.stringify(url.slice(0, 100))}`);
  return { path, search: at < 0 ? '' : target.slice(at + 1) };
}

/** Throws 404 or 405, with what there is near. */
export function findRoute(routes: readonly Route[], method: string, path: string): Found {
  const parts = decoded(path);
  const matching = routes.flatMap((route) => {
    const values = match(route.path, parts);
    return values === undefined ? [] : [{ route, parts: values }];
  });
  // One with fewer variables goes first.
  matching.sort((a, b) => Object.keys(a.parts).length - Object.keys(b.parts).length);
  const wanted = method === 'HEAD' ? 'GET' : method;
  const found = matching.find(({ route }) => route.method === wanted);
  if (found !== undefined) return found;
  if (matching.length === 0) {
    const hint = 'GET /v1/openapi.json lists every path';
    throw new Problem(404, `${path.slice(0, 200)}: no such path`, { hint });
  }
  const allow = [...new Set(matching.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method])))].join(', ');
  throw new Problem(405, `${path.slice(0, 200)}: ${method}: not here`, { hint: `it takes ${allow}`, headers: { Allow: allow } });
}

function decoded(path: string): string[] {
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  try {
    return trimmed.slice(1).split('/').map(decodeURIComponent);
  } catch {
    throw new Problem(400, `request: path: not percent-encoded UTF-8: ${JSON.stringify(path.slice(0, 200))}`);
  }
}

function match(pattern: string, parts: readonly string[]): Record<string, string> | undefined {
  const wanted = pattern.slice(1).split('/');
  if (wanted.length !== parts.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, word] of wanted.entries()) {
    const part = parts[index] ?? '';
    if (!word.startsWith('{')) {
      if (word !== part) return undefined;
    } else if (part === '') return undefined;
    else values[word.slice(1, -1)] = part;
  }
  return values;
}
