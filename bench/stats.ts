/** Figures of interleaved rounds. */

/** The median of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? NaN) + high) / 2;
}

/** Something that is measured: gives one figure each round, or `undefined` where it cannot be had here. */
export interface Contender {
  /** What it is. */
  readonly name: string;
  /** One round. */
  readonly measure: () => Promise<number | undefined>;
}

/** What the rounds of a contender gave. */
export interface Figures {
  /** What it is. */
  readonly name: string;
  /** The median; `undefined` where it cannot be had here. */
  readonly median: number | undefined;
  /** The smallest and the greatest. */
  readonly range: readonly [number, number];
}

/**
 * Measures all contenders in every round, so that what the machine does meanwhile hits all alike. Each
 * round begins with the next one. A first round is for warming up, and not counted.
 */
export async function interleaved(
  contenders: readonly Contender[],
  rounds: number,
): Promise<Figures[]> {
  const figures = contenders.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (round + turn) % contenders.length;
      const figure = await contenders[index]?.measure();
      if (round > 0 && figure !== undefined) figures[index]?.push(figure);
    }
  }
  return contenders.map(({ name }, index) => {
    const found = figures[index] ?? [];
    return {
      name,
      median: found.length === 0 ? undefined : median(found),
      range: [Math.min(...found), Math.max(...found)],
    };
  });
}

/** Prints rows in columns, the first to the left and the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => widths[at] = Math.max(widths[at] ?? 0, cell.length));
  }
  return rows.map((row) =>
    row.map((cell, at) => at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))
      .join("  ").trimEnd()
  ).join("\n");
}
