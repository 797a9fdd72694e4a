import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { blob, type Context, type MapOptions, task } from "../../../dsl/mod.ts";
import type { TaskError } from "../../../runtime/errors.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { errorOf, meeting, turns, untilAborted } from "../helpers.ts";

const key = (item: number): string => String(item);

/** Runs a body as a task on a session of its own. */
async function inTask(
  body: (context: Context) => Promise<void> | void,
  retry?: { attempts: number },
  grace: "5ms" | "10s" = "10s",
): Promise<void> {
  await using session = new LocalSession({ grace });
  const declaration = retry === undefined ? {} : { retry };
  await session.run(task("t", declaration).run((_, context) => body(context)));
}

/** What the task of {@linkcode inTask} failed with. */
async function causeOf(
  body: (context: Context) => Promise<void> | void,
  grace: "5ms" | "10s" = "10s",
): Promise<Error> {
  return (await errorOf(inTask(body, undefined, grace)) as TaskError).cause as Error;
}

Deno.test("map: gives results in the order of the items, whichever ends first", async () => {
  await inTask(async ({ map }) => {
    const results = await map("m", [3, 1, 2], async (n) => {
      await turns(n);
      return n * 10;
    }, { key, concurrency: 3 });
    assertEquals(results, [30, 10, 20]);
    const streamed: number[] = [];
    for await (const result of map("n", [5, 4], (n) => n, { key })) streamed.push(result);
    assertEquals(streamed, [5, 4]);
  });
});

Deno.test("map: runs as many at once as it may, and no more", async () => {
  for (const concurrency of [undefined, 1, 3]) {
    await inTask(async ({ map }) => {
      const limit = concurrency ?? 1;
      const meet = meeting(limit);
      let running = 0;
      let most = 0;
      const options: MapOptions<number> = concurrency === undefined
        ? { key }
        : { key, concurrency };
      await map("m", [0, 1, 2, 3, 4, 5, 6], async (n) => {
        most = Math.max(most, ++running);
        if (n < limit) await meet();
        await turns(1);
        running--;
        return n;
      }, options);
      assertEquals(most, limit);
    });
  }
});

Deno.test("map: nothing runs before the first result is asked for, and little ahead of it", async () => {
  await inTask(async ({ map }) => {
    const begun: number[] = [];
    let taken = 0;
    function* items(): Generator<number> {
      for (let n = 0; n < 1000; n++) {
        taken++;
        yield n;
      }
    }
    const results = map("m", items(), (n) => {
      begun.push(n);
      return n;
    }, { key, concurrency: 4 })[Symbol.asyncIterator]();
    await turns(2);
    assertEquals([begun.length, taken], [0, 0]);
    await results.next();
    await turns(3);
    assert(begun.length >= 4 && begun.length <= 9, `${begun.length} pieces ran ahead`);
    assert(taken <= 9, `${taken} items were taken`);
    await results.return?.();
  });
});

Deno.test("map: takes async iterables, and closes them when it ends early", async () => {
  await inTask(async ({ map }) => {
    let isClosed = false;
    async function* items(): AsyncGenerator<number> {
      try {
        for (let n = 0;; n++) {
          await turns(1);
          yield n;
        }
      } finally {
        isClosed = true;
      }
    }
    const got: number[] = [];
    for await (const n of map("m", items(), (n) => n, { key })) {
      got.push(n);
      if (n === 3) break;
    }
    assertEquals([got, isClosed], [[0, 1, 2, 3], true]);
  });
});

Deno.test("map: rate keeps starts apart", async () => {
  await inTask(async ({ map }) => {
    const starts: number[] = [];
    await map("m", [0, 1, 2, 3, 4], (n) => {
      starts.push(performance.now());
      return n;
    }, { key, concurrency: 5, rate: { count: 2, per: "20ms" } });
    for (const [i, at] of starts.entries()) {
      const earlier = starts[i - 2];
      if (earlier !== undefined) assert(at - earlier >= 19, `${at - earlier} ms apart`);
    }
  });
});

Deno.test("map: settled goes on past failures", async () => {
  await inTask(async ({ map }) => {
    const results: string[] = [];
    const pieces = map("m", [1, 2, 3], (n) => {
      if (n === 2) throw new Error("two");
      return n;
    }, { key });
    for await (const result of pieces.settled()) {
      results.push(result.status === "fulfilled" ? String(result.value) : String(result.reason));
    }
    assertEquals(results, ["1", "Error: two", "3"]);
  });
});

