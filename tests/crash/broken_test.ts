/** The check of killed and resumed runs fails on builds that are broken on purpose. */

import { assertEquals, assertRejects } from "@std/assert";
import type { Breakage } from "./broken.ts";
import { CrashCheckError } from "./check.ts";
import { runKilled, runUninterrupted } from "./harness.ts";
import type { Kill } from "./process.ts";

const SEED = 5;

/** Where a build is killed, and what the check then says of its resume. */
const cases: Readonly<Record<Breakage, readonly [Kill, ...string[]]>> = {
  "rng not restored": [
    { point: "epoch acknowledged", nth: 3 },
    "other blobs",
    "leader/dice",
    "worker_0/cells",
  ],
  // The job's number of epochs is 4 here, and 5 by default.
  "param defaults used on resume": [
    { point: "epoch acknowledged", nth: 3 },
    'did "run epoch 5" where the uninterrupted run did "run upload 4"',
  ],
  "cursors not restored": [
    { point: "epoch acknowledged", nth: 3 },
    "ended with other blobs than the uninterrupted one: leader/chosen",
  ],
  "epoch run twice": [
    { point: "epoch acknowledged", nth: 4 },
    'a resume behind "saved epoch 3" did "run epoch 3"',
  ],
  "newest epoch not found": [
    { point: "epoch acknowledged", nth: 4 },
    'a resume behind "saved epoch 3" did "run epoch 3"',
  ],
  "phase repeated": [
    { point: "after upload, recorded", nth: 1 },
    'did "run upload 4" where the uninterrupted run did "run download 4"',
  ],
  "phase skipped": [
    { point: "after download, recorded", nth: 1 },
    'the resumed run ended without "run exit 4"',
  ],
  "changed block not written": [
    { point: "epoch acknowledged", nth: 3 },
    "other blobs",
    "worker_0/cells",
    "worker_1/cells",
  ],
  "minus zero not written": [
    { point: "epoch acknowledged", nth: 3 },
    "ended with other blobs than the uninterrupted one: leader/mixed",
  ],
  // That build writes the packs of epoch 2 after this link.
  "manifest linked before its pack": [
    { point: "after link: epochs", nth: 3 },
    'a resume behind "saved epoch 2" did "run epoch 2"',
  ],
};

for (const [name, [kill, ...said]] of Object.entries(cases)) {
  const broken = name as Breakage;
  Deno.test(`the check fails where the build is broken: ${broken}`, async () => {
    const trial = { job: "three", seed: SEED, kills: [kill] } as const;
    const { landings: [landing] } = await runKilled(trial);
    assertEquals(landing, "point" in kill ? kill.point : undefined);
    // Not killed, the broken build does what it should: it is the resume that fails.
    await runUninterrupted({ ...trial, broken });
    const error = await assertRejects(() => runKilled({ ...trial, broken }), CrashCheckError);
    assertEquals(said.filter((part) => !error.message.includes(part)), [], error.message);
  });
}
