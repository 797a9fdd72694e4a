import { assert, assertEquals } from "@std/assert";
import { checkPrograms } from "./check_programs.ts";
import { wrongJobs } from "./wrong_jobs.ts";
import { wrongTasks } from "./wrong_tasks.ts";
import { wrongValues } from "./wrong_values.ts";

/** The most lines, and the longest line, that a reader is asked to go through. */
const MOST_LINES = 14;
const LONGEST_LINE = 360;

const wrong = [...wrongTasks, ...wrongValues, ...wrongJobs];

Deno.test("wrong programs do not compile, and the last line says why", async (t) => {
  const all = await checkPrograms(wrong.map(({ code }) => code));
  for (const [index, { what, says }] of wrong.entries()) {
    await t.step(what, () => {
      const errors = all[index] ?? [];
      assert(errors.length > 0, "it compiles");
      const lasts = errors.map((lines) => lines.at(-1) ?? "");
      assert(lasts.some((last) => last.includes(says)), `not said: ${says}\n${lasts.join("\n")}`);
      for (const lines of errors) {
        assert(lines.length <= MOST_LINES, `${lines.length} lines: ${lines.join("\n")}`);
        for (const line of lines) assert(line.length <= LONGEST_LINE, `${line.length}: ${line}`);
      }
    });
  }
});

Deno.test("what stands before each wrong program compiles", async () => {
  assertEquals(await checkPrograms([""]), [[]]);
});
