/** Chooses where jobs are killed. */

import { type Grain, GRAINS } from "./grain.ts";
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

/** Jobs, and how they run. */
export interface Herd {
  /** Their names. */
  readonly jobs: readonly JobName[];
  /** The seed of each. */
  readonly seed: number;
  /** What is durable by itself. */
  readonly grain: Grain;
}

/** A job that passes a named point. */
interface Passing {
  /** Its name. */
  readonly job: JobName;
  /** How often it passes the point. */
  readonly count: number;
}

/** The named points that jobs pass, and how often each job does. */
export async function pointsOf(
  { jobs, seed, grain }: Herd,
): Promise<ReadonlyMap<string, readonly Passing[]>> {
  const found = new Map<string, Passing[]>();
  for (const job of jobs) {
    for (const [point, count] of (await referenceOf({ job, seed, grain })).points) {
      const known = found.get(point) ?? [];
      known.push({ job, count });
      found.set(point, known);
    }
  }
  return found;
}

/** So many kills at each named point, each of the job that was killed least of those that pass it. */
export async function namedTrials(herd: Herd, random: Random, each: number): Promise<Trial[]> {
  const { seed, grain } = herd;
  const trials: Trial[] = [];
  const kills = new Map<JobName, number>();
  const killsOf = ({ job }: Passing): number => kills.get(job) ?? 0;
  for (const [point, passing] of await pointsOf(herd)) {
    const rest = [...passing];
    for (let time = 0; time < each; time++) {
      if (rest.length === 0) rest.push(...passing);
      const least = Math.min(...rest.map(killsOf));
      const spared = rest.filter((one) => killsOf(one) === least);
      const chosen = spared[random(spared.length)];
      if (chosen === undefined) continue;
      rest.splice(rest.indexOf(chosen), 1);
      const { job, count } = chosen;
      kills.set(job, killsOf(chosen) + 1);
      trials.push({ job, seed, grain, kills: [{ point, nth: 1 + random(count) }] });
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

/** Kills of any job, at both grains, at named points and random instants, up to three in a row. */
export async function mixedTrials(seed: number, random: Random, count: number): Promise<Trial[]> {
  const kill = async (job: JobName, grain: Grain): Promise<Kill> => {
    const { points, durationMs } = await referenceOf({ job, seed, grain });
    if (random(3) === 0) return { afterMs: random(Math.ceil(durationMs)) };
    const [point, most] = [...points][random(points.size)] ?? ["snapshot", 1];
    return { point, nth: 1 + random(most) };
  };
  const trials: Trial[] = [];
  for (let index = 0; index < count; index++) {
    // The job with most to go wrong comes up most.
    const job = random(2) === 0 ? "three" : jobNames[random(jobNames.length)] ?? "three";
    const grain = GRAINS[random(GRAINS.length)] ?? "epoch";
    const more: Kill[] = [];
    const rest = random(3);
    for (let next = 0; next < rest; next++) more.push(await kill(job, grain));
    trials.push({ job, seed, grain, kills: [await kill(job, grain), ...more] });
  }
  return trials;
}
