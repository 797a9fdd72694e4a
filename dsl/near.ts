/**
 * Names that are near a mistyped one.
 *
 * @module
 */

/** The edit distance of two strings (Levenshtein), for short names. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The names nearest to `name`, the nearest first, at most `most`. */
export function nearNames(name: string, names: Iterable<string>, most: number = 5): string[] {
  const short = name.slice(0, 100);
  return [...names]
    .map((other) => ({ other, distance: editDistance(short, other.slice(0, 100)) }))
    .sort((a, b) => a.distance - b.distance || (a.other < b.other ? -1 : 1))
    .slice(0, most)
    .map(({ other }) => other);
}
