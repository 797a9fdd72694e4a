/** What `plan --resume` says is what a resume then does. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  all,
  any,
  blob,
  type Condition,
  elapsed,
  epochs,
  job,
  keepLast,
  type Migration,
  migration,
  not,
  param,
  plateau,
  task,
  when,
} from "../../../dsl/mod.ts";
import { JobChangedError } from "../../../runtime/change/errors.ts";
import { changesData, changesText } from "../../../runtime/cli/changes.ts";
import { DamagedStartError } from "../../../runtime/run/damaged_start_error.ts";
import type { JobChanges } from "../../../runtime/run/foresee.ts";
import { JobRunner, type JobRunnerOptions } from "../../../runtime/run/job_runner.ts";
import { DamagedError, openStore } from "../../../storage/mod.ts";
import { recorded } from "../helpers.ts";
import { notices } from "./world.ts";

const total = blob("total", { initial: () => 0 });
const data = blob("data", { initial: () => new Float64Array(2000) });
const add = task("add", { reads: { total }, updates: { data }, writes: { total } })
  .run(({ total, data }, { epoch }) => {
    data[epoch] = epoch;
    return { total: total + 1 };
  });
const tell = task("tell", { reads: { total } }).run(() => {});
const report = task("report", { reads: { total } }).run(() => {});
const high = (least: number) => when(total, (total) => total >= least);

type Until = Condition | readonly [Condition, ...Condition[]];

interface More {
  readonly exit?: typeof tell;
  readonly onDamaged?: "stop";
  readonly migrate?: readonly Migration[];
}

function counting(until: Until, more: More = {}) {
  const { exit = tell, ...plan } = more;
  return job("counting", {
    ...{ epoch: [add], exit: [exit], until },
    checkpoint: { to: "memory:unused", keep: [keepLast(9)], ...plan },
  });
}

/** Runs the job up to an epoch at a new place. */
async function place(until: Until, stopAfterEpoch?: number): Promise<string> {
  const to = `memory:${crypto.randomUUID()}`;
  await run(counting(until), { to, ...stopAfterEpoch === undefined ? {} : { stopAfterEpoch } });
  return to;
}

async function run(given: ReturnType<typeof counting>, options: JobRunnerOptions) {
  const { session, seen } = recorded();
  await using _ = session;
  const runner = new JobRunner(given, options);
  await runner.run(session);
  return { seen, result: runner.result, phases: seen.of("phase-started").map((e) => e.phase) };
}

/** What is foreseen; that it is what a resume then begins with. */
async function foreseen(
  given: ReturnType<typeof counting>,
  to: string,
): Promise<JobChanges & { readonly text: string }> {
  const known = await new JobRunner(given, { to }).changesSince();
  const { seen, phases } = await run(given, { to, resumeFromEpoch: "latest" });
  assertEquals(known.phase, phases[0]);
  assertEquals((changesData(known) as { goesOn: boolean }).goesOn, phases.length > 0);
  const loaded = seen.of("loaded")[0]?.epoch;
  assertEquals(known.epoch.split("@")[0], String(loaded));
  assertEquals(known.warnings, notices(seen).filter((text) => text.includes("is damaged")));
  return { ...known, text: changesText(known) };
}

Deno.test("a job that is finished is said to be, and no more is foreseen", async () => {
  const to = await place(epochs(3));
  const { text, holds, stop, first, derived } = await foreseen(counting(epochs(3)), to);
  assertEquals([holds, stop, first, derived], ["epochs(3)", "epochs(3)", undefined, []]);
  assert(text.endsWith("the job is finished, and a resume would run nothing\n"), text);
});

