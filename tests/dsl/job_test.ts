import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { buildJob, job, JobError, param, repeat } from "../../dsl/mod.ts";
import { shapeOf, step } from "./check/helpers.ts";

Deno.test("a job is a frozen value with its name and shape", () => {
  const options = shapeOf({ epoch: [step("one")] });
  const made = job("plain", options);
  assert(Object.isFrozen(made) && Object.isFrozen(made.shape));
  assertEquals([made.kind, made.name, made.shape], ["job", "plain", {}]);
  assertStrictEquals(buildJob(made), options);
});

Deno.test("a shape is built with its params' defaults, then with values by their names", () => {
  const seen: number[] = [];
  const made = job("shaped", { workers: param("worker-count", 2) }, ({ workers }) => {
    seen.push(workers);
    return shapeOf({ epoch: [repeat(workers, step("one"))] });
  });
  buildJob(made, { "worker-count": 5 });
  buildJob(made, { workers: 7 });
  assertEquals(seen, [2, 5, 2]);
});

Deno.test("a shape that is wrong for some values alone is refused for these", () => {
  const made = job(
    "shaped",
    { n: param("n", 1) },
    ({ n }) => shapeOf({ epoch: n > 2 ? [step("one"), step("one")] : [step("one")] }),
  );
  buildJob(made, { n: 2 });
  const error = assertThrows(() => buildJob(made, { n: 3 }), JobError);
  assertEquals([error.name, error.job, error.problems.length], ["JobError", "shaped", 2]);
});

Deno.test("an error tells all problems, each with its mend", () => {
  const error = assertThrows(
    () => job("a b", shapeOf({ epoch: [step("one"), step("two ")] })),
    JobError,
  );
  assertEquals(error.problems.map(({ code }) => code), ["bad-name", "bad-name"]);
  assertEquals(
    error.message,
    'Cannot build job "a b", it has 2 problems:\n' +
      '  - job "a b" is not a safe name: names have 1 to 100 letters, digits, _, - and ., and ' +
      "start with a letter, digit or _\n" +
      '  - task "two " is not a safe name: names have 1 to 100 letters, digits, _, - and ., and ' +
      "start with a letter, digit or _",
  );
  const single = new JobError("x", [{ code: "c", message: "it is wrong" }]);
  assertEquals(single.message, 'Cannot build job "x", it has a problem:\n  - it is wrong');
});
