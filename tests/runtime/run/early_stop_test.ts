// A stop before the journal is open.
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { blob, epochs, task } from "../../../dsl/mod.ts";
import { StoppedError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { overriding } from "../../storage/sample.ts";
import { untilAborted } from "../helpers.ts";
import { spoil } from "./spoil.ts";
import { everywhere, notices, type World } from "./world.ts";

const images = blob<Float64Array>("images", { derived: true });

/** A job whose start makes a derived blob again, meanwhile is told to stop, and pays for three calls. */
function paying(world: World) {
  const calls: number[] = [];
  const now = { isDying: true, stop: undefined as AbortController | undefined };
  const read = task("read", { writes: { images } }).run(async (_, { signal }) => {
    if (now.stop !== undefined) {
      now.stop.abort(new StoppedError("its time of 1s is up"));
      await untilAborted(signal);
    }
    return { images: new Float64Array(10) };
  });
  const pay = task("pay", { reads: { images } }).run(async (_, { map }) => {
    await map("call", [1, 2, 3], (item) => {
      if (item === 3 && now.isDying) throw new Error("dies here");
      calls.push(item);
    }, { key: String, concurrency: 1 });
  });
  const until = epochs(1);
  const job = world.job({ init: [read], epoch: [pay], exit: [], until, plan: { grain: "task" } });
  const start = async (isStopped: boolean) => {
    now.stop = isStopped ? new AbortController() : undefined;
    const { session, seen } = world.session();
    const options = { checkpoints: world.manager(), resumeFromEpoch: "auto" } as const;
    const signal = now.stop?.signal ?? new AbortController().signal;
    const run = new JobRunner(job, options).run(session, { signal });
    const error: unknown = await run.then(() => undefined, (error) => error);
    return { error, said: notices(seen) };
  };
  return { start, now, calls };
}

everywhere(
  "starts that are told to stop while derived blobs are made again did not die, and lose no work",
  async (world) => {
    const { start, now, calls } = paying(world);
    const said: string[][] = [];
    const begin = async (isStopped: boolean): Promise<unknown> => {
      const started = await start(isStopped);
      said.push(started.said.filter((text) => text.includes("in a row")));
      return started.error;
    };
    assertStringIncludes(String(await begin(false)), "dies here");
    for (let count = 0; count < 4; count++) {
      assert(await begin(true) instanceof StoppedError);
    }
    // The second start is the first that saved nothing, and recorded nothing.
    assertEquals(said.map(({ length }) => length), [0, 0, 0, 1, 1]);
    const [told = ""] = said[4] ?? [];
    assertStringIncludes(told, "those before it were told to stop before");
    assertStringIncludes(told, "If a task of epoch 1, with what is derived made again before it,");
    assert(!told.includes("may end the job"), told);
    now.isDying = false;
    const before = calls.length;
    assertEquals(await begin(false), undefined);
    // Items 1 and 2 were recorded by the first start, on each node.
    assertEquals(calls.slice(before), world.nodes.map(() => 3));
  },
);

everywhere(
  "what is lost of recorded work is told once, also by a start that is told to stop",
  async (world) => {
    const { start, now, calls } = paying(world);
    await start(false);
    await spoil(world, "tasks/");
    const lost = ({ said }: { readonly said: readonly string[] }): readonly string[] =>
      said.filter((text) => text.startsWith("what tasks had done is lost in part"));
    const stopped = await start(true);
    assert(stopped.error instanceof StoppedError);
    assert(lost(stopped).length > 0);
    assertStringIncludes(lost(stopped)[0] ?? "", "tasks/a000001");
    now.isDying = false;
    const before = calls.length;
    const next = await start(false);
    assertEquals([next.error, lost(next)], [undefined, []]);
    assert(calls.length - before > world.nodes.length);
  },
);

everywhere(
  "a start that is told to stop while it reads what is saved reads no further, and takes no attempt",
  async (world) => {
    const large = blob<Float64Array>("large");
    const fill = task("fill", { writes: { large } })
      .run(() => ({ large: new Float64Array(1_000_000).fill(1) }));
    const grow = task("grow", { updates: { large } }).run(({ large }) => void (large[0] = 2));
    const job = world.job({ init: [fill], epoch: [grow], exit: [] });
    await world.run(job, { stopAfterEpoch: 2 });
    const attempts = await world.names("attempts/");
    const store = world.store();
    const start = async () => {
      const stop = new AbortController();
      let opened = 0;
      const stopping = overriding(store, {
        fill: () => Promise.resolve(0),
        open: (name, options) => {
          if (!name.startsWith("packs/")) return store.open(name, options);
          opened++;
          stop.abort("SIGTERM");
          return store.open(name, options);
        },
      });
      const { session, seen } = world.session();
      const checkpoints = world.manager({ store: stopping });
      const runner = new JobRunner(job, { checkpoints, resumeFromEpoch: "latest" });
      const run = runner.run(session, { signal: stop.signal });
      return { runner, seen, error: await run.then(() => undefined, (error) => error), opened };
    };
    const { runner, seen, error, opened } = await start();
    assertInstanceOf(error, StoppedError);
    assertEquals([await world.names("attempts/"), seen.started], [attempts, []]);
    assertStringIncludes(
      notices(seen).join("\n"),
      "stop while epoch 2 was being loaded, and has run",
    );
    assertEquals([runner.result?.epoch, seen.of("run-finished")[0]?.epoch], [2, 2]);
    await world.run(job, { resumeFromEpoch: "latest" });
    // A job with nothing left to do says so, and is not started for ever; it has read all.
    const finished = await start();
    assertEquals([finished.error, finished.runner.result?.outcome], [
      undefined,
      "already finished",
    ]);
    assert(opened < finished.opened || world.nodes.length === 1);
  },
);
