/** The jobs zoo: every job is killed by real SIGKILL, and ends like one never killed. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { assertResumable } from "tidemark";
import { GRAINS, withGrain } from "../crash/grain.ts";
import { histogram, killsIn, runTrials } from "../crash/harness.ts";
import { namedTrials, pointsOf, randomFrom } from "../crash/trials.ts";
import { runProgram, withFolder } from "../e2e/process.ts";
import { describeEffects, killEffects } from "./effects.ts";
import { zooTrials } from "./trials.ts";
import { badJobs, loadFromZoo, zooNames, zooParams } from "./zoo.ts";

const SEED = 7;
const KILLS = 3;
const INSTANTS = 1;
const KILLS_IN_PROCESS = 20;

/** Instants are others in each run of the tests. */
const INSTANTS_SEED = Date.now();

const JOBS = new URL("jobs/", import.meta.url);

/** It asks a server, which a test may not. */
const alone = zooNames.filter((name) => name !== "zoo/effects");

Deno.test("the zoo has all jobs of its folder", () => {
  const files = [...Deno.readDirSync(JOBS)].map(({ name }) => name).sort();
  const bad = Object.keys(badJobs);
  const good = zooNames.map((name) => name.slice("zoo/".length));
  assertEquals(files, [...bad, ...good].map((name) => `${name}.ts`).sort());
});

for (const [index, name] of alone.entries()) {
  for (const grain of GRAINS) {
    Deno.test(`${name}, grain ${grain}: killed at boundaries and at an instant, it ends like one never killed`, async () => {
      const { boundaries, trials } = await zooTrials(
        name,
        { seed: SEED, most: KILLS, grain, instants: INSTANTS },
        randomFrom(SEED + index),
        randomFrom(INSTANTS_SEED + index),
      );
      const tally = await runTrials(trials);
      console.log(
        `${name}: killed at ${
          trials.length - INSTANTS
        } of ${boundaries}, and at ${INSTANTS} instant ` +
          `of the seed ${INSTANTS_SEED + index}\n${histogram(tally)}`,
      );
      assertEquals(tally.failures.join("\n"), "");
      assert(killsIn(tally) > KILLS / 2, "kills came too late");
    });

    Deno.test(`${name}, grain ${grain}: killed in this process, it ends the same`, async () => {
      const { job, uploader } = await loadFromZoo(name);
      const done = await assertResumable(withGrain(job, grain), {
        ...{ kills: KILLS_IN_PROCESS, params: zooParams[name], seed: SEED },
        ...uploader === undefined ? {} : { uploader },
      });
      console.log(`${name}: ${done.kills} deaths in ${done.trials} trials at ${done.steps} steps`);
      assert(done.kills >= KILLS_IN_PROCESS);
    });
  }
}

for (const grain of GRAINS) {
  Deno.test(`the zoo is killed at every named point that any job of it passes, grain ${grain}`, async () => {
    const herd = { jobs: alone, seed: SEED, grain };
    const trials = await namedTrials(herd, randomFrom(SEED), 1);
    const tally = await runTrials(trials);
    const killed = new Set(trials.map(({ job }) => job));
    console.log(
      `the zoo: ${trials.length} named points, ${killed.size} jobs\n${histogram(tally)}`,
    );
    assertEquals(tally.failures.join("\n"), "");
    const points = [...(await pointsOf(herd)).keys()];
    assertEquals(points.filter((point) => tally.landings.get(point) !== 1), []);
    assertEquals(alone.filter((name) => !killed.has(name)), []);
  });

  Deno.test(`calls are repeated only where a kill cut them short, with their keys, grain ${grain}`, async () => {
    const sample = { seed: SEED, most: KILLS, grain, instants: INSTANTS };
    const tally = await killEffects(sample, randomFrom(SEED), randomFrom(INSTANTS_SEED));
    console.log(`instants of the seed ${INSTANTS_SEED}\n${describeEffects(tally)}`);
    assertEquals(tally.failures.join("\n"), "");
    assert(tally.repeats > 0, "no kill came while a call was in flight");
  });
}

for (const [name, said] of Object.entries(badJobs)) {
  Deno.test(`${name} is caught by the drill, with the cause`, async () => {
    await withFolder(async (folder) => {
      const own = [`--allow-read=${folder}`, `--allow-write=${folder}`];
      const { code, stderr } = await runProgram(fromFileUrl(new URL(`${name}.ts`, JOBS)), {
        flags: [...own, "--allow-run"],
        args: ["drill", "--to", `file:${folder}`, "--kills", "8"],
      });
      for (const part of said) assertStringIncludes(stderr, part);
      assertEquals(code, 1);
    });
  });
}