Deno.test("map: a failure ends the other pieces, and waits for them", async () => {
  let ended = 0;
  const cause = new Error("two");
  const error = await causeOf(async ({ map }) => {
    await map("m", [1, 2, 3, 4, 5, 6, 7, 8, 9], async (n, { signal }) => {
      if (n === 1) {
        await turns(2);
        throw cause;
      }
      await untilAborted(signal).catch(() => {});
      await turns(2);
      ended++;
      return n;
    }, { key, concurrency: 3 });
  });
  assertEquals([error, ended], [cause, 2]);
});

Deno.test("map: the task's own end reaches its pieces", async () => {
  await using session = new LocalSession();
  const stop = new AbortController();
  const meet = meeting(3);
  let heard = 0;
  const t = task("t").run(async (_, { map }) => {
    await map("m", [1, 2], async (n, { signal }) => {
      meet();
      await untilAborted(signal).catch(() => void heard++);
      return n;
    }, { key, concurrency: 2 });
  });
  const running = session.run(t, { signal: stop.signal });
  await meet();
  const reason = new Error("enough");
  stop.abort(reason);
  assertEquals(await errorOf(running), reason);
  assertEquals(heard, 2);
});

Deno.test("map: a duplicate key is an error that names it", async () => {
  const error = await causeOf(async ({ map }) => {
    await map("m", [1, 2, 1], (n) => n, { key });
  });
  assertStringIncludes(error.message, 'map "m" has two items with the key "1"');
});

Deno.test("map: a call without its name is an error that shows one with it", async () => {
  const error = await causeOf(async ({ map }) => {
    // Deno runs what does not check.
    await (map as unknown as (...args: unknown[]) => Promise<unknown>)([1], (n: number) => n, {
      key,
    });
  });
  assertStringIncludes(error.message, "map takes a name, the items, a function, and the key");
});

Deno.test("map: a map or step of the same name in one task is an error", async () => {
  const error = await causeOf(async ({ map }) => {
    await map("m", [1], (n) => n, { key });
    await map("m", [1], (n) => n, { key });
  });
  assertStringIncludes(error.message, "twice");
  const step = await causeOf(async ({ step }) => {
    await step("s", () => 1);
    await step("s", () => 1);
  });
  assertStringIncludes(step.message, "twice");
});

Deno.test("map: one that is never awaited fails the task", async () => {
  let ran = 0;
  const error = await causeOf(({ map }) => void map("m", [1], () => ++ran, { key }));
  assertStringIncludes(error.message, 'map "m" was never awaited');
  assertEquals(ran, 0);
});

Deno.test("map: results are given once", async () => {
  const error = await causeOf(async ({ map }) => {
    const pieces = map("m", [1], (n) => n, { key });
    await pieces;
    await pieces;
  });
  assertStringIncludes(error.message, "twice");
});

Deno.test("map: concurrency and rate are checked", async () => {
  const concurrency = await causeOf(async ({ map }) => {
    await map("m", [1], (n) => n, { key, concurrency: 0 });
  });
  assertStringIncludes(concurrency.message, "concurrency is 0");
  const rate = await causeOf(async ({ map }) => {
    await map("m", [1], (n) => n, { key, rate: { count: 0, per: "1s" } });
  });
  assertStringIncludes(rate.message, "rate.count is 0");
});

Deno.test("map: one that is left half read is ended with its task", async () => {
  let ended = 0;
  await inTask(async ({ map }) => {
    const pieces = map("m", [1, 2, 3], async (n, { signal }) => {
      if (n === 1) return n;
      await untilAborted(signal).catch(() => {});
      ended++;
      return n;
    }, { key, concurrency: 2 })[Symbol.asyncIterator]();
    // One result is asked for, and no other.
    void pieces.next().catch(() => {});
    await turns(2);
  });
  assert(ended >= 1);
});

Deno.test("map: of an empty list is an empty list", async () => {
  const out = blob<number[]>("out");
  await using session = new LocalSession();
  await session.run(
    task("t", { writes: { out } })
      .run(async (_, { map }) => ({ out: await map("m", [], (n: number) => n, { key }) })),
  );
  assertEquals(await session.fetch(out), []);
});
