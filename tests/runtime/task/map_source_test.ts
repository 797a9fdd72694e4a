/** A map whose source is slow, fails or never ends: it is not waited for where something else has happened. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Context, task } from "../../../dsl/mod.ts";
import type { TaskError } from "../../../runtime/errors.ts";
import { LocalSession, type LocalSessionOptions } from "../../../runtime/session/local_session.ts";
import { errorOf, turns, withoutWaiting } from "../helpers.ts";

const key = (item: number): string => String(item);

/** Runs a body as a task on a session of its own. */
async function inTask(
  body: (context: Context) => Promise<void>,
  options: LocalSessionOptions = {},
): Promise<void> {
  await using session = new LocalSession(options);
  await session.run(task("t").run((_, context) => body(context)));
}

/** Gives these items, and then never another one. */
function endless(items: readonly number[], onWait: () => void = () => {}): AsyncIterable<number> {
  const left = [...items];
  const next = (): Promise<IteratorResult<number>> => {
    const value = left.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    onWait();
    return new Promise(() => {});
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

Deno.test("map: a result is given as soon as it is there, while the source is slow", async () => {
  await inTask(async ({ map }) => {
    const given = [0, 1, 2].map(() => Promise.withResolvers<void>());
    async function* items(): AsyncGenerator<number> {
      for (const [n, gate] of given.entries()) {
        yield n;
        // Goes on only once the result of this item has been used.
        await gate.promise;
      }
    }
    const results: number[] = [];
    for await (const n of map("m", items(), (n) => n, { key, concurrency: 4 })) {
      results.push(n);
      given[n]?.resolve();
    }
    assertEquals(results, [0, 1, 2]);
  });
});

Deno.test("map: the next item is read while a piece runs, and no more", async () => {
  await inTask(async ({ map }) => {
    let read = 0;
    function* items(): Generator<number> {
      while (true) yield read++;
    }
    for await (
      const n of map("m", items(), async (n) => {
        await turns(2);
        return read - n;
      }, { key })
    ) {
      // The item itself, and the one after it.
      assertEquals(n, 2);
      if (read > 4) break;
    }
  });
});

Deno.test("map: a piece that fails ends it while the source waits", async () => {
  const cause = new Error("broken");
  const error = await errorOf(inTask(async ({ map }) => {
    await map("m", endless([1, 2]), async (n) => {
      await turns(n);
      throw cause;
    }, { key, concurrency: 4 });
  })) as TaskError;
  assertEquals(error.cause, cause);
});

Deno.test("map: a stop ends it while the source waits; a source that does not end is let go", async () => {
  async function* slow(onWait: () => void): AsyncGenerator<number> {
    yield 1;
    onWait();
    await new Promise<never>(() => {});
  }
  for (
    const source of [
      (onWait: () => void) => endless([1], onWait),
      slow,
    ]
  ) {
    await using session = new LocalSession({ grace: "200ms" });
    const stop = new AbortController();
    const reason = new Error("enough");
    const t = task("t").run(async (_, { map }) => {
      await map("m", source(() => stop.abort(reason)), (n) => n, { key });
    });
    assertEquals(await errorOf(session.run(t, { signal: stop.signal })), reason);
    // No task may still be running, so that the session goes on.
    await session.run(task("next").run(() => {}));
  }
});

Deno.test("map: a source that fails ends it, and the pieces that run", async () => {
  const cause = new Error("no more pages");
  let ended = 0;
  async function* items(): AsyncGenerator<number> {
    yield 1;
    await turns(3);
    throw cause;
  }
  const error = await errorOf(inTask(async ({ map }) => {
    const pieces = map("m", items(), async (n, { signal }) => {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      ended++;
      return n;
    }, { key, concurrency: 2 });
    for await (const _ of pieces.settled());
  })) as TaskError;
  assertEquals([error.cause, ended], [cause, 1]);
});

Deno.test("map: what a source throws when it is closed early is not lost", async () => {
  let next = 0;
  const iterator = {
    next: () => ({ done: false, value: next++ }) as const,
    return: (): never => {
      throw new Error("cannot close");
    },
  };
  const items = { [Symbol.iterator]: () => iterator };
  const error = await errorOf(inTask(async ({ map }) => {
    for await (const _ of map("m", items, (n) => n, { key })) break;
  }));
  assertStringIncludes(error.message, "cannot close");
});

Deno.test("map: items that are promises are waited for, as for await does", async () => {
  await inTask(async ({ map }) => {
    const items = [Promise.resolve(1), Promise.resolve(2)] as unknown as number[];
    assertEquals(await map("m", items, (n) => n * 10, { key }), [10, 20]);
  });
});

Deno.test("map: rate holds for the further tries of a piece too", async () => {
  let tries = 0;
  const waits = await withoutWaiting(() =>
    inTask(async ({ map }) => {
      const options = {
        key,
        concurrency: 2,
        rate: { count: 1, per: "1h" },
        retry: { attempts: 3 },
      } as const;
      for await (
        const _ of map("m", [1, 2], () => {
          tries++;
          throw new Error("429");
        }, options).settled()
      );
    })
  );
  assertEquals(tries, 6);
  // Each but the first comes an hour after the one before.
  assertEquals(waits.filter((ms) => ms > 3_500_000).length, 5);
});
