import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { blob, codec, task } from "../../../dsl/mod.ts";
import { TaskError, TaskTimeoutError, UnresponsiveTaskError } from "../../../runtime/errors.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { errorOf, recorded, turns, untilAborted } from "../helpers.ts";

const x = blob<number>("x");
const list = blob<number[]>("list");

/** Takes 15 ms and more of the thread, and hears nothing meanwhile. */
function busyFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

Deno.test("retry: each try starts from the same state, in-place updates undone", async () => {
  await using session = new LocalSession();
  await session.feed(list, [1]);
  const found: number[][] = [];
  const tries: number[] = [];
  const push = task("push", { updates: { list }, retry: { attempts: 3 } })
    .run(({ list }, { try: number }) => {
      found.push([...list]);
      tries.push(number);
      list.push(number);
      if (number < 3) throw new Error(`try ${number}`);
    });
  await session.run(push);
  assertEquals(found, [[1], [1], [1]]);
  assertEquals(tries, [1, 2, 3]);
  assertEquals(await session.fetch(list), [1, 3]);
});

Deno.test("retry: typed arrays and what a task updates in lists come back too", async () => {
  await using session = new LocalSession();
  const parts = [blob<Float64Array>("p0"), blob<Float64Array>("p1")];
  for (const part of parts) await session.feed(part, Float64Array.of(1, NaN, -0));
  const change = task("change", { updates: { parts }, retry: { attempts: 2 } })
    .run(({ parts }, { try: number }) => {
      for (const part of parts) {
        assertEquals(Object.is(part[2], -0) && part[0] === 1, true);
        part.fill(number);
      }
      if (number === 1) throw new Error("once");
    });
  await session.run(change);
  for (const part of parts) assertEquals(await session.fetch(part), Float64Array.of(2, 2, 2));
});

class Counter {
  isDisposed = false;
  constructor(public count: number) {}
}

Deno.test("retry: a blob with a codec is copied by it, and what is not needed is disposed", async () => {
  await using session = new LocalSession();
  const made: Counter[] = [];
  const counter = blob("counter", {
    codec: codec({
      encode: async (value: Counter) => {
        await turns(1);
        assert(!value.isDisposed, "a disposed value was encoded");
        return { count: value.count };
      },
      decode: ({ count }) => {
        const value = new Counter(count);
        made.push(value);
        return value;
      },
      dispose: (value) => {
        assert(!value.isDisposed, "a value was disposed twice");
        value.isDisposed = true;
      },
    }),
  });
  await session.feed(counter, new Counter(5));
  const count = task("count", { updates: { counter }, retry: { attempts: 3 } })
    .run(({ counter }, { try: number }) => {
      assertEquals([counter.count, counter.isDisposed], [5, false]);
      counter.count += number;
      if (number < 3) throw new Error("again");
    });
  await session.run(count);
  const final = await session.fetch(counter);
  assertEquals([final.count, final.isDisposed], [8, false]);
  assertEquals(made.filter((value) => !value.isDisposed), [final]);
});

Deno.test("retry: random numbers are rewound", async () => {
  await using session = new LocalSession();
  const drawn: number[][] = [];
  const draw = task("draw", { retry: { attempts: 3 } }).run((_, { rng, try: number }) => {
    drawn.push([rng("a")(), rng("a")(), rng("b")()]);
    if (number < 3) throw new Error("again");
  });
  await session.run(draw);
  assertEquals(drawn[1], drawn[0]);
  assertEquals(drawn[2], drawn[0]);
  assert(drawn[0]?.[0] !== drawn[0]?.[1] && drawn[0]?.[0] !== drawn[0]?.[2]);
});

Deno.test("retry: `restore: false` leaves what the last try left", async () => {
  await using session = new LocalSession();
  await session.feed(list, []);
  const push = task("push", { updates: { list }, retry: { attempts: 2, restore: false } })
    .run(({ list }, { try: number }) => {
      list.push(number);
      if (number === 1) throw new Error("again");
    });
  await session.run(push);
  assertEquals(await session.fetch(list), [1, 2]);
});

Deno.test("retry: `if` says whether an error is worth another try", async () => {
  await using session = new LocalSession();
  let tries = 0;
  const asked: unknown[] = [];
  const fatal = new Error("fatal");
  const t = task("t", {
    retry: {
      attempts: 5,
      if: (error) => {
        asked.push(error);
        return error !== fatal;
      },
    },
  }).run(() => {
    throw ++tries < 2 ? new Error("passing") : fatal;
  });
  const error = await errorOf(session.run(t));
  assertEquals([tries, asked.length, error.cause], [2, 2, fatal]);
});

