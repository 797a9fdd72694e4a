// What a state holds, against the migrations that it says it has gone through.
import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type AnyBlob,
  blob,
  type CheckpointPlan,
  epochs,
  type Job,
  job,
  type Migration,
  migration,
  on,
  optional,
  type Step,
  task,
  when,
} from "../../../dsl/mod.ts";
import { JobChangedError, MigrationError } from "../../../runtime/change/errors.ts";
import { CheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { JobRunner, type JobRunnerOptions } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { CheckpointStore, openStore } from "../../../storage/mod.ts";
import { spoil } from "./spoil.ts";

const x = blob("x", { initial: () => 0 });
const y = blob("y", { initial: () => -1 });
const z = blob("z", { initial: () => -1 });
const count = blob("count", { initial: () => 0 });
type Numbers = typeof x;

const adders = new Map<Numbers, Step>();
function adding(of: Numbers): Step {
  const made = adders.get(of) ??
    task(`add-${of.name}`, { reads: { of }, writes: { of } }).run(({ of }) => ({ of: of + 1 }));
  adders.set(of, made);
  return made;
}
const first = migration("first", { reads: { x }, writes: { y } }).run(({ x }) => ({ y: 10 * x }));
const second = migration("second", { reads: { y }, writes: { z } }).run(({ y }) => ({ z: 10 * y }));
const dies = task("dies").run(() => {
  throw new Error("dies here");
});

/** Starts of jobs at one place in memory. */
class Place {
  readonly db = crypto.randomUUID();
  readonly to = `memory:${this.db}`;

  job(
    until: number,
    epoch: readonly Step[],
    migrate: readonly Migration[] = [],
    more: Partial<CheckpointPlan> & { readonly exit?: readonly Step[] } = {},
  ): Job {
    const { exit = [], ...plan } = more;
    const checkpoint = { to: this.to, onChange: "allow", migrate, ...plan } as const;
    return job("seen", { epoch: [...epoch], exit: [...exit], until: epochs(until), checkpoint });
  }

  /** Runs a job, and gives a blob by node; the only one where there is one. */
  async run(given: Job, of?: AnyBlob, options: JobRunnerOptions = {}): Promise<unknown> {
    await using session = new LocalSession();
    await new JobRunner(given, { to: this.to, resumeFromEpoch: "auto", ...options }).run(session);
    const values = session.nodes.map((node) => session.workspace(node).values.get(of?.name ?? ""));
    return values.length === 1 ? values[0] : values;
  }

  store() {
    return openStore(`${this.to}/seen`);
  }
}

Deno.test("migrate: a chain is applied again to what the job before it has made anew", async () => {
  const place = new Place();
  await place.run(place.job(2, [adding(x)]));
  assertEquals(await place.run(place.job(3, [adding(z)], [first, second]), z), 201);
  assertEquals(await place.run(place.job(8, [adding(x)]), x), 5);
  assertEquals(await place.run(place.job(9, [adding(z)], [first, second]), z), 501);
  assertEquals(await place.run(place.job(10, [adding(z)], [first, second]), z), 502);
  // A name that is used anew, and dropped, is none of theirs.
  const words = blob("x", { initial: () => "words" });
  const tell = task("tell", { reads: { words } }).run(() => {});
  await place.run(place.job(11, [adding(z), tell], [first, second]));
  assertEquals(await place.run(place.job(12, [adding(z)], [first, second]), z), 504);
});

Deno.test("migrate: one that reads what the job keeps too is applied again", async () => {
  const place = new Place();
  const both = migration("both", { reads: { x, count }, writes: { y } })
    .run(({ x, count }) => ({ y: 10 * x + 1000 * count }));
  await place.run(place.job(2, [adding(x), adding(count)]));
  assertEquals(await place.run(place.job(3, [adding(y), adding(count)], [both]), y), 2021);
  await place.run(place.job(4, [adding(x), adding(count)]));
  assertEquals(await place.run(place.job(5, [adding(y), adding(count)], [both]), y), 4011);
});

Deno.test("migrate: where a state holds some of what it writes, a person says whether it was applied", async () => {
  const place = new Place();
  const both = migration("both", { reads: { x }, writes: { y, count } })
    .run(({ x }) => ({ y: 10 * x, count: 1000 * x }));
  await place.run(place.job(2, [adding(x), adding(count)]));
  await place.run(place.job(3, [adding(y), adding(count)], [both]));
  await place.run(place.job(4, [adding(x), adding(count)]));
  const after = place.job(5, [adding(y), adding(count)], [both]);
  const error = await assertRejects(() => place.run(after), MigrationError, "Nobody can tell");
  assertStringIncludes(error.message, 'node "main" holds what that reads');
  const { store } = await CheckpointStore.open(place.store());
  const before = (await store.list("epochs/")).length;
  assertEquals(await place.run(after, y, { migrated: ["both"], stopAfterEpoch: 4 }), -1);
  assertEquals((await store.list("epochs/")).length, before);
  assertEquals(await place.run(after, y, { migrated: [] }), 11);
});

Deno.test("migrate: one that reaches the nodes one after another is applied on each", async () => {
  const place = new Place();
  const at = (left: Numbers, right: Numbers) => [on("a", adding(left)), on("b", adding(right))];
  await place.run(place.job(2, at(x, x)));
  await place.run(place.job(3, at(y, x), [first]));
  assertEquals(await place.run(place.job(4, at(y, y), [first]), y), [22, 31]);
});

Deno.test("migrate: one that leaves the plan before it was saved is to be allowed, and put back applied", async () => {
  const place = new Place();
  await place.run(place.job(2, [adding(x)]));
  const allowed = { allowChange: true };
  await assertRejects(
    () => place.run(place.job(3, [adding(y), dies], [first], { onChange: "stop" }), y, allowed),
    Error,
    "dies here",
  );
  const without = place.job(3, [adding(y), dies], [], { onChange: "stop" });
  const error = await assertRejects(() => place.run(without), JobChangedError);
  assertStringIncludes(error.message, 'migration "first", which attempt 2 had, is gone');
  assertEquals(
    await place.run(place.job(3, [adding(y)], [first], { onChange: "stop" }), y, allowed),
    21,
  );
  // Behind what was saved with it, it may go.
  assertEquals(await place.run(place.job(4, [adding(y)], [], { onChange: "stop" }), y), 22);
});

Deno.test("migrate: what goes back over damage is not gone on with unmigrated, where the plan has lost one", async () => {
  const place = new Place();
  const convert = migration("convert", { reads: { x }, writes: { x } })
    .run(({ x }) => ({ x: 100 * x }));
  const refuse = { onChange: "stop" } as const;
  await place.run(place.job(2, [adding(x)], [], refuse));
  assertEquals(await place.run(place.job(3, [adding(x)], [convert], refuse), x), 201);
  await spoil(place, "epochs/e000003.a000002.cbor");
  const error = await assertRejects(
    () => place.run(place.job(4, [adding(x)], [], refuse)),
    JobChangedError,
  );
  assertStringIncludes(error.message, 'migration "convert", which attempt 2 had, is gone');
  assertEquals(await place.run(place.job(4, [adding(x)], [convert], refuse), x), 202);
});

Deno.test("migrate: a blob that was not set then stays so, and is migrated where it is", async () => {
  const place = new Place();
  const late = blob<number>("late");
  const later = blob<number>("later");
  const rename = migration("rename", { reads: { late }, writes: { later } })
    .run(({ late }) => ({ later: late }));
  const writing = (of: typeof late) =>
    task("write", { writes: { of }, if: when(x, (x) => x >= 3) }).run((_, { epoch }) => ({
      of: epoch,
    }));
  const using = (of: typeof late) => task("use", { reads: { of: optional(of) } }).run(() => {});
  await place.run(place.job(2, [adding(x), writing(late), using(late)]));
  assertEquals(
    await place.run(place.job(4, [adding(x), writing(later), using(later)], [rename]), later),
    4,
  );
  // Of one that only `exit` writes the state of `exit` has it.
  const other = new Place();
  const say = (of: typeof late) => task("say", { writes: { of } }).run(() => ({ of: 7 }));
  await other.run(other.job(1, [adding(x)], [], { exit: [say(late)] }));
  const renamed = other.job(1, [adding(x)], [rename], { exit: [say(later)] });
  assertEquals(await other.run(renamed, later), 7);
});

Deno.test("migrate: what shares memory is refused before anything runs", async () => {
  const place = new Place();
  const whole = blob("whole", { initial: () => new Float64Array(8) });
  const half = { initial: () => new Float64Array(4) };
  const [left, right] = [blob("left", half), blob("right", half)];
  const reading = (...of: (typeof left)[]) =>
    of.map((of) => task(`read-${of.name}`, { updates: { of } }).run(() => void seen++));
  let seen = 0;
  await place.run(place.job(1, reading(whole)));
  seen = 0;
  const split = migration("split", { reads: { whole }, writes: { left, right } })
    .run(({ whole }) => ({ left: whole.subarray(0, 4), right: whole.subarray(4) }));
  const after = place.job(2, reading(left, right), [split]);
  const error = await assertRejects(
    () => place.run(after),
    MigrationError,
    'shares memory or an object with blob "left"',
  );
  assertEquals([error.migration, seen], ["split", 0]);
});

Deno.test("migrate: what one replaces is not looked at, though a later one reads the name", async () => {
  const place = new Place();
  const words = blob("y", { initial: () => "words" });
  const tell = task("tell", { reads: { words } }).run(() => {});
  const add = migration("add", { reads: { y }, writes: { y } }).run(({ y }) => ({ y: y + 1 }));
  await place.run(place.job(2, [adding(x), tell]));
  assertEquals(await place.run(place.job(3, [adding(y)], [first, add]), y), 22);
});

Deno.test("migrate: of a node that was not loaded with another nobody can tell", async () => {
  const place = new Place();
  await place.run(place.job(2, [on("a", adding(x)), on("b", adding(x))]));
  await using session = new LocalSession();
  const manager = new CheckpointManager(`${place.db}/seen`, "memory", { node: "a" });
  await session.feed(x, 7, { node: "b" });
  await session.run(manager.load(2));
  await session.run(manager.init(["b"]));
  await session.run(manager.save(3));
  const store = await CheckpointStore.open(place.store());
  const newest = (await store.history()).line.at(-1);
  assertInstanceOf(newest, Object);
  assertEquals((await store.readManifest(newest)).run.migrated, null);
});
