/** Why a recorded task runs again is told by what was edited, not by all that may have been. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  blob,
  cursor,
  epochs,
  group,
  type Job,
  job,
  param,
  resource,
  type Slice,
  type Step,
  task,
  when,
} from "../../../dsl/mod.ts";
import { changesText } from "../../../runtime/cli/changes.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import type { Params } from "../../../runtime/mod.ts";
import { recorded } from "../helpers.ts";

/** What of the job is edited. */
interface Edits {
  readonly first?: (value: { readonly rate: number }) => { readonly a: number };
  readonly open?: () => number[];
  readonly initial?: () => number;
  readonly gone?: boolean;
  readonly least?: (rate: number) => boolean;
}

const open = () => [1];
const firstBody = ({ rate }: { readonly rate: number }) => ({ a: rate });
const isLarge = (rate: number) => rate > 0;

/** Three tasks in a row, of which the last dies in epoch 1, with one beside them. */
function made(to: string, dies: boolean, edits: Edits = {}, grain: "task" | "epoch" = "task"): Job {
  const rate = param("rate", 0.5);
  const size = param("size", 3);
  const data = resource("data", { open: edits.open ?? open });
  const a = blob<number>("a");
  const b = blob<number>("b", { initial: edits.initial ?? (() => 0) });
  const c = blob<number>("c", { initial: () => 0 });
  const extra = task("extra", { writes: { c } }).run(() => ({ c: 1 }));
  const first = task("first", { reads: { rate }, writes: { a } }).run(edits.first ?? firstBody);
  const second = task("second", { reads: { a, data, size, b, c }, writes: { b } })
    .run(({ a, size }) => ({ b: a * size }));
  const end = task("end", { reads: { b } }).run(() => {
    if (dies) throw new Error("dies here");
  });
  const judged = group({ if: when(rate, edits.least ?? isLarge) }, second, end);
  return job("told", {
    epoch: [...edits.gone ? [] : [extra], first, judged],
    until: epochs(1),
    checkpoint: { to, grain, onChange: "allow" },
  });
}

/** The rows of tasks of a job that died in epoch 1, and was edited then. */
async function rows(edits: Edits, params: Params = {}): Promise<readonly string[]> {
  const to = `memory:${crypto.randomUUID()}`;
  await run(made(to, true), to);
  const { first } = await new JobRunner(made(to, false, edits), { to, params }).changesSince();
  return (first?.tasks ?? []).map(({ id, isReused, because }) =>
    `${isReused ? "reuse" : "run"} ${id}: ${because}`
  );
}

async function run(given: Job, to: string, params: Params = {}): Promise<void> {
  const { session } = recorded();
  await using _ = session;
  await new JobRunner(given, { to, params, resumeFromEpoch: "auto" }).run(session).catch(() => {});
}

const KEPT = ["reuse extra@main: it has finished", "reuse first@main: it has finished"];
const SECOND = "run end@main: second@main, for which it waits, runs again";

Deno.test("told edits: the text of a task, and which tasks wait for it", async () => {
  assertEquals(await rows({}), [
    ...KEPT,
    "reuse second@main: it has finished",
    "run end@main: it is not recorded as finished",
  ]);
  assertEquals(await rows({ first: ({ rate }) => ({ a: rate + 1 }) }), [
    "reuse extra@main: it has finished",
    'run first@main: since it finished, the code of task "first" was edited',
    "run second@main: first@main, for which it waits, runs again",
    SECOND,
  ]);
});

Deno.test("told edits: a param with both values, a resource, an initial value", async () => {
  const second = async (edits: Edits, params?: Params) => (await rows(edits, params)).slice(2);
  assertEquals(await second({}, { size: 4 }), [
    "run second@main: since it finished, param size: 3 → 4",
    SECOND,
  ]);
  assertEquals(await second({ open: () => [2] }), [
    'run second@main: since it finished, the code of resource "data" was edited',
    SECOND,
  ]);
  assertEquals(await second({ initial: () => 3 }), [
    'run second@main: since it finished, the initial value of blob "b" was edited',
    SECOND,
  ]);
});

Deno.test("told edits: the condition of a group, which is no task, is told with its tasks", async () => {
  const because =
    "if@main-2, for which it waits: since it was judged, the code of a condition in the order " +
    "of epoch was edited: ";
  const [, , second = "", end = ""] = await rows({ least: (rate) => rate >= 0 });
  assertStringIncludes(second, `run second@main: ${because}`);
  assertEquals(end, SECOND);
  assertEquals(
    (await rows({}, { rate: 0.75 }))[1],
    "run first@main: since it finished, param rate: 0.5 → 0.75",
  );
});

