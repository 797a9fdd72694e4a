import { assertEquals, assertStringIncludes } from "@std/assert";
import { TimeLimit } from "../../../runtime/drill/time_limit.ts";

Deno.test("time limit: it follows from the first process, unless one is given", () => {
  const limit = new TimeLimit(undefined);
  assertEquals(limit.ms, Infinity);
  limit.took(500);
  assertEquals(limit.ms, 60_000);
  limit.took(90_000);
  assertEquals(limit.ms, 60_000);
  const long = new TimeLimit(undefined);
  long.took(90_000);
  assertEquals(long.ms, 900_000);
  const given = new TimeLimit("2s");
  assertEquals(given.ms, 2_000);
  assertStringIncludes(given.error("").message, "Give it longer than the job takes");
  given.took(90_000);
  assertEquals(given.ms, 2_000);
  assertStringIncludes(
    given.error("a\nb\n").message,
    "it said last: a / b. Look for what it waits for",
  );
});
