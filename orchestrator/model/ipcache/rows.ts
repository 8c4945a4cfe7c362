// Rows: the whole ipcache at once, from all claims. Ipcache (ipcache.ts) keeps the same step by step.

import { comparePrefixes, containsPrefix, type Prefix, parsePrefix } from '../../net/prefix.ts';
import type { Claim } from './claim.ts';
import { type Meaning, mergeClaims, worldMeaning } from './meaning.ts';

/** Prefix → identity; the longest prefix around an address decides. */
export interface IpcacheRow {
  readonly prefix: Prefix;
  readonly meaning: Meaning;
}

/** Rows that are always there: every address of a family. */
export const defaultRows: readonly IpcacheRow[] = ['0.0.0.0/0', '::/0'].map((text) => {
  const prefix = parsePrefix(text);
  return { prefix, meaning: worldMeaning(prefix) };
});

/** In the order of families, addresses and lengths, so that a wider prefix comes before what lies in it. */
export function ipcacheRows(claims: Iterable<Claim>): IpcacheRow[] {
  const groups = new Map<string, { prefix: Prefix; claims: Claim[] }>(
    defaultRows.map(({ prefix }) => [prefix.text, { prefix, claims: [] }]),
  );
  for (const claim of claims) {
    const group = groups.get(claim.prefix.text);
    if (group === undefined) groups.set(claim.prefix.text, { prefix: claim.prefix, claims: [claim] });
    else group.claims.push(claim);
  }
  const rows: IpcacheRow[] = [];
  const around: IpcacheRow[] = [];
  for (const group of [...groups.values()].sort((a, b) => comparePrefixes(a.prefix, b.prefix))) {
    while (around.length > 0 && !containsPrefix((around.at(-1) as IpcacheRow).prefix, group.prefix)) around.pop();
    const row = { prefix: group.prefix, meaning: mergeClaims(group.prefix, group.claims, around.at(-1)?.meaning) };
    around.push(row);
    rows.push(row);
  }
  return rows;
}
