import { assertEquals } from "@std/assert";
import { blob, optional, previous, repeat, replicate, task } from "../../../dsl/mod.ts";
import { assertProblems, problemsOf, step } from "./helpers.ts";

const list = blob<number[]>("list", { initial: () => [] });
const size = blob<number>("size");
const days = blob<string[]>("days", { immutable: true });
const constant = blob("constant", { immutable: true, initial: () => 1 });

Deno.test("a key in updates and elsewhere", () => {
  assertProblems(
    {
      epoch: [
        task("change", { reads: { list: size, size: previous(size) }, updates: { list } })
          .run(() => {}),
        step("write", { writes: [size] }),
      ],
    },
    'duplicate-key: task "change" has the key "list" both in updates and in reads: updates ' +
      "alone reads, changes and may replace it: take it out of the other",
    'read-before-write: task "change" of the epoch group reads blob "size" before anything has ' +
      "written it: write it first, by a task that is listed before, read previous(…) or " +
      "optional(…), or give it an initial value",
  );
  assertProblems(
    {
      epoch: [
        task("change", { updates: { list }, writes: { list: size } })
          .run(() => ({ list: 1 as never })),
      ],
    },
    'duplicate-key: task "change" has the key "list" both in updates and in writes: updates ' +
      "alone reads, changes and may replace it: take it out of the other",
  );
});

Deno.test("a blob that is written twice, or both read and updated", () => {
  assertProblems(
    { epoch: [step("twice", { writes: [size, size, size] })] },
    'duplicate-write: task "twice" writes blob "size" twice: declare it under one key',
  );
  assertProblems(
    { epoch: [task("twice", { updates: { one: list, other: list } }).run(() => {})] },
    'duplicate-write: task "twice" writes blob "list" twice: declare it under one key',
  );
  assertProblems(
    { epoch: [task("both", { reads: { before: list }, updates: { list } }).run(() => {})] },
    'duplicate-read: task "both" has blob "list" both in reads and in updates: leave it in ' +
      "updates alone, which also reads it; for the old value use previous(…)",
  );
  assertProblems(
    { epoch: [task("both", { reads: { now: optional(list) }, updates: { list } }).run(() => {})] },
    'duplicate-read: task "both" has blob "list" both in reads and in updates: leave it in ' +
      "updates alone, which also reads it; for the old value use previous(…)",
  );
});

Deno.test("a blob that is read and written, or read twice, or read as it was", () => {
  assertProblems({
    epoch: [
      task("sum", { reads: { list, again: list }, writes: { list } }).run(({ list }) => ({ list })),
      task("change", { reads: { old: previous(list) }, updates: { list } }).run(() => {}),
    ],
  });
});

Deno.test("an immutable blob that changes", () => {
  const says = (task: string, group: string, blob: string) =>
    `changes-immutable: task "${task}" of the ${group} group changes blob "${blob}", which is ` +
    "immutable: set it once, in one init task or by initial";
  const set = step("set", { writes: [days] });
  assertProblems({ epoch: [set] }, says("set", "epoch", "days"));
  assertProblems({ init: [set, step("again", { writes: [days] })] }, says("again", "init", "days"));
  assertProblems({ init: [repeat(2, set)] }, says("set", "init", "days"));
  assertProblems({ init: [step("set", { writes: [constant] })] }, says("set", "init", "constant"));
  assertProblems(
    { init: [set], epoch: [repeat(2, task("change", { updates: { days } }).run(() => {}))] },
    says("change", "epoch", "days"),
  );
  assertProblems({
    init: [replicate(["w0", "w1"], set)],
    epoch: [replicate(["w0", "w1"], step("read", { reads: [days, constant] }))],
  });
});

Deno.test("a version that is none", () => {
  const wrong = (version: unknown) => task("add", { version: version as string }).run(() => {});
  for (const version of [1, 0, "v2", "2024-01-01", undefined]) {
    assertProblems({ epoch: [wrong(version)] });
  }
  const mend = "write a number, or a text of 1 to 200 characters";
  for (const [version, words] of [["", '""'], [true, "true"], [["a"], "a"]] as const) {
    const says = `bad-version: task "add" has the version ${words}: ${mend}`;
    assertProblems({ epoch: [wrong(version)] }, says);
  }
  assertEquals(problemsOf({ epoch: [wrong("x".repeat(201))] }).length, 1);
});
