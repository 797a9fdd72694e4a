/** What becomes of a job that was edited: refused, allowed, forked, or not judged at all. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { epochs, task } from "../../../dsl/mod.ts";
import { JobChangedError } from "../../../runtime/change/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { openStore } from "../../../storage/mod.ts";
import { recorded } from "../helpers.ts";
import { add, jobOf, scale, started } from "./edited_job.ts";

Deno.test("a refused job changes nothing, and goes on once the change is allowed", async () => {
  const to = await started();
  const store = openStore(`${to}/edited`);
  const before = await store.list("attempts/");
  const edited = { epoch: [add] };
  const { session, seen } = recorded();
  const error = await assertRejects(
    () => new JobRunner(jobOf(edited), { to, resumeFromEpoch: "latest" }).run(session),
    JobChangedError,
    'to be allowed: task "scale" of epoch is gone',
  );
  assertInstanceOf(error, JobChangedError);
  assertEquals([error.epoch, error.changes.length], ["1@a1", 1]);
  assertEquals(await store.list("attempts/"), before);
  const options = { to, resumeFromEpoch: "latest" } as const;
  const allowing = jobOf({ ...edited, checkpoint: { to: "memory:unused", onChange: "allow" } });
  assertEquals(await new JobRunner(allowing, { ...options, stopAfterEpoch: 1 }).run(session), 1);
  assertEquals(
    await new JobRunner(jobOf(edited), { ...options, allowChange: true }).run(session),
    2,
  );
  const said = seen.of("notice").filter(({ level }) => level === "warning");
  assert(said.some(({ message }) => message.includes('"scale" of epoch is gone')));
  // What was allowed is what the job now is.
  const { changes } = await new JobRunner(jobOf(edited), { to }).changesSince();
  assertEquals(changes, []);
  await session[Symbol.asyncDispose]();
});

Deno.test("what was allowed once stays allowed, also where that run has saved nothing", async () => {
  const to = await started();
  const failing = task("fail", {}).run(() => {
    throw new TypeError("a flaw");
  });
  const edited = jobOf({ epoch: [add, failing] });
  await using session = new LocalSession();
  const options = { to, resumeFromEpoch: "latest" } as const;
  await assertRejects(() => new JobRunner(edited, { ...options, allowChange: true }).run(session));
  const { changes } = await new JobRunner(edited, { to }).changesSince();
  assertEquals(changes, []);
  const back = await new JobRunner(jobOf(), { to }).changesSince();
  // That is the very job that was saved.
  assertEquals([back.changes, back.refusal, back.attempt], [[], undefined, undefined]);
  const other = await new JobRunner(jobOf({ epoch: [add] }), { to }).changesSince();
  assertEquals([other.refusal?.epoch, other.refusal?.attempt], ["1@a1", 2]);
});

Deno.test("a job that has nothing to do is not judged", async () => {
  const to = await started(jobOf({ until: epochs(1) }));
  await using session = new LocalSession();
  const edited = jobOf({ epoch: [scale], until: epochs(1) });
  const runner = new JobRunner(edited, { to, resumeFromEpoch: "auto" });
  assertEquals([await runner.run(session), runner.result?.outcome], [1, "already finished"]);
});

Deno.test("a fork of a job that was edited is refused before anything is made of it", async () => {
  const to = await started();
  const edited = jobOf({ epoch: [add] });
  await assertRejects(() => new JobRunner(edited, { to }).fork("other", 1), JobChangedError);
  assertEquals(await openStore(`${to}/other`).list("attempts/"), []);
  const forked = await new JobRunner(edited, { to, allowChange: true }).fork("other", 1);
  // The fork keeps what the job was.
  const { changes, refusal } = await new JobRunner(edited, { to, as: "other" }).changesSince();
  assertEquals([changes.length, refusal instanceof JobChangedError], [1, true]);
  await using session = new LocalSession();
  assertEquals(await forked.run(session), 2);
});

Deno.test("what a manager saved without a runner is gone on from, and not seen", async () => {
  const to = await started();
  const store = openStore(`${to}/edited`);
  const [name = ""] = await store.list("attempts/");
  const { notSeen } = await new JobRunner(jobOf(), { to }).changesSince();
  assertEquals(notSeen, ["the job's modules and deno.lock (no base is given)"]);
  await store.remove([name]);
  const without = await new JobRunner(jobOf(), { to }).changesSince();
  assertEquals(without.changes, []);
  assertEquals(without.notSeen, ["what the job was then (attempt 1 has not recorded it)"]);
});
