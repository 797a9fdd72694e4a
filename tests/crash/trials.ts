/** Chooses where jobs are killed. */

import { referenceOf, type Trial } from "./harness.ts";
import { type JobName, jobNames } from "./jobs.ts";
import type { Kill } from "./process.ts";

/** Whole numbers from 0 up to but not including `below`, from a seed. */
export type Random = (below: number) => number;

/** A generator of random numbers (mulberry32): a seed makes the same trials again. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return Math.floor(((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32 * below);
  };
}

/** The named points that each job passes, and how often. */
export async function pointsOf(
  seed: number,
): Promise<ReadonlyMap<string, readonly { readonly job: JobName; readonly count: number }[]>> {
  const found = new Map<string, { job: JobName; count: number }[]>();
  for (const job of jobNames) {
    for (const [point, count] of (await referenceOf({ job, seed })).points) {
      const known = found.get(point) ?? [];
      known.push({ job, count });
      found.set(point, known);
    }
  }
  return found;
}

/** Two kills at each named point, of different jobs where more than one passes it. */
export async function namedTrials(seed: number, random: Random): Promise<Trial[]> {
  const trials: Trial[] = [];
  let turn = 0;
  for (const [point, passing] of await pointsOf(seed)) {
    for (let time = 0; time < 2; time++) {
      const chosen = passing[turn++ % passing.length];
      if (chosen === undefined) continue;
      const { job, count } = chosen;
      trials.push({ job, seed, kills: [{ point, nth: 1 + random(count) }] });
    }
  }
  return trials;
}

/** Kills of a job at random instants. */
export async function randomTrials(
  job: JobName,
  seed: number,
  random: Random,
  count: number,
): Promise<Trial[]> {
  const { durationMs } = await referenceOf({ job, seed });
  return Array.from({ length: count }, () => ({
    job,
    seed,
    kills: [{ afterMs: random(Math.ceil(durationMs)) }] as const,
  }));
}

/** Kills of any job at named points and random instants, up to three in a row. */
export async function mixedTrials(seed: number, random: Random, count: number): Promise<Trial[]> {
  const kill = async (job: JobName): Promise<Kill> => {
    const { points, durationMs } = await referenceOf({ job, seed });
    if (random(3) === 0) return { afterMs: random(Math.ceil(durationMs)) };
    const [point, most] = [...points][random(points.size)] ?? ["snapshot", 1];
    return { point, nth: 1 + random(most) };
  };
  const trials: Trial[] = [];
  for (let index = 0; index < count; index++) {
    // The job with most to go wrong comes up most.
    const job = random(2) === 0 ? "three" : jobNames[random(jobNames.length)] ?? "three";
    const more: Kill[] = [];
    const rest = random(3);
    for (let next = 0; next < rest; next++) more.push(await kill(job));
    trials.push({ job, seed, kills: [await kill(job), ...more] });
  }
  return trials;
}
