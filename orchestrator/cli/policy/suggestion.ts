// Suggestions: the word that somebody probably meant.

/** ` (did you mean "x"?)` when one of the words is close to the given one, else nothing. */
export function suggestion(given: string, words: Iterable<string>): string {
  const near = nearest(given, words);
  return near === undefined ? '' : `: did you mean "${near}"?`;
}

export function nearest(given: string, words: Iterable<string>): string | undefined {
  let best: { word: string; edits: number } | undefined;
  for (const word of words) {
    const edits = distance(given.slice(0, longest).toLowerCase(), word.toLowerCase());
    if (edits <= Math.max(1, Math.floor(word.length / 3)) && edits < (best?.edits ?? Infinity)) best = { word, edits };
  }
  return best?.word;
}

// What is longer than any of our words is close to none of them, and need not be looked at to its end.
const longest = 40;

/** Letters to insert, delete, replace or swap with their neighbour. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}
