/**
 * Kills jobs, cuts the power of a simulated disk, and lets runners get into each other's way, again and
 * again: `deno task torture [--count=400] [--zoo=60] [--demo=100] [--cuts=300]
 * [--interleavings=3000] [--races=400] [--seed=1]`.
 *
 * `count` is how many jobs are killed, `zoo` at how many of its boundaries each job of the zoo is at most
 * (some have 300; and at a quarter as many random instants, and at each of its named points; at both
 * grains, in about half an hour), `demo` how often the digits demo is killed in a row, `cuts`
 * how many random workloads lose their power, `interleavings` how many seeds have simulated runners
 * meet, `races` how often two or three processes race for one job: in half of them one of two is stopped
 * before a call, and there are about 180 calls. Prints where kills and stops landed,
 * how many states of the disk were recovered from, and what the runners came to. Ends with 1 where a
 * resumed run did not end like one never killed, or a promise was broken; what was tried is printed as
 * it was found, and can be tried again by the seed.
 */

// First, as the product takes the clock when it is loaded.
import "../interleavings/fake_time.ts";
import digits from "../../examples/digits.ts";
import { interleave } from "../interleavings/torture.ts";
import { raceProcesses } from "../races/torture.ts";
import { cutAll } from "../simulation/torture.ts";
import { killZoo } from "../zoo/torture.ts";
import { GRAINS } from "./grain.ts";
import { histogram, killsIn, runTrials, type Trial } from "./harness.ts";
import { temporaryFolder } from "../storage/watched_file_system.ts";
import { killInARow } from "./in_a_row.ts";
import { jobNames } from "./jobs.ts";
import { mixedTrials, namedTrials, randomFrom } from "./trials.ts";

function numberGiven(name: string, otherwise: number): number {
  const flag = `--${name}=`;
  const text = Deno.args.find((arg) => arg.startsWith(flag))?.slice(flag.length);
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`--${name} is "${text}": give a whole number from 0`);
  }
  return value;
}

async function kill(count: number, seed: number): Promise<readonly string[]> {
  const started = performance.now();
  const random = randomFrom(seed);
  const named: Trial[] = [];
  for (const grain of GRAINS) {
    named.push(...await namedTrials({ jobs: jobNames, seed, grain }, random, 2));
  }
  const rest = Math.max(0, count - named.length);
  const trials = [...named, ...await mixedTrials(seed, random, rest)].slice(0, count);
  const tally = await runTrials(trials, (done) => {
    if (done % 50 === 0) console.log(`${done} of ${trials.length}`);
  });
  const kills = killsIn(tally);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(histogram(tally));
  console.log(
    `${trials.length} trials, ${kills} kills, ${tally.failures.length} failures, ` +
      `${seconds} s, seed ${seed}`,
  );
  return tally.failures;
}

/** Kills the digits demo in a row, at least half of the times inside a save. */
async function killDemo(kills: number, seed: number): Promise<readonly string[]> {
  if (kills === 0) return [];
  await using folder = await temporaryFolder();
  const args = ["--param", "images=2000", "--param", "epochs=4"];
  try {
    const { inSave, removed } = await killInARow({
      ...{ example: "digits.ts", job: digits, args, kills, folder: folder.path, seed },
      longestMs: 1_500,
    });
    console.log(
      `the demo: ${kills} kills in a row, ${inSave} of them inside a save; repair removed ` +
        `${removed} objects, and then it was clean and as one never killed`,
    );
    return [];
  } catch (error) {
    return [`the demo, killed ${kills} times in a row (seed ${seed}): ${error}`];
  }
}

if (import.meta.main) {
  const seed = numberGiven("seed", 1);
  const failures = [
    ...await kill(numberGiven("count", 400), seed),
    ...await killZoo(numberGiven("zoo", 60), seed),
    ...await killDemo(numberGiven("demo", 100), seed),
    ...await cutAll(numberGiven("cuts", 300), seed),
    ...await interleave(numberGiven("interleavings", 3000), seed),
    ...await raceProcesses(numberGiven("races", 400), seed),
  ];
  for (const failure of failures) console.error(failure);
  if (failures.length > 0) Deno.exit(1);
}
