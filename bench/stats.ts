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
  /** The figure of each round; none where it cannot be had here. */
  readonly rounds: readonly number[];
}

/**
 * Measures all contenders in every round, so that what the machine does meanwhile hits all alike. Each
 * round begins with the next one. A first round is for warming up, and not counted.
 *
 * @param before Is called before each of them.
 */
export async function interleaved(
  contenders: readonly Contender[],
  rounds: number,
  log: (text: string) => void = () => {},
  before: () => void = () => {},
): Promise<Figures[]> {
  const figures = contenders.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (round + turn) % contenders.length;
      before();
      const figure = await contenders[index]?.measure();
      if (round > 0 && figure !== undefined) figures[index]?.push(figure);
    }
    log(round === 0 ? "warmed up" : `round ${round} of ${rounds}`);
  }
  return contenders.map(({ name }, index) => ({ name, rounds: figures[index] ?? [] }));
}

/** The figures of a contender. */
export function find(figures: readonly Figures[], name: string): Figures {
  return figures.find((figure) => figure.name === name) ?? { name, rounds: [] };
}

/**
 * How many times as large the one is as the other: the median of the rounds' ratios, as two figures of
 * one round have met the same machine. `NaN` where one of them cannot be had.
 */
export function ratio(of: Figures, to: Figures): number {
  return median(of.rounds.map((figure, round) => figure / (to.rounds[round] ?? NaN)));
}

/** How long something takes, in seconds. */
export async function seconds(run: () => unknown): Promise<number> {
  const from = performance.now();
  await run();
  return (performance.now() - from) / 1000;
}

/** A number with about three digits. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
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
