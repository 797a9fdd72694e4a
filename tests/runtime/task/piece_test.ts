import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { type Context, type PieceContext, task } from "../../../dsl/mod.ts";
import {
  type TaskError,
  TaskTimeoutError,
  UnresponsiveTaskError,
} from "../../../runtime/errors.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { errorOf, turns, untilAborted } from "../helpers.ts";

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

Deno.test("map: a piece is tried again by itself, with its numbers rewound", async () => {
  await inTask(async ({ map }) => {
    const tries: string[] = [];
    const drawn = new Map<string, number[]>();
    const results = await map("m", [1, 2], (n, { try: number, rng, key }) => {
      tries.push(`${n}:${number}`);
      drawn.set(key, [...drawn.get(key) ?? [], rng("x")()]);
      if (n === 1 && number < 3) throw new Error("again");
      return n;
    }, { key, retry: { attempts: 3 } });
    assertEquals(results, [1, 2]);
    assertEquals(tries.filter((t) => t.startsWith("1")), ["1:1", "1:2", "1:3"]);
    assertEquals(tries.filter((t) => t.startsWith("2")), ["2:1"]);
    assertEquals(new Set(drawn.get("1")).size, 1);
  });
});

Deno.test("map: the numbers and keys of a piece depend on its key, not on what runs before it", async () => {
  const draw = async (items: number[], concurrency: number): Promise<Map<string, string>> => {
    const drawn = new Map<string, string>();
    await inTask(async ({ map }) => {
      await map("m", items, async (n, { rng, key, idempotencyKey }) => {
        await turns(n % 3);
        drawn.set(key, `${rng("x")()} ${idempotencyKey}`);
        return n;
      }, { key, concurrency });
    });
    return drawn;
  };
  const one = await draw([1, 2, 3], 1);
  const other = await draw([3, 1], 2);
  assertEquals(other.get("1"), one.get("1"));
  assertEquals(other.get("3"), one.get("3"));
  assertEquals(new Set(one.values()).size, 3);
});

Deno.test("map: a piece's timeout ends that piece", async () => {
  await inTask(async ({ map }) => {
    const results = [];
    const pieces = map(
      "m",
      [1, 2],
      async (n, { signal }) => n === 1 ? await untilAborted(signal) : n,
      {
        key,
        timeout: "5ms",
      },
    );
    for await (const result of pieces.settled()) results.push(result);
    assertEquals(results.map((r) => r.status), ["rejected", "fulfilled"]);
    assertInstanceOf((results[0] as PromiseRejectedResult).reason, TaskTimeoutError);
  });
});

Deno.test("map: a piece that may still run fails the task, whoever caught its error", async () => {
  const release = Promise.withResolvers<number>();
  const options = { key, timeout: "2ms" } as const;
  const bySettled = await causeOf(async ({ map }) => {
    for await (const _ of map("m", [1, 2], () => release.promise, options).settled());
  }, "5ms");
  assertInstanceOf(bySettled, UnresponsiveTaskError);
  const byCatch = await causeOf(async ({ map }) => {
    try {
      await map("m", [1], () => release.promise, options);
    } catch {
      // Swallowed, as a task may do.
    }
  }, "5ms");
  assertInstanceOf(byCatch, UnresponsiveTaskError);
  release.resolve(1);
});

Deno.test("step: runs once, gives its value, and has numbers and a key of its own", async () => {
  const draw = async (): Promise<string[]> => {
    const out: string[] = [];
    await inTask(async ({ step, rng }) => {
      rng("x")();
      const value = await step("s", ({ rng, idempotencyKey, key, try: number }) => {
        assertEquals([key, number], ["s", 1]);
        return `${rng("x")()} ${idempotencyKey}`;
      });
      out.push(value, `${rng("x")()}`);
    });
    return out;
  };
  assertEquals(await draw(), await draw());
});

Deno.test("pieces: whatever their names and keys are, no two share a key or numbers", async () => {
  const drawn: string[] = [];
  await inTask(async ({ map, step, rng, idempotencyKey }) => {
    drawn.push(`${rng("a/b/c/s")()} ${idempotencyKey}`, `${rng("s")()}`);
    const draw = async (piece: PieceContext): Promise<number> => {
      drawn.push(`${piece.rng("s")()}`, piece.idempotencyKey);
      return await 1;
    };
    await map("a", ["b/c", "b:c", "é"], (_, piece) => draw(piece), { key: (item) => item });
    await map("a/b", ["c", "c:d"], (_, piece) => draw(piece), { key: (item) => item });
    await map("a:b", ["c"], (_, piece) => draw(piece), { key: (item) => item });
    for (const name of ["a/b/c", "map:a", "c"]) await step(name, draw);
  });
  assertEquals(new Set(drawn).size, drawn.length);
  // They go into headers as they are.
  for (const key of drawn) assertMatch(key, /^[ -~]*$/);
});

Deno.test("step: one still running when its task ends is ended, waited for, and an error", async () => {
  let isEnded = false;
  const error = await causeOf(({ step }) => {
    void step("s", async ({ signal }) => {
      await untilAborted(signal).catch(() => {});
      await turns(2);
      isEnded = true;
      return 1;
    }).catch(() => {});
  });
  assertStringIncludes(error.message, 'step "s" was still running');
  assert(isEnded);
});

Deno.test("map: a task's retry runs its pieces again, with the same numbers", async () => {
  const drawn: number[][] = [];
  await inTask(async ({ map, try: number }) => {
    drawn.push(await map("m", [1, 2], (_, { rng }) => rng("x")(), { key }));
    if (number === 1) throw new Error("again");
  }, { attempts: 2 });
  assertEquals(drawn[0], drawn[1]);
});
