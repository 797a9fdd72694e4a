/**
 * Cuts the power at length: in random workloads, and in all of those that tests try in part.
 */

import { randomFrom } from "../crash/trials.ts";
import { Disk } from "./disk.ts";
import { Facts, type Note } from "./facts.ts";
import { simulateSeed } from "./random_workload.ts";
import { logWorkloads } from "./log_workloads.ts";
import { cutPower, SimulationError, type Tally } from "./simulate.ts";
import { families, workloads } from "./workloads.ts";

/** The most states that are tried at a power cut of a small workload. */
const MOST_STATES = 256;

/** Tries all that there is and so many random workloads; gives what broke a promise, in words. */
export async function cutAll(count: number, seed: number): Promise<readonly string[]> {
  const started = performance.now();
  const tally: Tally = { points: 0, states: 0, exhaustive: 0 };
  const failures: string[] = [];
  const noting = async (name: string, run: () => Promise<unknown>): Promise<void> => {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof SimulationError)) throw error;
      failures.push(`${name}: ${error.message}`);
    }
  };
  const named = count === 0 ? [] : [
    ...Object.entries(workloads),
    ...Object.entries(logWorkloads),
    ...Object.entries(families).flatMap(([name, all]) =>
      all.map((workload, index) => [`${name} ${index}`, workload] as const)
    ),
  ];
  for (const [name, workload] of named) {
    const disk = new Disk<Note>();
    await workload(disk, (disk, options) => disk.process(options));
    const most = name in workloads ? MOST_STATES : 12;
    const options = { most, random: randomFrom(seed) };
    await noting(name, () => cutPower(disk, new Facts(), options, tally));
  }
  for (let at = seed; at < seed + count; at++) {
    await noting("random", () => simulateSeed(at, tally));
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(
    `${named.length + count} workloads, ${tally.points} power cuts (${tally.exhaustive} ` +
      `exhaustive), ${tally.states} states, ${failures.length} failures, ${seconds} s, seed ${seed}`,
  );
  return failures;
}