Deno.test("retry: waits twice as long before each try, up to the longest, and says so", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  const t = task("t", { retry: { attempts: 5, delay: "2ms", maxDelay: "5ms" } }).run(() => {
    throw new Error("no");
  });
  const started = performance.now();
  const error = await errorOf(session.run(t));
  assert(performance.now() - started >= 2 + 4 + 5 + 5 - 4, "it did not wait");
  assertEquals(seen.of("task-failed").map((e) => e.retryInMs), [2, 4, 5, 5, undefined]);
  assertEquals(seen.of("task-failed").map((e) => e.try), [1, 2, 3, 4, 5]);
  assertInstanceOf(error, TaskError);
  assertEquals(error.site.try, 5);
});

Deno.test("retry: a try starts only after the last one has settled", async () => {
  await using session = new LocalSession();
  let running = 0;
  const overlaps: number[] = [];
  const t = task("t", { retry: { attempts: 2 }, timeout: "5ms" })
    .run(async (_, { signal, try: number }) => {
      overlaps.push(++running);
      try {
        if (number === 1) {
          await untilAborted(signal).catch(() => {});
          await turns(5);
        }
      } finally {
        running--;
      }
    });
  await session.run(t);
  assertEquals(overlaps, [1, 1]);
});

Deno.test("retry: a stop while it waits ends it at once", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  const stop = new AbortController();
  const t = task("t", { retry: { attempts: 2, delay: "1h" } }).run(() => {
    throw new Error("no");
  });
  const running = session.run(t, { signal: stop.signal });
  await turns(3);
  assertEquals(seen.of("task-failed").length, 1);
  const reason = new Error("enough");
  stop.abort(reason);
  assertEquals(await errorOf(running), reason);
});

Deno.test("retry: what a stop throws is not tried again", async () => {
  await using session = new LocalSession();
  const stop = new AbortController();
  let tries = 0;
  const t = task("t", { retry: { attempts: 3 } }).run(async (_, { progress }) => {
    tries++;
    stop.abort(new Error("enough"));
    await progress(1, 1);
  });
  const error = await errorOf(session.run(t, { signal: stop.signal }));
  assertEquals([tries, error.message], [1, "enough"]);
});

Deno.test("retry: an open failure or a missing blob is tried again like any other error", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  const t = task("t", { reads: { x }, retry: { attempts: 2 } }).run(() => {});
  const error = await errorOf(session.run(t));
  assertEquals(seen.of("task-failed").length, 2);
  assertEquals((error.cause as Error).name, "BlobNotSetError");
});

Deno.test("timeout: a task that heeds its signal is ended, and the error says how long it could take", async () => {
  await using session = new LocalSession();
  const t = task("t", { timeout: "5ms" }).run((_, { signal }) => untilAborted(signal));
  const error = await errorOf(session.run(t));
  assertInstanceOf(error, TaskError);
  assertInstanceOf(error.cause, TaskTimeoutError);
  assertEquals(error.cause.timeoutMs, 5);
});

Deno.test("timeout: progress throws after it, also where no timer could fire", async () => {
  await using session = new LocalSession();
  let steps = 0;
  const t = task("t", { timeout: "5ms" }).run((_, { progress }) => {
    for (;; steps++) {
      busyFor(2);
      progress(steps);
    }
  });
  const error = await errorOf(session.run(t));
  assertInstanceOf(error.cause, TaskTimeoutError);
  assert(steps >= 1 && steps < 100);
});

Deno.test("timeout: one that ignores it past the grace period fails, is not retried beside itself, and ends the session", async () => {
  const { session, seen } = recorded({ grace: "5ms" });
  await using _ = session;
  const release = Promise.withResolvers<void>();
  const deaf = task("deaf", { timeout: "5ms", retry: { attempts: 3 }, writes: { x } })
    .run(async () => {
      await release.promise;
      return { x: 1 };
    });
  const error = await errorOf(session.run(deaf));
  assertInstanceOf(error, TaskError);
  assertInstanceOf(error.cause, UnresponsiveTaskError);
  assertInstanceOf(error.cause.cause, TaskTimeoutError);
  assertEquals(seen.started, ["deaf@main"]);
  const refused = await errorOf(session.run(task("next").run(() => {})));
  assertInstanceOf(refused, UnresponsiveTaskError);
  release.resolve();
  await turns(3);
  // What it returned in the end is not taken.
  assertEquals((await errorOf(session.fetch(x))).name, "BlobNotSetError");
});

Deno.test("timeout: a task that never yields is reported, and its result is taken", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  const t = task("t", { timeout: "5ms", writes: { x } }).run(() => {
    busyFor(12);
    return { x: 1 };
  });
  await session.run(t);
  assertEquals(await session.fetch(x), 1);
  const [event, ...more] = seen.of("task-overran");
  assertEquals(more, []);
  assert(event !== undefined && event.durationMs >= 12 && event.timeoutMs === 5);
});

Deno.test("timeout: a task within it is not reported", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  await session.run(task("t", { timeout: "10s" }).run(() => turns(1)));
  assertEquals([seen.of("task-overran").length, seen.of("task-finished").length], [0, 1]);
});
