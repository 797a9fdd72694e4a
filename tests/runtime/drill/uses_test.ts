import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { task } from "../../../dsl/mod.ts";
import { assertResumable } from "../../../runtime/drill/assert_resumable.ts";
import { Uses } from "../../../runtime/drill/uses.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { jobOf, total, walk } from "./jobs.ts";

Deno.test("drill: a task that uses the same things and keeps nothing of them passes", async () => {
  const timed = task("timed", { reads: { total }, writes: { total } }).run(({ total }) => {
    const start = Date.now() + performance.now() + Math.random();
    return { total: total + (start > 0 ? 1 : 0) };
  });
  await assertResumable(jobOf({ epoch: [timed] }), { kills: 20 });
});

/** What is watched, as it is now. */
const watched = () => [
  ...[Math.random, Date, Date.now, fetch, crypto.randomUUID, performance.now, WebSocket],
  ...[crypto.subtle.generateKey, Deno.connect, Deno.connectTls],
];

Deno.test("drill: what a task asks for from outside is noted, by whatever name", async () => {
  using uses = new Uses();
  const ask = task("ask", { writes: { total } }).run(async () => {
    await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
    // No test has the permission, or a server, that these need: they are asked for all the same.
    await Deno.connect({ port: 1 }).catch(() => {});
    await Deno.connectTls({ hostname: "localhost", port: 1 }).catch(() => {});
    try {
      new WebSocket("ws://localhost:1");
    } catch {
      // It may not.
    }
    return { total: Date().length + new Date(0).getTime() };
  });
  await using session = new LocalSession();
  session.events.observe(uses.observe);
  const asking = jobOf({ epoch: [ask], checkpoint: { to: "memory:asking" } });
  await uses.follow(() => new JobRunner(asking).run(session));
  assertEquals(uses.all().get("ask"), [
    "crypto.subtle.generateKey",
    "Deno.connect",
    "Deno.connectTls",
    "new WebSocket",
    "Date()",
  ]);
});

Deno.test("drill: what it watches while it runs is left as it was", async () => {
  const before = watched();
  await assertResumable(jobOf({ epoch: [walk] }), { kills: 3 });
  const after = watched();
  assert(before.every((each, index) => each === after[index]));

  // Two at once take note each of its own, and leave all as it was.
  const roll = task("roll", { writes: { total } }).run(() => ({ total: Math.random() }));
  const [good, bad] = await Promise.allSettled([
    assertResumable(jobOf({ epoch: [walk] }), { kills: 9 }),
    assertResumable(jobOf({ epoch: [roll] }), { kills: 3 }),
  ]);
  assert(good.status === "fulfilled" && bad.status === "rejected");
  assertStringIncludes(String(bad.reason), "it calls Math.random");
  const last = watched();
  assert(before.every((each, index) => each === last[index]));
});

Deno.test("drill: a task that reports its progress often is not slowed down by what is watched", async () => {
  using uses = new Uses();
  const stack = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
  let stacks = 0;
  Object.defineProperty(Error, "prepareStackTrace", {
    configurable: true,
    value: (error: Error) => (stacks++, String(error)),
  });
  try {
    const count = task("count", { reads: { total }, writes: { total } })
      .run(async ({ total }, { progress }) => {
        for (let done = 0; done < 5000; done++) await progress(done, 5000);
        return { total: total + 1 };
      });
    await using session = new LocalSession();
    session.events.observe(uses.observe);
    const counting = jobOf({ epoch: [count], checkpoint: { to: "memory:counting" } });
    await uses.follow(() => new JobRunner(counting).run(session));
    assert(stacks < 500, `${stacks} stacks were looked at`);
  } finally {
    if (stack === undefined) Reflect.deleteProperty(Error, "prepareStackTrace");
    else Object.defineProperty(Error, "prepareStackTrace", stack);
  }
});
