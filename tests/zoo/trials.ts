/** Chooses where the jobs of the zoo are killed. */

import { type Outside, referenceOf, type Subject, type Trial } from "../crash/harness.ts";
import type { Grain } from "../crash/grain.ts";
import type { Kill } from "../crash/process.ts";
import type { Random } from "../crash/trials.ts";
import type { ZooName } from "./zoo.ts";

/** In each so many-th trial the resumed run is killed too. */
const TWICE_EVERY = 3;

/** What to choose. */
export interface Sample {
  /** The seed of the job. */
  readonly seed: number;
  /** At how many boundaries it is killed at most: spread over all of them, where there are more. */
  readonly most: number;
  /** At how many random instants it is killed beside them. */
  readonly instants?: number;
  /** Whether it is killed once at each named point that it passes, too. */
  readonly isNamed?: boolean;
  /** What is durable by itself. */
  readonly grain: Grain;
  /** What is outside of the job in a trial, by its number; 0 is the uninterrupted run. */
  readonly outside?: (trial: number) => Outside;
}

/** Kills of one job, and how many boundaries it has; instants may be of a seed of their own. */
export async function zooTrials(
  job: ZooName,
  { seed, most, grain, instants = 0, isNamed = false, outside }: Sample,
  random: Random,
  randomInstant = random,
): Promise<{ readonly boundaries: number; readonly trials: readonly Trial[] }> {
  const subjectOf = (trial: number): Subject => ({
    ...{ job, seed, grain },
    ...outside === undefined ? {} : { outside: outside(trial) },
  });
  const { boundaries, durationMs, points } = await referenceOf(subjectOf(0));
  const kills: Kill[] = sample(boundaries, most, random).map((boundary) => ({ boundary }));
  for (let kill = 0; kill < instants; kill++) {
    kills.push({ afterMs: randomInstant(Math.ceil(durationMs)) });
  }
  for (const [point, count] of isNamed ? points : []) {
    // A trial of a job that asks something is not tried again where a point comes less often.
    kills.push({ point, nth: outside === undefined ? 1 + random(count) : 1 });
  }
  const trials = kills.map((kill, index): Trial => {
    const again = index % TWICE_EVERY === TWICE_EVERY - 1;
    const more: Kill[] = again ? [{ boundary: 1 + random(boundaries) }] : [];
    return { ...subjectOf(index + 1), kills: [kill, ...more] };
  });
  return { boundaries, trials };
}

/** All boundaries, or as many as wanted, each somewhere in its share of them; counted from 1. */
function sample(boundaries: number, most: number, random: Random): number[] {
  if (boundaries <= most) return Array.from({ length: boundaries }, (_, index) => index + 1);
  return Array.from({ length: most }, (_, index) => {
    const [from, to] = [index, index + 1].map((share) => Math.floor(share * boundaries / most));
    return 1 + (from ?? 0) + random((to ?? 0) - (from ?? 0));
  });
}
