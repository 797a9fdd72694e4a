/** The check itself: what it lets pass and what it does not. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  checkLinked,
  checkRecorded,
  checkReuse,
  checkRun,
  CrashCheckError,
  newestLinked,
  type Reference,
  traceOf,
} from "./check.ts";
import { runKilled } from "./harness.ts";
import type { Line } from "./lines.ts";

const reference: Reference = {
  trace: [
    ...["run init 0", "saved epoch 0", "run epoch 1", "saved epoch 1", "run epoch 2"],
    ...["saved epoch 2", "run exit 2", "saved exit 2"],
  ],
  blobs: { "main/total": "aa" },
  derived: { "main/table": "dd" },
};

/** The lines of a run that takes these steps, from the newest save on. */
function linesOf(
  linked: number,
  steps: readonly string[],
  blobs?: Reference["blobs"],
  derived: Reference["derived"] = linked === 7 ? {} : reference.derived,
): Line[] {
  const from = linked < 0 ? undefined : Number(reference.trace[linked]?.split(" ").at(-1));
  const mode = linked < 0 ? "started" : linked === 7 ? "already finished" : "resumed";
  const lines: Line[] = [{
    ...{ time: 0, type: "run-started", job: "sum", mode, place: "file:x", attempt: 1, from },
    ...{ phase: "epoch", seed: 0, params: {} },
  }];
  for (const step of steps) {
    const [verb, phase, number] = step.split(" ");
    const common = { time: 0, phase: phase as "epoch", epoch: Number(number) };
    lines.push(
      verb === "run"
        ? { ...common, type: "phase-started" }
        : { ...common, type: "save-committed", attempt: 1, bytes: 0, durationMs: 0 },
    );
  }
  if (blobs !== undefined) lines.push({ type: "result", blobs, derived });
  return lines;
}

Deno.test("a run that goes on where the newest save is, up to any point, passes", () => {
  for (const linked of [-1, 1, 3, 5, 7]) {
    const rest = reference.trace.slice(linked + 1);
    for (let length = 0; length <= rest.length; length++) {
      const lines = linesOf(linked, rest.slice(0, length));
      assertEquals(traceOf(lines), rest.slice(0, length));
      checkRun(lines, linked, reference);
    }
    checkRun(linesOf(linked, rest, reference.blobs), linked, reference);
  }
});

Deno.test("a step that is repeated, left out, or taken out of turn does not pass", () => {
  const wrong: [number, string[], string][] = [
    [1, ["run init 0"], 'behind "saved epoch 0" did "run init 0"'],
    [3, ["run epoch 1"], 'did "run epoch 1" where the uninterrupted run did "run epoch 2"'],
    [1, ["run epoch 2"], 'did "run epoch 2" where the uninterrupted run did "run epoch 1"'],
    [5, ["saved exit 2"], 'did "saved exit 2"'],
    [7, ["run exit 2"], 'did "run exit 2" where the uninterrupted run did "nothing"'],
    [-1, ["run epoch 1"], 'a fresh start did "run epoch 1"'],
  ];
  for (const [linked, steps, message] of wrong) {
    const lines = linesOf(linked, steps);
    assertThrows(() => checkRun(lines, linked, reference), CrashCheckError, message);
  }
});

Deno.test("an end that comes early or with other blobs does not pass", () => {
  const rest = reference.trace.slice(4);
  const early = linesOf(3, rest.slice(0, -1), reference.blobs);
  assertThrows(() => checkRun(early, 3, reference), CrashCheckError, 'without "saved exit 2"');
  const wrongs = [{ "main/total": "bb" }, {}, { ...reference.blobs, "main/other": "cc" }];
  for (const blobs of wrongs) {
    const lines = linesOf(3, rest, blobs);
    assertThrows(() => checkRun(lines, 3, reference), CrashCheckError, "other blobs");
  }
});

Deno.test("what is derived runs again on a resume, and comes to the same", () => {
  const rest = reference.trace.slice(4);
  for (const derived of [{}, { "main/table": "ee" }]) {
    const lines = linesOf(3, rest, reference.blobs, derived);
    assertThrows(() => checkRun(lines, 3, reference), CrashCheckError, "other blobs");
  }
  const place = { node: "main", phase: "init", epoch: 0, try: 1, time: 0 } as const;
  const fill: Line = { ...place, type: "task-started", task: "fill", id: "fill@main" };
  const begun: Line = { time: 0, type: "derive-started", tasks: ["fill@main"] };
  checkRun([...linesOf(3, []), begun, fill], 3, reference);
  const others: Line[] = [{ ...fill, id: "start@main" }, { ...fill, phase: "epoch" }];
  for (const other of others) {
    const lines = [...linesOf(3, []), begun, other];
    assertThrows(() => checkRun(lines, 3, reference), CrashCheckError, "outside its phase");
  }
});

