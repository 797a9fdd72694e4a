// Times that a task asks for, and waits for, are the same after a resume.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { blob, type Context, epochs, task } from "../../../dsl/mod.ts";
import { StoppedError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { errorOf } from "../helpers.ts";
import { everywhere, type World } from "./world.ts";

const HOUR_MS = 3_600_000;
const times = blob<number[]>("times", { initial: () => [] });

/** Lets the clock go wrong, or on. */
async function shifted<T>(byMs: number, run: () => Promise<T>): Promise<T> {
  const real = Date.now;
  Date.now = () => real() + byMs;
  try {
    return await run();
  } finally {
    Date.now = real;
  }
}

for (const grain of ["epoch", "task"] as const) {
  everywhere(`now: a resume gets the time that was got before (grain ${grain})`, async (world) => {
    let dies = true;
    const got: number[] = [];
    const ask = task("ask", { reads: { times }, writes: { times } })
      .run(async ({ times }, { now, node }) => {
        const [first, second] = [await now(), await now("other")];
        assert(first instanceof Date);
        if (node === world.node) got.push(first.getTime(), second.getTime());
        return { times: [...times, first.getTime(), second.getTime()] };
      });
    const die = task("die", { reads: { times } }).run((_, { epoch }) => {
      if (dies && epoch === 2) throw new Error("dies here");
    });
    const given = world.job({
      ...{ init: [], epoch: [ask, die], exit: [], until: epochs(3), plan: { grain } },
    });
    await errorOf(world.run(given));
    dies = false;
    const before = got.slice();
    got.length = 0;
    const { values } = await shifted(HOUR_MS, () => world.run(given, { resumeFromEpoch: "auto" }));
    const all = values[world.node]?.["times"] as number[];
    // Epoch 2 has its times from before, epoch 3 new ones.
    assertEquals(all.slice(0, 4), before);
    assert(all.slice(4).every((time) => time > HOUR_MS / 2 + Math.max(...before)));
    assertEquals(got.length, grain === "epoch" ? 4 : 2);
  });

  everywhere(`sleep: a resume waits only for the rest (grain ${grain})`, async (world) => {
    const begun: string[] = [];
    const job = sleeping(world, grain, begun);
    const on = world.session();
    const stop = new AbortController();
    const checkpoints = world.manager();
    on.session.events.observe((event) => {
      if (event.type === "log") setTimeout(() => stop.abort(new StoppedError("told")), 50);
    });
    const first = new JobRunner(job, { checkpoints }).run(on.session, { signal: stop.signal });
    assertEquals((await errorOf(first)).name, "StoppedError");
    assert(begun.length > 0);
    // It would wait for two hours, had it not begun to.
    const { seen } = await shifted(
      2 * HOUR_MS,
      () => world.run(job, { resumeFromEpoch: "auto" }),
    );
    assertEquals(seen.of("run-finished")[0]?.outcome, "finished");
  });
}

everywhere(
  "sleep: where the clock was set back, it takes no longer than it was to",
  async (world) => {
    const stop = new AbortController();
    let isFirst = true;
    const wait = task("wait").run(async (_, { sleep }) => {
      if (isFirst) setTimeout(() => stop.abort(new StoppedError("told")), 20);
      await sleep("short", "300ms");
    });
    const job = world.job({
      ...{ init: [], epoch: [wait], exit: [], until: epochs(1), plan: { grain: "task" } },
    });
    const checkpoints = world.manager();
    const first = new JobRunner(job, { checkpoints }).run(world.session().session, {
      signal: stop.signal,
    });
    assertEquals((await errorOf(first)).name, "StoppedError");
    isFirst = false;
    const on = world.session();
    const runner = new JobRunner(job, { checkpoints: world.manager(), resumeFromEpoch: "auto" });
    const signal = AbortSignal.timeout(20_000);
    await shifted(-2 * HOUR_MS, () => runner.run(on.session, { signal }));
    assertEquals(runner.result?.outcome, "finished");
  },
);

/** A job whose only epoch takes two hours. */
function sleeping(world: World, grain: "epoch" | "task", begun: string[]) {
  const wait = task("wait").run(async (_, { sleep, waitUntil, log, node }) => {
    log("waits");
    begun.push(node);
    const before = Date.now();
    await Promise.all([
      sleep("long", "2h"),
      waitUntil("also", new Date(before + HOUR_MS)),
      waitUntil("past", before - 1),
    ]);
  });
  return world.job({
    ...{ init: [], epoch: [wait], exit: [], until: epochs(1), plan: { grain } },
  });
}

everywhere(
  "sleep: names are unique, times are times, and what is not awaited is an error",
  async (world) => {
    const run = async (body: (context: Context) => Promise<void> | void): Promise<string> => {
      await using own = await world.beside();
      const odd = task("odd").run((_, context) => body(context));
      const error = await errorOf(own.run(own.job({ init: [], epoch: [odd], exit: [] })));
      return error.message;
    };
    assertStringIncludes(
      await run(async ({ sleep }) => {
        await sleep("a", "1ms");
        await sleep("a", "1ms");
      }),
      'sleep "a" runs twice in one task: give each its own name or key',
    );
    assertStringIncludes(
      await run(({ waitUntil }) => waitUntil("b", new Date("never"))),
      'waitUntil "b": Invalid Date is no time',
    );
    assertStringIncludes(
      await run(({ sleep }) => void sleep("c", "1h").catch(() => {})),
      'sleep "c" was still running when its task ended: await it',
    );
  },
);
