// A stop before the journal is open.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { blob, epochs, task } from "../../../dsl/mod.ts";
import { StoppedError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { untilAborted } from "../helpers.ts";
import { everywhere, notices } from "./world.ts";

const images = blob<Float64Array>("images", { derived: true });

everywhere(
  "starts that are told to stop while derived blobs are made again did not die, and lose no work",
  async (world) => {
    const calls: number[] = [];
    let stop: AbortController | undefined;
    let isDying = true;
    const read = task("read", { writes: { images } }).run(async (_, { signal }) => {
      if (stop !== undefined) {
        stop.abort(new StoppedError("its time of 1s is up"));
        await untilAborted(signal);
      }
      return { images: new Float64Array(10) };
    });
    const pay = task("pay", { reads: { images } }).run(async (_, { map }) => {
      await map("call", [1, 2, 3], (item) => {
        if (item === 3 && isDying) throw new Error("dies here");
        calls.push(item);
      }, { key: String, concurrency: 1 });
    });
    const until = epochs(1);
    const job = world.job({ init: [read], epoch: [pay], exit: [], until, plan: { grain: "task" } });
    const said: string[][] = [];
    const start = async (isStopped: boolean) => {
      stop = isStopped ? new AbortController() : undefined;
      const { session, seen } = world.session();
      const options = { checkpoints: world.manager(), resumeFromEpoch: "auto" } as const;
      const signal = stop?.signal ?? new AbortController().signal;
      const run = new JobRunner(job, options).run(session, { signal });
      const error: unknown = await run.then(() => undefined, (error) => error);
      said.push(notices(seen).filter((text) => text.includes("in a row")));
      return error;
    };
    assertStringIncludes(String(await start(false)), "dies here");
    for (let count = 0; count < 4; count++) {
      assert(await start(true) instanceof StoppedError);
    }
    // The second start is the first that saved nothing, and recorded nothing.
    assertEquals(said.map(({ length }) => length), [0, 0, 0, 1, 1]);
    const [told = ""] = said[4] ?? [];
    assertStringIncludes(told, "those before it were told to stop before");
    assertStringIncludes(told, "If a task of epoch 1, with what is derived made again before it,");
    assert(!told.includes("may end the job"), told);
    isDying = false;
    const before = calls.length;
    assertEquals(await start(false), undefined);
    // Items 1 and 2 were recorded by the first start, on each node.
    assertEquals(calls.slice(before), world.nodes.map(() => 3));
  },
);