Deno.test("a wrong word about the start, a task outside its phase, or damage does not pass", () => {
  const task = { task: "add", id: "add@main", node: "main", epoch: 1, try: 1, time: 0 } as const;
  const lines: [Line[], string][] = [
    [linesOf(1, []), "not"],
    [[{ ...task, type: "task-started", phase: "epoch" }], "outside its phase"],
    [[{ time: 0, type: "notice", level: "info", message: "4@a1 is damaged" }], "damaged"],
  ];
  for (const [given, message] of lines) {
    assertThrows(() => checkRun(given, 3, reference), CrashCheckError, message);
  }
});

Deno.test("a task that starts twice in one run does not pass, but for its next try", () => {
  const start = { type: "task-started", task: "add", id: "add@main", node: "main" } as const;
  const tryOf = (number: number): Line => ({
    ...{ ...start, phase: "epoch", epoch: 2, time: 0 },
    try: number,
  });
  const lines = linesOf(3, ["run epoch 2"]);
  checkRun([...lines, tryOf(1), tryOf(2)], 3, reference);
  const twice = [...lines, tryOf(1), tryOf(1)];
  assertThrows(
    () => checkRun(twice, 3, reference),
    CrashCheckError,
    "try 1 of add@main in epoch 2",
  );
});

Deno.test("what an earlier resume found finished must not run again, nor what this one did", () => {
  const place = { task: "add", id: "add@main", node: "main", phase: "epoch", epoch: 2, time: 0 };
  const reused = { ...place, type: "task-reused" } as Line;
  const started = { ...place, type: "task-started", try: 1 } as Line;
  checkReuse([started], [[started]]);
  checkReuse([reused], [[started], [reused]]);
  assertThrows(() => checkReuse([started], [[reused]]), CrashCheckError, "had found it finished");
  const lines = [...linesOf(3, ["run epoch 2"]), reused, started];
  assertThrows(() => checkRun(lines, 3, reference), CrashCheckError, "need not have");
});

Deno.test("what a task was told and recorded it must be told again", () => {
  const place = { task: "nap", id: "nap@main", node: "main", phase: "epoch", time: 0 };
  const told = (epoch: number, recorded: number): Line =>
    ({ ...place, type: "log", epoch, message: "began", fields: { recorded } }) as Line;
  checkRecorded([[told(1, 10), told(1, 10)], [told(1, 10), told(2, 20)]]);
  const runs = [[told(1, 10)], [told(1, 11)]];
  assertThrows(() => checkRecorded(runs), CrashCheckError, "was 10, and on a repeat 11");
});

Deno.test("an acknowledged save must be linked, and one more may be", () => {
  checkLinked(3, 3, reference);
  checkLinked(3, 5, reference);
  assertThrows(() => checkLinked(5, 3, reference), CrashCheckError, "was acknowledged");
  assertThrows(() => checkLinked(1, 5, reference), CrashCheckError, "more than one save");
});

Deno.test("the newest save is the one furthest on, whichever attempt linked it", async () => {
  const root = await Deno.makeTempDir();
  try {
    assertEquals(newestLinked(root, reference), -1);
    await Deno.mkdir(`${root}/epochs`);
    await Deno.mkdir(`${root}/phases`);
    await Deno.writeTextFile(`${root}/epochs/e000001.a000002.cbor`, "");
    await Deno.writeTextFile(`${root}/epochs/e000000.a000001.cbor`, "");
    await Deno.writeTextFile(`${root}/epochs/.e000002.a000001.cbor`, "");
    assertEquals(newestLinked(root, reference), 3);
    await Deno.writeTextFile(`${root}/phases/e000002.a000003.exit.cbor`, "");
    assertEquals(newestLinked(root, reference), 7);
    await Deno.writeTextFile(`${root}/epochs/e000003.a000003.cbor`, "");
    assertThrows(() => newestLinked(root, reference), CrashCheckError, "e000003.a000003.cbor");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("a kill point that never comes is a failure", async () => {
  const kills = [{ point: "in a task", nth: 100_000 }] as const;
  const trial = { job: "k_means", seed: 1, kills } as const;
  await assertRejects(() => runKilled(trial), Error, 'never came to the kill point "in a task"');
});
