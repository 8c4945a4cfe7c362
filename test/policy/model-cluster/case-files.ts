// Case files: the given sets, one case at a time.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Case } from './facts.ts';

export function* readCases(name: string): Generator<Case> {
  const text = gunzipSync(readFileSync(new URL(`../cases/${name}.jsonl.gz`, import.meta.url))).toString('utf8');
  for (const line of text.split('\n')) if (line !== '') yield JSON.parse(line) as Case;
}
