import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Job, task } from "../../../dsl/mod.ts";
import { StoppedError } from "../../../runtime/errors.ts";
import type { LocalSessionOptions } from "../../../runtime/session/local_session.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { errorOf, untilAborted } from "../helpers.ts";
import { everywhere, notices, total, World } from "./world.ts";

/** A job that dies in its third epoch while `isPoisoned` says so. */
function poisonedJob(world: World, isPoisoned: () => boolean) {
  const add = task("add", { reads: { total }, writes: { total } }).run(({ total }, { epoch }) => {
    if (epoch === 3 && isPoisoned()) throw new Error("dies here");
    return { total: total + epoch };
  });
  return world.job({ init: [], epoch: [add], exit: [] });
}

everywhere(
  "run: the third start in a row that begins at one place says so, with the others",
  async (world) => {
    let isPoisoned = true;
    const job = poisonedJob(world, () => isPoisoned);
    const said: string[][] = [];
    for (let start = 1; start <= 5; start++) {
      if (start === 5) isPoisoned = false;
      const on = world.session();
      await world.run(job, { resumeFromEpoch: "auto" }, on).catch(() => {});
      said.push(notices(on.seen).filter((text) => text.includes("in a row")));
    }
    // The first start saved two epochs; the second and third are the first two of the row.
    assertEquals(said.map(({ length }) => length), [0, 0, 0, 1, 1]);
    const [[fourth = ""] = []] = said.slice(3);
    assertStringIncludes(fourth, "3 starts in a row, this one among them, began at epoch 2");
    assert(/attempt 3, \d{4}-.*; attempt 2, \d{4}-/.test(fourth), fourth);
    assertStringIncludes(fourth, "resume --from");

    // It got further, so that the row has ended.
    const on = world.session();
    await world.run(job, { resumeFromEpoch: 2 }, on);
    assertEquals(notices(on.seen).filter((text) => text.includes("in a row")), []);
  },
);

/** What starts of a job say of some in a row that have saved nothing. */
async function wordsOf(
  world: World,
  starts: number,
  start: (number: number) => { readonly job: Job; readonly signal: AbortSignal },
  sessions: LocalSessionOptions = {},
): Promise<string[][]> {
  const said: string[][] = [];
  for (let number = 1; number <= starts; number++) {
    const { session, seen } = world.session(sessions);
    const { job, signal } = start(number);
    const options = { checkpoints: world.manager(), resumeFromEpoch: "auto" } as const;
    await errorOf(new JobRunner(job, options).run(session, { signal }));
    said.push(notices(seen).filter((text) => text.includes("in a row")));
  }
  return said;
}

everywhere(
  "run: starts that have recorded work are no row, until they record none",
  async (world) => {
    const said = await wordsOf(world, 8, (number) => {
      const pay = task("pay").run(async (_, { map }) => {
        await map("call", [1, 2, 3, 4, 5, 6, 7, 8], (item) => {
          if (item > Math.min(number, 4)) throw new Error("dies here");
        }, { key: String, concurrency: 1 });
      });
      const job = world.job({ init: [], epoch: [pay], plan: { grain: "task" } });
      return { job, signal: new AbortController().signal };
    });
    // The fifth is the first that gets no further than the one before.
    assertEquals(said.map(({ length }) => length), [0, 0, 0, 0, 0, 0, 1, 1]);
  },
);

everywhere(
  "run: where a start has too little time for an epoch, the third says so",
  async (world) => {
    for (const grain of ["epoch", "task"] as const) {
      await using own = await world.beside();
      const said = await wordsOf(own, 4, () => {
        const stop = new AbortController();
        const slow = task("slow").run(async (_, { signal }) => {
          stop.abort(new StoppedError("its time of 700ms is up"));
          await untilAborted(signal);
        });
        const job = own.job({ init: [], epoch: [slow], plan: { grain } });
        return { job, signal: stop.signal };
      });
      // The first saved the state after init.
      assertEquals(said.map(({ length }) => length), [0, 0, 0, 1]);
      const told = said[3]?.[0] ?? "";
      assertStringIncludes(told, "3 starts in a row, this one among them, began at epoch 0");
      assertStringIncludes(
        told,
        "told to stop before they had saved anything or recorded any work",
      );
      const what = grain === "epoch" ? "If epoch 1 takes" : "If a task of epoch 1 takes";
      assertStringIncludes(told, `${what} longer than a start is given, the job never gets on`);
      assertStringIncludes(told, grain === "epoch" ? 'grain: "task"' : "pieces (map) or steps");
      assert(!told.includes("may end the job") && !told.includes("--from"), told);
    }
  },
);

everywhere("run: a task that does not heed it was told to stop too", async (world) => {
  const sleeping: Promise<void>[] = [];
  const said = await wordsOf(world, 4, () => {
    const stop = new AbortController();
    const deaf = task("deaf").run(async () => {
      stop.abort(new StoppedError("its time of 700ms is up"));
      const slept = new Promise<void>((resolve) => setTimeout(resolve, 100));
      sleeping.push(slept);
      await slept;
    });
    return { job: world.job({ init: [], epoch: [deaf] }), signal: stop.signal };
  }, { grace: "10ms" });
  await Promise.all(sleeping);
  const told = said[3]?.[0] ?? "";
  assertStringIncludes(told, "those before it were told to stop before they had saved anything");
});

everywhere("run: starts that died and such as were told to stop are one row", async (world) => {
  const said = await wordsOf(world, 5, (number) => {
    const stop = new AbortController();
    const slow = task("slow").run(async (_, { signal }) => {
      if (number % 2 === 0) throw new Error("dies here");
      stop.abort(new StoppedError("a test"));
      await untilAborted(signal);
    });
    return { job: world.job({ init: [], epoch: [slow] }), signal: stop.signal };
  });
  // The first saved the state after init.
  assertEquals(said.map(({ length }) => length), [0, 0, 0, 1, 1]);
  const told = said[4]?.[0] ?? "";
  assertStringIncludes(told, "4 starts in a row, this one among them, began at epoch 0");
  assertStringIncludes(
    told,
    "those before it ended, some as far as is known without being told to, before they had",
  );
  assert(
    /attempt 4, [^,;]*; attempt 3, [^,;]*, told to stop; attempt 2, [^,;]*\)/.test(told),
    told,
  );
  assertStringIncludes(told, "see what those that were not told to stop printed last. If epoch 1");
});

everywhere("run: a job that dies in its first epoch is not told to go back", async (world) => {
  const die = task("die").run(() => {
    throw new Error("dies here");
  });
  const job = world.job({ init: [], epoch: [die] });
  const { signal } = new AbortController();
  const [told = ""] = (await wordsOf(world, 4, () => ({ job, signal }))).flat();
  assertStringIncludes(told, "began at epoch 0");
  assertStringIncludes(told, "see what they printed last");
  assertEquals(told.includes("--from"), false, told);
});

Deno.test("run: of a very long row it is said that it is at least so long", async () => {
  await using world = await World.make("memory", 1);
  const die = task("die").run(() => {
    throw new Error("dies here");
  });
  const job = world.job({ init: [], epoch: [die] });
  const { signal } = new AbortController();
  const said = await wordsOf(world, 56, () => ({ job, signal }));
  assertStringIncludes(said[49]?.[0] ?? "", "49 starts in a row");
  assertStringIncludes(said[55]?.[0] ?? "", "at least 51 starts in a row");
});
