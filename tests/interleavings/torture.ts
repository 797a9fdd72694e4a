/** Simulates at length how runners of one job get into each other's way. */

import { simulateSeed, SimulationError } from "./simulate.ts";
import { Tally } from "./tally.ts";

/** Simulates so many seeds; gives what broke a promise, in words. */
export async function interleave(count: number, seed: number): Promise<readonly string[]> {
  if (count === 0) return [];
  const started = performance.now();
  const tally = new Tally();
  const failures: string[] = [];
  for (let at = seed; at < seed + count; at++) {
    try {
      await simulateSeed(at, tally);
    } catch (error) {
      if (!(error instanceof SimulationError)) throw error;
      failures.push(error.message);
    }
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(
    `interleavings: ${tally}, ${failures.length} failures, ${seconds} s, from seed ${seed}`,
  );
  return failures;
}
