/** Lets real processes race for one job at length. */

import { randomFrom } from "../crash/trials.ts";
import { runAlone } from "./race.ts";
import { describeRaces, randomRaces, runRaces } from "./races.ts";

/** Runs so many races; gives what went wrong, in words. */
export async function raceProcesses(count: number, seed: number): Promise<readonly string[]> {
  if (count === 0) return [];
  const started = performance.now();
  const alone = await runAlone();
  const tally = await runRaces(randomRaces(count, alone, randomFrom(seed)), alone);
  for (const [call, times] of [...tally.stops].sort()) console.log(`${times} × ${call}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`${describeRaces(tally)}, ${seconds} s, seed ${seed}`);
  return tally.failures;
}
