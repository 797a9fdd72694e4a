/** The check of killed and resumed runs fails on builds that are broken on purpose. */

import { assertEquals, assertRejects } from "@std/assert";
import type { Breakage } from "./broken.ts";
import { CrashCheckError } from "./check.ts";
import { runKilled } from "./harness.ts";
import type { Kill } from "./process.ts";

const SEED = 5;

const cases: Readonly<Record<Breakage, readonly [Kill, ...string[]]>> = {
  "rng not restored": [{ point: "epoch acknowledged", nth: 3 }, "other blobs"],
  "changed block not written": [
    { point: "epoch acknowledged", nth: 3 },
    "other blobs",
    "worker_0/cells",
    "worker_1/cells",
  ],
  // That build writes the packs of epoch 2 after this link.
  "manifest linked before its pack": [
    { point: "after link: epochs", nth: 3 },
    'a resume behind "saved epoch 2" did "run epoch 2"',
  ],
  "epoch run twice": [
    { point: "epoch acknowledged", nth: 4 },
    'a resume behind "saved epoch 3" did "run epoch 3"',
  ],
  "param defaults used on resume": [
    { point: "epoch acknowledged", nth: 3 },
    'did "run epoch 5" where the uninterrupted run did "run upload 4"',
  ],
  "phase repeated": [
    { point: "after upload, recorded", nth: 1 },
    'did "run upload 4" where the uninterrupted run did "run download 4"',
  ],
  // What the download group would have written is missing at the exit.
  "phase skipped": [{ point: "after upload, recorded", nth: 1 }, 'Blob "archive"'],
};

for (const [name, [kill, ...said]] of Object.entries(cases)) {
  const broken = name as Breakage;
  Deno.test(`the check fails where the build is broken: ${broken}`, async () => {
    const trial = { job: "three", seed: SEED, kills: [kill] } as const;
    const [landing] = await runKilled(trial);
    assertEquals(landing, "point" in kill ? kill.point : undefined);
    const error = await assertRejects(() => runKilled({ ...trial, broken }), CrashCheckError);
    assertEquals(said.filter((part) => !error.message.includes(part)), [], error.message);
  });
}
