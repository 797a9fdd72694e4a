import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { failureText, Kept } from "../../../runtime/cli/failure.ts";
import { NothingToResumeError, TaskError } from "../../../runtime/errors.ts";
import type { EventBody } from "../../../runtime/events.ts";
import { saved, STARTED } from "./script.ts";

const SITE = { task: "learn", node: "main", epoch: 3, attempt: 1, try: 1 };
const COMMAND = "deno run … job.ts";

function keptAfter(...bodies: EventBody[]): Kept {
  const kept = new Kept();
  for (const body of bodies) kept.observe({ time: 0, ...body });
  return kept;
}

Deno.test("failure: why, what is kept, and what to do next", () => {
  const cause = new Error("no rows\x1b[0m", { cause: new TypeError("connection\nrefused") });
  cause.stack = "Error: no rows\n    at main (file:///job.ts:1:2)";
  if (cause.cause instanceof Error) {
    const own = new URL("../../../runtime/task/run_task.ts", import.meta.url).href;
    cause.cause.stack =
      `TypeError\n    at new Promise (<anonymous>)\n    at load (file:///job.ts:3:4)\n    at run (${own}:5:6)\n` +
      "    at ext:core/mod.js:1:1";
  }
  const error = new TaskError(SITE, cause.message, { cause });
  assertEquals(
    failureText(error, keptAfter(STARTED, saved(2)), COMMAND),
    `error: Task "learn" failed in epoch 3 on node "main" (attempt 1, try 1): no rows
    because: connection
      refused
    at load (file:///job.ts:3:4)
epoch 2 is saved at file:x; to go on from there:
  deno run … job.ts
`,
  );
});

Deno.test("failure: what a run came from is kept, and that nothing is, is said", () => {
  const resumed = { ...STARTED, mode: "resumed", from: 7 } as const;
  assertStringIncludes(failureText("why", keptAfter(resumed), COMMAND), "epoch 7 is saved");
  assertEquals(
    failureText("why", keptAfter(STARTED), COMMAND),
    "error: why\nnothing was saved: deno run … job.ts starts anew\n",
  );
});

Deno.test("failure: before a run has started, only why", () => {
  const error = new NothingToResumeError("file:x");
  assertEquals(failureText(error, new Kept(), COMMAND), `error: ${error.message}\n`);
  assertEquals(failureText(new RangeError(), new Kept(), COMMAND), "error: RangeError\n");
});

Deno.test("failure: a flag that is named is not followed by a broader one", () => {
  const cause = new Deno.errors.NotCapable("Requires read access, use the --allow-read flag");
  const error = new Error("Cannot read: run with --allow-read=x", { cause });
  assertEquals(failureText(error, new Kept(), COMMAND), `error: ${error.message}\n`);
  assertStringIncludes(
    failureText(new TaskError(SITE, cause.message, { cause }), new Kept(), COMMAND),
    "--allow-read",
  );
});

Deno.test("failure: an error that is its own cause is told once", () => {
  const error = new Error("round");
  error.cause = error;
  const text = failureText(error, new Kept(), COMMAND);
  assertEquals(text, "error: round\n");
  assert(!text.includes("because"));
});
