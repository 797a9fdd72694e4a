/** Kills the jobs of the zoo at length. */

import { reusedIn } from "../crash/check.ts";
import { GRAINS } from "../crash/grain.ts";
import { killsIn, runTrials } from "../crash/harness.ts";
import { randomFrom } from "../crash/trials.ts";
import { describeEffects, killEffects } from "./effects.ts";
import { zooTrials } from "./trials.ts";
import { zooNames } from "./zoo.ts";

/** Random instants at which a job is killed, beside its boundaries: one for so many of those. */
const BOUNDARIES_PER_INSTANT = 4;

/** Kills each job at so many of its boundaries, at instants and at all of its named points; gives what went wrong, in words. */
export async function killZoo(most: number, seed: number): Promise<readonly string[]> {
  if (most === 0) return [];
  const started = performance.now();
  const random = randomFrom(seed);
  const failures: string[] = [];
  const instants = Math.ceil(most / BOUNDARIES_PER_INSTANT);
  let count = 0;
  let kills = 0;
  for (const name of zooNames) {
    if (name === "zoo/effects") continue;
    for (const grain of GRAINS) {
      const sample = { seed, most, grain, instants, isNamed: true };
      const { boundaries, trials } = await zooTrials(name, sample, random);
      let reused = 0;
      const tally = await runTrials(trials, (_, __, killed) => {
        reused += reusedIn(killed?.runs ?? []).size;
      });
      const killed = killsIn(tally);
      console.log(
        `${name}, grain ${grain}: ${trials.length} trials with ${killed} kills, at ${boundaries} boundaries, ` +
          `${reused} tasks reused, ${tally.failures.length} failures`,
      );
      failures.push(...tally.failures);
      count += trials.length;
      kills += killed;
    }
  }
  for (const grain of GRAINS) {
    const effects = await killEffects({ seed, most, grain, instants, isNamed: true }, random);
    console.log(describeEffects(effects));
    failures.push(...effects.failures);
    count += effects.trials;
    kills += killsIn(effects);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(
    `the zoo: ${zooNames.length} jobs, ${count} trials, ${kills} kills, ${failures.length} ` +
      `failures, ${seconds} s, seed ${seed}`,
  );
  return failures;
}
