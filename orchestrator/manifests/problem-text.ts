// Problems with their lines: what is printed when a manifest is wrong.

import { type Problem, pathText } from '../model/policy/problem.ts';
import type { Position } from './source-text.ts';

export interface LocatedProblem extends Problem, Position {
  readonly file: string;
}

/** `policies/shop.yaml:12:7: spec.egress[1].toCIDR[0]: not an address …`. */
export function problemText({ file, line, column, path, message }: LocatedProblem): string {
  const place = shorten(pathText(path));
  return `${file}:${line}:${column}: ${place === '' ? '' : `${place}: `}${message}`;
}

/** Names of fields may be of any length; nobody reads a line of a thousand characters. */
function shorten(place: string): string {
  return place.length <= 400 ? place : `${place.slice(0, 200)}…${place.slice(-200)}`;
}
