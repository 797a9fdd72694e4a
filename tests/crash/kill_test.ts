/** Real processes, killed at each named point and at random instants, end with the same blobs. */

import { assert, assertEquals } from "@std/assert";
import { type Grain, GRAINS } from "./grain.ts";
import { histogram, killsIn, runTrials, type Tally, TOO_LATE, type Trial } from "./harness.ts";
import { jobNames } from "./jobs.ts";
import type { Kill } from "./process.ts";
import { namedTrials, pointsOf, randomFrom, randomTrials } from "./trials.ts";

const SEED = 11;
const RANDOM_KILLS = 10;

/** Kills at each named point; at task grain the zoo has one more. */
const EACH: Readonly<Record<Grain, number>> = { epoch: 2, task: 1 };

/** The points that a refactoring must not lose from the test without a word. */
const NAMED = [
  ...["in a task", "at the end of a task's work", "between two tries of a task"],
  ...["snapshot", "epoch acknowledged", "inside init"],
  ...["inside upload", "inside download", "inside exit"],
  ...["upload", "download", "exit"].flatMap((phase) => [
    `after ${phase}, not recorded`,
    `snapshot after ${phase}`,
    `after ${phase}, recorded`,
  ]),
  ...["pack write", "pack sync", "torn write: packs"],
  ...["folder sync: packs", "folder sync: attempts", "folder sync: ."],
  ...["epochs", "phases"].flatMap((folder) => [
    `manifest write: ${folder}`,
    `torn write: ${folder}`,
    `manifest sync: ${folder}`,
    `link: ${folder}`,
    `after link: ${folder}`,
    `folder sync: ${folder}`,
  ]),
  ...["link: attempts", "after link: attempts", "remove: epochs", "remove: packs"],
];

/** Those of what task grain records within an epoch. */
const NAMED_IN_LOGS = [
  ...["log write: tasks", "log sync: tasks", "torn write: tasks"],
  ...["link: tasks", "after link: tasks", "folder sync: tasks", "remove: tasks"],
];

const NAMED_AT: Readonly<Record<Grain, readonly string[]>> = {
  epoch: NAMED,
  task: [...NAMED, ...NAMED_IN_LOGS],
};

for (const grain of GRAINS) {
  Deno.test(`a job killed at any named point ends like one never killed, grain ${grain}`, async () => {
    const herd = { jobs: jobNames, seed: SEED, grain };
    const points = await pointsOf(herd);
    assertEquals(NAMED_AT[grain].filter((point) => !points.has(point)), []);
    const trials = await namedTrials(herd, randomFrom(SEED), EACH[grain]);
    const tally = await runTrials(trials);
    report(`named points, grain ${grain}`, trials, tally);
    for (const point of points.keys()) assertEquals(tally.landings.get(point), EACH[grain], point);
  });
}

/** Points of a resume, before it runs anything. */
const RESUMING: readonly Kill[] = [
  { point: "link: attempts", nth: 1 },
  { point: "after link: attempts", nth: 1 }, // an attempt without a parent
  { point: "after link: attempts", nth: 2 },
  { point: "resume, loaded", nth: 1 },
];

Deno.test("a resume that is killed before it has run anything changes nothing", async () => {
  const first: readonly Kill[] = [
    { point: "epoch acknowledged", nth: 2 },
    { point: "after link: epochs", nth: 2 },
    { point: "after upload, recorded", nth: 1 },
  ];
  const trials = first.map((kill) => ({
    ...{ job: "three", seed: SEED } as const,
    kills: [kill, ...RESUMING] as const,
  }));
  const tally = await runTrials(trials);
  report("killed resumes", trials, tally);
  for (const kill of RESUMING) {
    if (!("point" in kill)) continue;
    const times = RESUMING.filter((other) => "point" in other && other.point === kill.point);
    assertEquals(tally.landings.get(kill.point), first.length * times.length, kill.point);
  }
});

Deno.test("a job that has saved nothing yet knows its seed and params, whatever starts are killed", async () => {
  const [begun, ...starts] = [
    { point: "after init, not recorded", nth: 1 },
    ...RESUMING.filter((kill) => "point" in kill && kill.point !== "resume, loaded"),
    { point: "snapshot", nth: 1 },
  ];
  const trials = [{ job: "three", seed: SEED, kills: [begun, ...starts] as const } as const];
  const tally = await runTrials(trials);
  report("killed starts", trials, tally);
  assertEquals(killsIn(tally), 1 + starts.length);
});

for (const job of jobNames) {
  Deno.test(`${job} killed at random instants ends like one never killed`, async () => {
    const seed = Date.now();
    const trials = await randomTrials(job, SEED, randomFrom(seed), RANDOM_KILLS);
    const tally = await runTrials(trials);
    report(`${job}, random instants of the seed ${seed}`, trials, tally);
    const landed = [...tally.landings.values()].reduce((sum, count) => sum + count, 0);
    assertEquals(landed, RANDOM_KILLS);
    assert((tally.landings.get(TOO_LATE) ?? 0) < RANDOM_KILLS, "no kill came in time");
  });
}

function report(what: string, trials: readonly Trial[], tally: Tally): void {
  console.log(`${what}: ${trials.length} trials\n${histogram(tally)}`);
  assertEquals(tally.failures.join("\n"), "");
}
