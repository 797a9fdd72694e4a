// What a task fails with after its timeout: never lost, and never taken for more than a consequence.
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { task } from "../../../dsl/mod.ts";
import { TaskTimeoutError, UnresponsiveTaskError } from "../../../runtime/errors.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { errorOf, recorded, turns, untilAborted } from "../helpers.ts";

/** How a task ends that is told to by its timeout, and then throws this. */
async function timedOut(thrown: (signal: AbortSignal) => unknown): Promise<TaskTimeoutError> {
  await using session = new LocalSession();
  const late = task("late", { timeout: "5ms" }).run(async (_, { signal }) => {
    await untilAborted(signal).catch(() => {});
    throw thrown(signal);
  });
  const { cause } = await errorOf(session.run(late));
  assertInstanceOf(cause, TaskTimeoutError);
  return cause;
}

Deno.test("a task's own error after its timeout is named, and the cause of the timeout's", async () => {
  const flaw = new TypeError("a flaw");
  const error = await timedOut(() => flaw);
  assertEquals([error.timeoutMs, error.cause], [5, flaw]);
  assertStringIncludes(error.message, "Told to end, it failed with TypeError: a flaw");
});

Deno.test("what only says that the task was told to end is not", async () => {
  const consequences: readonly ((signal: AbortSignal) => unknown)[] = [
    ({ reason }) => reason,
    ({ reason }) => new Error("the request ended", { cause: reason }),
    () => new DOMException("The operation was aborted.", "AbortError"),
  ];
  for (const thrown of consequences) {
    const error = await timedOut(thrown);
    assertEquals(error.cause, undefined);
    assert(error.message.endsWith("do less at a time"), error.message);
  }
});

Deno.test("the error of a piece after its timeout is the cause of that", async () => {
  await using session = new LocalSession();
  const flaw = new TypeError("a flaw");
  const late = task("late").run(async (_, { map }) => {
    await map("m", [1], async (_, { signal }) => {
      await untilAborted(signal).catch(() => {});
      throw flaw;
    }, { key: String, timeout: "5ms" });
  });
  const { cause } = await errorOf(session.run(late));
  assertInstanceOf(cause, TaskTimeoutError);
  assertEquals(cause.cause, flaw);
});

Deno.test("a retry decides by it", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  const isWorthIt = (error: unknown): boolean =>
    !(error instanceof Error && error.cause instanceof TypeError);
  const late = task("late", { timeout: "5ms", retry: { attempts: 3, if: isWorthIt } })
    .run(async (_, { signal, try: number }) => {
      await untilAborted(signal).catch(() => {});
      throw number === 1 ? signal.reason : new TypeError("a flaw");
    });
  await errorOf(session.run(late));
  assertEquals(seen.of("task-failed").map(({ error }) => error.cause?.name), [
    undefined,
    "TypeError",
  ]);
});

Deno.test("what a task fails with past its grace period is said", async () => {
  const { session, seen } = recorded({ grace: "5ms" });
  await using _ = session;
  const release = Promise.withResolvers<void>();
  const deaf = task("deaf", { timeout: "5ms" }).run(async () => {
    await release.promise;
    throw new TypeError("a flaw");
  });
  assertInstanceOf((await errorOf(session.run(deaf))).cause, UnresponsiveTaskError);
  assertEquals(seen.of("notice"), []);
  release.resolve();
  await turns(3);
  const [notice] = seen.of("notice");
  assertEquals(notice?.level, "warning");
  assertEquals(
    notice?.message,
    'task "deaf", which did not end when it was told to, has failed by now: TypeError: a flaw',
  );
});
