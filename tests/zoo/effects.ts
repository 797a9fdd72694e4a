/** Kills the job that asks a recording server, and checks all that it asked. */

import {
  histogram,
  type Killed,
  type Outside,
  runTrials,
  type Tally,
  type Trial,
} from "../crash/harness.ts";
import { CrashCheckError } from "../crash/check.ts";
import type { Grain } from "../crash/grain.ts";
import type { Kill } from "../crash/process.ts";
import type { Random } from "../crash/trials.ts";
import { FakeServer } from "../jobs/fake_server.ts";
import {
  boundByEpoch,
  boundByPiece,
  checkRequests,
  parseRequest,
  type Request,
} from "./requests.ts";
import { type Sample, zooTrials } from "./trials.ts";

const JOB = "zoo/effects";

/** Where its calls are in flight, or just behind it. */
const POINTS: readonly Kill[] = [
  { point: "after init, not recorded", nth: 1 },
  { point: "between two tries of a task", nth: 3 },
  { point: "after epoch, not recorded", nth: 2 },
  { point: "link: epochs", nth: 3 },
  { point: "after link: epochs", nth: 3 },
  { point: "epoch acknowledged", nth: 2 },
  { point: "after exit, not recorded", nth: 1 },
];

/** Around what task grain writes. */
const LOG_POINTS: readonly Kill[] = [
  { point: "log write: tasks", nth: 1 },
  { point: "log sync: tasks", nth: 2 },
  { point: "log sync: tasks", nth: 5 },
];

/** What came of it. */
export interface EffectsTally extends Tally {
  /** What was durable by itself. */
  readonly grain: Grain;
  /** How many requests there were in all. */
  readonly requests: number;
  /** How many of them were repeats. */
  readonly repeats: number;
  /** How many trials there were. */
  readonly trials: number;
}

/** Kills the job at points around its calls, and where the sample says. */
export async function killEffects(
  sample: Omit<Sample, "outside">,
  random: Random,
  randomInstant = random,
): Promise<EffectsTally> {
  await using server = await FakeServer.start("recorder");
  const outside = (trial: number): Outside => ({
    host: server.host,
    params: { server: `${server.url}/trial-${trial}` },
  });
  const { seed, grain } = sample;
  const { trials: sampled } = await zooTrials(JOB, { ...sample, outside }, random, randomInstant);
  const points = grain === "task" ? [...POINTS, ...LOG_POINTS] : POINTS;
  const named = points.map((kill, index): Trial => ({
    ...{ job: JOB, seed, grain, kills: [kill] },
    outside: outside(1 + sampled.length + index),
  }));
  const trials = [...sampled, ...named];
  const killed = new Map<number, Killed>();
  const tally = await runTrials(trials, (_, trial, result) => {
    if (result !== undefined) killed.set(1 + trials.indexOf(trial), result);
  });
  const requests = (await server.end()).map(parseRequest);
  const failures = [...tally.failures];
  const repeats = checkAll(requests, trials, killed, failures);
  return { ...tally, grain, failures, repeats, requests: requests.length, trials: trials.length };
}

/** Checks each trial's requests; gives how many were repeats, and adds to the failures. */
function checkAll(
  requests: readonly Request[],
  trials: readonly Trial[],
  killed: ReadonlyMap<number, Killed>,
  failures: string[],
): number {
  const of = (trial: number): Request[] => requests.filter(({ by }) => by === `trial-${trial}`);
  let repeats = 0;
  for (const [number, result] of killed) {
    try {
      const bound = trials[number - 1]?.grain === "task"
        ? boundByPiece(result)
        : boundByEpoch(result);
      repeats += checkRequests(of(number), of(0), bound);
    } catch (error) {
      if (!(error instanceof CrashCheckError)) throw error;
      failures.push(`${JSON.stringify(trials[number - 1])}: ${error.message}`);
    }
  }
  return repeats;
}

/** Says what came of it. */
export function describeEffects(tally: EffectsTally): string {
  const { trials, requests, repeats, grain } = tally;
  return `${JOB}, grain ${grain}: ${trials} trials, ${requests} requests, ${repeats} repeats, each for a call in ` +
    `flight and with the same key\n${histogram(tally)}`;
}
