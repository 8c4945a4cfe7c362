// Suggestion: which known name was meant by one that nobody knows.

const furthest = 2;
/** Longer names are nobody's slip of the finger, and would be slow to compare. */
const longest = 40;

/** The nearest of the known names, if one is near enough: another case, from/to mixed up, up to two letters wrong. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (name.length > longest) return undefined;
  const lower = name.toLowerCase();
  const same = known.find((candidate) => candidate.toLowerCase() === lower);
  if (same !== undefined) return same;
  const turned = turn(name);
  if (turned !== undefined && known.includes(turned)) return turned;
  let best: string | undefined;
  let bestDistance = Math.min(furthest, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `fromEndpoints` → `toEndpoints` and back. */
function turn(name: string): string | undefined {
  if (/^from[A-Z]/.test(name)) return `to${name.slice(4)}`;
  return /^to[A-Z]/.test(name) ? `from${name.slice(2)}` : undefined;
}

/** Letters to insert, remove, replace, or swap with their neighbour. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > furthest) return furthest + 1;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, replaced, isSwap ? before[j - 2] + 1 : replaced));
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}
