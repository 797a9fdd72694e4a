// The results of a map that is still running do not stay in memory, unless its task may be tried again.
import { assert, assertEquals } from "@std/assert";
import { blob, epochs, job, task } from "../../../dsl/mod.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";

const ITEMS = 600;
const RESULT_BYTES = 200_000;
const ALL_BYTES = ITEMS * RESULT_BYTES;

const sum = blob("sum", { initial: () => 0 });

/** The bytes that live at the end of a map over many items, over what lived before. */
async function heldBytes(): Promise<number> {
  const to = await Deno.makeTempDir();
  try {
    let held = NaN;
    let seen = 0;
    const add = task("add", { writes: { sum } }).run(async (_, { map }) => {
      const before = await liveBytes();
      let sum = 0;
      const results = map(
        "many",
        numbers(ITEMS),
        (item) => new Uint8Array(RESULT_BYTES).fill(item),
        {
          ...{ key: String, concurrency: 10 },
        },
      );
      for await (const bytes of results) {
        sum += bytes[0] ?? 0;
        if (++seen === ITEMS) held = await liveBytes() - before;
      }
      return { sum };
    });
    const made = job("many", {
      epoch: [add],
      until: epochs(1),
      checkpoint: { to: `file:${to}`, grain: "task", durability: "none" },
    });
    await using session = new LocalSession();
    await new JobRunner(made).run(session);
    assertEquals(seen, ITEMS);
    return held;
  } finally {
    await Deno.remove(to, { recursive: true });
  }
}

function* numbers(count: number): Generator<number> {
  for (let item = 0; item < count; item++) yield item;
}

/** Memory outside the heap, where bytes are, is counted once what nobody uses is collected. */
async function liveBytes(): Promise<number> {
  const collect = (globalThis as { readonly gc?: () => void }).gc;
  assert(collect !== undefined, "run with --v8-flags=--expose-gc");
  // What is collected is given back a little later.
  for (let count = 0; count < 3; count++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return Deno.memoryUsage().external;
}

if (import.meta.main) console.log(await heldBytes());

Deno.test("a map of which each result is used and dropped runs in memory that does not grow", async () => {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "--v8-flags=--expose-gc", import.meta.url],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  const held = Number(new TextDecoder().decode(stdout));
  assert(held < ALL_BYTES / 5, `${held} of ${ALL_BYTES} bytes are held`);
});

Deno.test("what a task that is tried again has done before is not done again", async () => {
  const calls: string[] = [];
  const add = task("add", { writes: { sum }, retry: { attempts: 2 } })
    .run(async (_, { map, step, try: number }) => {
      await step("first", () => void calls.push("first"));
      const results = await map("each", [1, 2, 3], (item) => {
        calls.push(`${item}`);
        return item;
      }, { key: String });
      if (number === 1) throw new Error("once");
      return { sum: results.reduce((a, b) => a + b) };
    });
  const made = job("again", {
    epoch: [add],
    until: epochs(1),
    checkpoint: { to: `memory:${crypto.randomUUID()}`, grain: "task" },
  });
  await using session = new LocalSession();
  await new JobRunner(made).run(session);
  assertEquals([await session.fetch(sum), calls], [6, ["first", "1", "2", "3"]]);
});