Deno.test("stop conditions are judged as they are now", async () => {
  const more = await foreseen(counting(epochs(5)), await place(epochs(3)));
  assertEquals([more.phase, more.holds, more.first?.epoch], ["epoch", undefined, 4]);
  assertStringIncludes(
    more.text,
    "the job had stopped because epochs(3) held; under the plan as it is now it goes on\n",
  );
  const less = await foreseen(counting(epochs(2)), await place(epochs(9), 4));
  assertEquals([less.phase, less.holds], ["exit", "epochs(2)"]);
  assertStringIncludes(less.text, "epochs(2) holds: no further epoch would be run\nfirst: exit\n");
  assert(less.text.endsWith("the job would go on\n"));
  const time = await foreseen(counting([elapsed("0ms"), epochs(9)]), await place(epochs(9), 4));
  assertEquals([time.phase, time.holds], ["exit", "elapsed(0ms)"]);
});

Deno.test("nothing is judged before the first epoch", async () => {
  const to = await place(epochs(3), 0);
  const { phase, holds, notJudged } = await foreseen(counting([elapsed("0ms"), high(0)]), to);
  assertEquals([phase, holds, notJudged], ["epoch", undefined, []]);
});

Deno.test("what reads blobs is not judged, and said", async () => {
  const to = await place([high(9), epochs(20)], 2);
  const open = await foreseen(counting([high(9), epochs(20)]), to);
  assertEquals([open.notJudged, open.phase], [["when(total)"], "epoch"]);
  assertStringIncludes(
    open.text,
    "not judged: when(total): a resume judges it once its blobs are loaded, and runs no further epoch where it holds\n",
  );
  // What held then is taken to hold still.
  const held = await foreseen(counting(high(3)), await place(high(3)));
  assertEquals([held.notJudged, held.stop, held.phase], [
    ["when(total)"],
    "when(total)",
    undefined,
  ]);
  assertStringIncludes(
    held.text,
    "because when(total) held: a resume judges it once its blobs are loaded; here",
  );
  const sure = await foreseen(counting([high(1), epochs(2)]), await place(epochs(9), 2));
  assertEquals([sure.holds, sure.notJudged], ["epochs(2)", []]);
});

Deno.test("the end rests on what held then only where that is judged alike, and says on what", async () => {
  const least = param("least", 3);
  const far = when({ total, least }, ({ total, least }) => total >= least);
  const ended = await foreseen(counting(high(3)), await place(high(3)));
  assertStringIncludes(
    ended.text,
    "the job is finished, and a resume would run nothing, if when(total) holds; else it would go on\n",
  );
  assertEquals(ended.otherwise?.phase, "epoch");

  // The same words, and another predicate: it holds no longer, and an edit would have to be allowed.
  const other = when(total, (total) => total >= 5);
  const more = await foreseen(counting(other), await place(high(3)));
  assertEquals([more.phase, more.refusal, more.otherwise?.phase], ["epoch", undefined, undefined]);
  assert(
    more.text.endsWith(
      "the job would go on, if when(total) does not hold; else it is finished, and a resume would run nothing\n",
    ),
    more.text,
  );
  const edited = job("counting", {
    ...{ epoch: [add, task("more", {}).run(() => {})], exit: [tell], until: other },
    checkpoint: { to: "memory:unused" },
  });
  const to = await place(high(3));
  const known = await new JobRunner(edited, { to }).changesSince();
  assertInstanceOf(known.refusal, JobChangedError);
  assertStringIncludes(
    changesText(known),
    "the job would not go on, if when(total) does not hold; else it is finished, and a resume would run nothing. ",
  );
  await assertRejects(() => run(edited, { to, resumeFromEpoch: "latest" }), JobChangedError);

  // Where the predicate is as it was, the refusal is that of the other course.
  const same = job("counting", {
    ...{ epoch: [add, task("more", {}).run(() => {})], exit: [tell], until: high(3) },
    checkpoint: { to: "memory:unused" },
  });
  const ends = await foreseen(same, await place(high(3)));
  assertEquals([ends.phase, ends.refusal], [undefined, undefined]);
  assertInstanceOf(ends.otherwise?.refusal, JobChangedError);
  assertStringIncludes(ends.text, "if when(total) holds; else it would not go on. ");

  // What it reads is another: a param, or what a migration makes of a blob.
  const at = await place(far);
  const set = new JobRunner(counting(far), { to: at, params: { least: 4 } });
  assertEquals((await set.changesSince()).phase, "epoch");
  const halve = migration("halve", { reads: { total }, writes: { total } })
    .run(({ total }) => ({ total: total / 2 }));
  const halved = await foreseen(counting(far, { migrate: [halve] }), at);
  assertEquals(halved.phase, "epoch");
});

