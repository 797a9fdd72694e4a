import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { blob, task } from "../../../dsl/mod.ts";
import { assertResumable } from "../../../runtime/drill/assert_resumable.ts";
import { jobOf, refusal, total } from "./jobs.ts";

const images = blob<number[]>("images", { derived: true });
const add = task("add", { reads: { images, total }, writes: { total } })
  .run(({ images, total }) => ({ total: total + (images.at(-1) ?? 0) }));

Deno.test("drill: a job with a pure derived blob passes at every step, at both grains", async () => {
  const read = task("read", { writes: { images } })
    .run((_, { rng }) => ({ images: [1, rng("x")()] }));
  for (const grain of ["epoch", "task"] as const) {
    const checkpoint = { to: "memory:drilled", grain };
    const done = await assertResumable(jobOf({ init: [read], epoch: [add], checkpoint }), {
      kills: 40,
    });
    assert(done.kills >= 40);
  }
});

Deno.test("drill: what a derived blob takes from outside is named, in it and not in what is made of it", async () => {
  const roll = task("roll", { writes: { images } }).run(() => ({ images: [Math.random()] }));
  const message = await refusal(jobOf({ init: [roll], epoch: [add] }));
  for (
    const part of [
      "does not end with the same values when it is run twice, though nobody kills it",
      'They first differ after init, in blob "images" of node "main": SHA-256 ',
      'Task "roll" writes it. Likely cause: it calls Math.random',
      "take context.rng(name)",
    ]
  ) assertStringIncludes(message, part);
  const clock = task("clock", { writes: { images } }).run(async () => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return { images: [Date.now()] };
  });
  assertStringIncludes(
    await refusal(jobOf({ init: [clock], epoch: [add] })),
    "Instead of Date.now, take a param, or a blob in which another task keeps the time",
  );
});

/** What it derives depends on a variable, which a whole run leaves as it was. */
function remembering(plan: object) {
  let last = 0;
  const read = task("read", { writes: { images } }).run(() => ({ images: [last] }));
  const note = task("note", { reads: { total } }).run((_, { epoch }) => void (last = epoch));
  const reset = task("reset", { reads: { total } }).run(() => void (last = 0));
  const checkpoint = { to: "memory:drilled", ...plan };
  return jobOf({ init: [read], epoch: [add, note], exit: [reset], checkpoint });
}

Deno.test("drill: one that is another on a resume alone is found by the kills", async () => {
  const message = await refusal(remembering({}));
  for (
    const part of [
      'Job "drilled", killed at "',
      'cannot be gone on with: Derived blob "images" of node "main" is not what it was when epoch ',
      "Likely cause: it depends on something outside the job, such as a variable of its module",
    ]
  ) assertStringIncludes(message, part);
});

Deno.test("drill: the same where an edited job may go on", async () => {
  const message = await refusal(remembering({ onChange: "allow" }));
  assertStringIncludes(message, 'in blob "images" of node "main": SHA-256 ');
  assertStringIncludes(message, 'Task "read" writes it.');
});

Deno.test("drill: a derived blob that a task changes in place is named, with the task", async () => {
  const read = task("read", { writes: { images } }).run(() => ({ images: [1] }));
  const sneak = task("sneak", { reads: { images } }).run(({ images }) => void images.push(1));
  const error = await assertResumable(jobOf({ init: [read], epoch: [sneak, add] }), { kills: 3 })
    .then(() => undefined, (error: Error) => error);
  assertEquals(error?.name, "DrillError");
  assertStringIncludes(error?.message ?? "", 'it changed "images"');
  assertStringIncludes(
    error?.message ?? "",
    "let it change a copy, as what is derived is made again",
  );
});
