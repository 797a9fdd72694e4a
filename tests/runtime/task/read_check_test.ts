import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { blob, epochs, job, previous, task } from "../../../dsl/mod.ts";
import { UndeclaredWriteError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { errorOf } from "../helpers.ts";

const table = blob("table", { initial: () => ({ rows: [1, 2, 3] }) });
const sum = blob("sum", { initial: () => 0 });

function checked(name: string, check: "off" | "reads", spoil: boolean) {
  const look = task("look", { reads: { table, before: previous(sum, 0) }, writes: { sum } })
    .run(({ table }) => {
      if (spoil) table.rows[1] = 9;
      return { sum: table.rows.length };
    });
  return job(name, {
    epoch: [look],
    until: epochs(1),
    checkpoint: { to: `memory:${crypto.randomUUID()}`, check },
  });
}

Deno.test('check "reads": an undeclared write names the task, the blob and the place', async () => {
  await using session = new LocalSession();
  const error = await errorOf(new JobRunner(checked("spoiled", "reads", true)).run(session));
  assertInstanceOf(error.cause, UndeclaredWriteError);
  for (const part of ['"look"', '"table"', "rows", "1", "2", "9", "updates"]) {
    assertStringIncludes(error.message, part);
  }
});

Deno.test('check "reads": a task that only reads passes; "off" does not look', async () => {
  await using session = new LocalSession();
  assertEquals(await new JobRunner(checked("clean", "reads", false)).run(session), 1);
  assertEquals(await new JobRunner(checked("off", "off", true)).run(session), 1);
});