Deno.test("conditions of conditions are judged as far as that can be told", async () => {
  const cases: readonly (readonly [Condition, "holds" | "open" | "goes on"])[] = [
    [any(high(9), epochs(2)), "holds"],
    [any(high(9), epochs(9)), "open"],
    [all(high(9), epochs(9)), "goes on"],
    [all(high(9), epochs(2)), "open"],
    [all(not(epochs(9)), epochs(2)), "holds"],
    [not(high(9)), "open"],
    [not(any(epochs(2), high(9))), "goes on"],
    [plateau({ min: total }, { epochs: 1 }), "goes on"],
  ];
  for (const [condition, expected] of cases) {
    const to = await place(epochs(9), 2);
    const { holds, notJudged } = await new JobRunner(counting(condition), { to }).changesSince();
    const found = holds !== undefined ? "holds" : notJudged.length > 0 ? "open" : "goes on";
    assertEquals(found, expected, JSON.stringify(condition));
  }
  const stuck = plateau({ max: total }, { epochs: 1, minDelta: 5 });
  const { holds } = await foreseen(counting(stuck), await place(stuck));
  assertEquals(holds, "plateau(max total, 1 epochs)");
});

Deno.test("a job that was edited once it was finished has nothing to do, but is not forked", async () => {
  const to = await place(epochs(3));
  const edited = counting(epochs(3), { exit: report });
  const other = job("counting", {
    ...{ epoch: [add, task("more", {}).run(() => {})], exit: [tell], until: epochs(3) },
    checkpoint: { to: "memory:unused" },
  });
  for (const given of [edited, other]) assertEquals((await foreseen(given, to)).refusal, undefined);
  await assertRejects(() => new JobRunner(other, { to }).fork("fork", 3), JobChangedError);
});

for (const what of ["epochs/e000003.a000001.cbor", "packs/a000001/"]) {
  Deno.test(`where the newest is damaged, a resume goes back, which is foreseen (${what})`, async () => {
    const to = await place(epochs(9), 3);
    const store = openStore(`${to}/counting`);
    const names = await store.list(what.slice(0, what.lastIndexOf("/") + 1));
    const name = names.findLast((name) => name.includes("e000003")) ?? "";
    await store.remove([name]);
    await store.put(name, new Uint8Array(9));
    const named = new JobRunner(counting(epochs(9)), { to });
    await assertRejects(() => named.changesSince(3), DamagedError);
    const stop = new JobRunner(counting(epochs(9), { onDamaged: "stop" }), { to });
    await assertRejects(() => stop.changesSince(), DamagedStartError);
    const { epoch, warnings, text, first } = await foreseen(counting(epochs(9)), to);
    assertEquals([epoch, warnings.length, first?.epoch], ["2@a1", 1, 3]);
    assertStringIncludes(
      text,
      "warning: checkpoint 3@a1 is damaged, so that the job goes back to 2@a1: ",
    );
  });
}

Deno.test("where nothing is good, what a resume would say is said", async () => {
  const to = await place(epochs(9), 1);
  const store = openStore(`${to}/counting`);
  for (const name of await store.list("epochs/")) {
    await store.remove([name]);
    await store.put(name, new Uint8Array(9));
  }
  const runner = new JobRunner(counting(epochs(9)), { to });
  const error = await assertRejects(() => runner.changesSince(), DamagedStartError);
  assertInstanceOf(error, DamagedStartError);
});