Deno.test("told edits: what was recorded by an earlier start is compared with the job of that start", async () => {
  const to = `memory:${crypto.randomUUID()}`;
  await run(made(to, true), to);
  // This start finds all recorded, and records nothing of it.
  await run(made(to, true), to, { rate: 0.5 });
  const { first } = await new JobRunner(made(to, false), { to, params: { size: 5 } })
    .changesSince();
  assertEquals(first?.tasks[2]?.because, "since it finished, param size: 3 → 5");
});

Deno.test("told edits: with grain epoch nothing is said to be thrown away", async () => {
  const to = `memory:${crypto.randomUUID()}`;
  await run(made(to, true, {}, "epoch"), to);
  const known = await new JobRunner(made(to, false, {}, "epoch"), { to }).changesSince();
  assertStringIncludes(
    changesText(known),
    '  run    first@main   grain: "epoch": of an epoch that is not saved no task is recorded\n',
  );
});

Deno.test("told edits: one piece is one", async () => {
  const to = `memory:${crypto.randomUUID()}`;
  await run(made(to, true), to);
  const known = await new JobRunner(made(to, false), { to }).changesSince();
  const text = (pieces: number) => changesText({ ...known, first: { ...known.first!, pieces } });
  assertStringIncludes(text(1), "  with the result of one piece or step that had ended\n");
  assertStringIncludes(text(2), "  with the results of 2 pieces and steps that had ended\n");
});

type Take = (value: { readonly next: Slice<number> }) => { readonly some: number };
const takeFirst: Take = ({ next }) => ({ some: next.items[0] ?? 0 });

/** Three tasks in a row of which only the last is recorded, as what the others write is not saved. */
function cursored(to: string, many: number, taking: Take): Job {
  const numbers = resource("numbers", { open: () => [1, 2, 3, 4] });
  const next = cursor("next", { over: numbers, take: many });
  const [some, more] = [blob<number>("some"), blob<number>("more")];
  const total = blob("total", { initial: () => 0 });
  const take = task("take", { reads: { next }, writes: { some } }).run(taking);
  const twice = task("twice", { reads: { some }, writes: { more } })
    .run(({ some }) => ({ more: 2 * some }));
  const keep = task("keep", { reads: { more }, writes: { total } })
    .run(({ more }) => ({ total: more }));
  const end = task("end", { reads: { total } }).run(() => {
    throw new Error("dies here");
  });
  return job("told", {
    epoch: [take, twice, keep, end],
    until: epochs(1),
    checkpoint: { to, grain: "task", onChange: "allow", blobs: { exclude: [some, more] } },
  });
}

Deno.test("told edits: what is not recorded itself, a cursor of it, far before what is", async () => {
  const kept = async (many: number, taking: Take) => {
    const to = `memory:${crypto.randomUUID()}`;
    await run(cursored(to, 2, takeFirst), to);
    const { first } = await new JobRunner(cursored(to, many, taking), { to }).changesSince();
    return first?.tasks.find(({ id }) => id === "keep@main")?.because;
  };
  assertEquals(await kept(2, takeFirst), "it has finished");
  const before = "since it finished, take@main, for which it waits: ";
  const takeLast: Take = ({ next }) => ({ some: next.items.at(-1) ?? 0 });
  assertEquals(await kept(2, takeLast), `${before}the code of task "take" was edited`);
  assertEquals(
    await kept(1, takeFirst),
    `${before}cursor "next": takes: 2 at a time of resource numbers → 1 at a time of resource numbers`,
  );
});

Deno.test("told edits: what several starts recorded alike is compared with the job of the last of them", async () => {
  const [c, d] = [blob("c", { initial: () => 0 }), blob<number>("d")];
  const total = blob("total", { initial: () => 0 });
  const size = param("size", 3);
  const beside = task("beside", { writes: { d } }).run(() => ({ d: 1 }));
  const before = task("before", { writes: { c } }).run(() => ({ c: 1 }));
  const keep = task("keep", { reads: { c, size }, writes: { total } })
    .run(({ c, size }) => ({ total: c * size }));
  const end = task("end", { reads: { total } }).run(() => {
    throw new Error("dies here");
  });
  const to = `memory:${crypto.randomUUID()}`;
  const of = (...tasks: readonly Step[]): Job =>
    job("told", {
      epoch: [...tasks, keep, end],
      until: epochs(1),
      checkpoint: { to, grain: "task", onChange: "allow" },
    });
  await run(of(beside, before), to, { size: 3 });
  await run(of(before), to, { size: 4 });
  await run(of(before), to, { size: 3 });
  const { first } = await new JobRunner(of(), { to }).changesSince();
  const told = first?.tasks.find(({ id }) => id === "keep@main")?.because;
  assertEquals(told, 'since it finished, task "before" of epoch is gone');
});
