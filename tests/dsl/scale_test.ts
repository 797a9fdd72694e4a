/**
 * A job of 5,000 tasks is built in well under a second; with anything quadratic it would not be.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  type AnyTask,
  blob,
  gather,
  job,
  nodes,
  on,
  parallel,
  previous,
  repeat,
  replicate,
  sequence,
  type Step,
} from "../../dsl/mod.ts";
import { problemsOf, shapeOf, step } from "./check/helpers.ts";

const COUNT = 5_000;
/** Some ten times what it takes, for a busy machine; what was quadratic took over a second. */
const MOST_MS = 1_000;
const numbers = Array.from({ length: COUNT }, (_, index) => index);
const blobs = numbers.map((index) => blob(`b${index}`, { initial: () => 0 }));
const blobAt = (index: number) => blobs[index % COUNT] ?? blob<number>("none");

/** The best of three, so that a pause of the machine is not taken for work. */
function millisecondsOf(work: () => void): number {
  return Math.min(...[1, 2, 3].map(() => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }));
}

function assertFast(epoch: () => readonly Step[]): void {
  const steps = epoch();
  const took = millisecondsOf(() => void job("large", shapeOf({ epoch: steps })));
  assert(took < MOST_MS, `took ${took.toFixed()} ms`);
}

Deno.test("a chain, a fan, and tasks that read each other's old values", () => {
  assertFast(() =>
    numbers.map((n) => step(`t${n}`, { reads: [blobAt(n)], writes: [blobAt(n + 1)] }))
  );
  assertFast(() => [
    parallel(...numbers.map((n) => step(`t${n}`, { writes: [blobAt(n)] }))),
    step("sum", { reads: blobs }),
  ]);
  assertFast(() =>
    numbers.map((n) =>
      step(`t${n}`, { reads: [blobAt(n + 2), previous(blobAt(n + 1))], writes: [blobAt(n)] })
    )
  );
});

Deno.test("sequences, chains by after, and repeats of them", () => {
  assertFast(() => [sequence(...numbers.map((n) => step(`t${n}`)))]);
  assertFast(() => {
    const tasks: AnyTask[] = [];
    for (const n of numbers) tasks.push(step(`t${n}`, { after: tasks.slice(-1) }));
    return tasks;
  });
  assertFast(() => {
    const first = step("first");
    return [repeat(COUNT / 2, first, step("then", { after: [first] }))];
  });
});

Deno.test("many nodes", () => {
  const workers = nodes("worker", 1_000);
  assertFast(() => [
    replicate(workers, ...numbers.slice(0, 5).map((n) => step(`t${n}`, { writes: [blobAt(n)] }))),
    on("reducer", step("sum", { reads: [gather(workers, blobAt(0))] })),
  ]);
});

Deno.test("5,000 problems", () => {
  const epoch = numbers.map((n) => step(`t${n}`, { reads: [blob<number>(`missing${n}`)] }));
  let count = 0;
  const took = millisecondsOf(() => count = problemsOf({ epoch }).length);
  assertEquals(count, COUNT);
  assert(took < MOST_MS, `took ${took.toFixed()} ms`);
});
