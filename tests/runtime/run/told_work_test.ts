// What is said of recorded work: stamps and what is derived are none.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { blob, epochs, resource, task } from "../../../dsl/mod.ts";
import { StoppedError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { untilAborted } from "../helpers.ts";
import { everywhere, notices, total, type World } from "./world.ts";

const images = blob<Float64Array>("images", { derived: true });
const server = resource("server", { open: () => ({}), stamp: () => "v1" });
const plan = { grain: "task" } as const;
const until = epochs(1);

/** Starts a job, which is told to stop where it says so; gives what was said. */
async function startOf(world: World, job: ReturnType<World["job"]>, stop: AbortController) {
  const { session, seen } = world.session();
  const options = { checkpoints: world.manager(), resumeFromEpoch: "auto" } as const;
  await new JobRunner(job, options).run(session, { signal: stop.signal }).catch(() => {});
  return notices(seen);
}

everywhere("work: a stamp, and what is derived, are none that is kept", async (world) => {
  for (const what of ["stamp", "derived"] as const) {
    await using own = await world.beside();
    for (let start = 0; start < 2; start++) {
      const stop = new AbortController();
      const halt = async (signal: AbortSignal) => {
        stop.abort(new StoppedError("a test"));
        await untilAborted(signal);
      };
      const make = task("make", { writes: { images } })
        .run(() => ({ images: new Float64Array(10) }));
      const wait = task("wait", { reads: { images } }).run((_, { signal }) => halt(signal));
      const use = task("use", { reads: { server } }).run((_, { signal }) => halt(signal));
      const job = what === "derived"
        ? own.job({ init: [make, wait], epoch: [], exit: [], until, plan })
        : own.job({ init: [], epoch: [use], exit: [], until, plan });
      const said = await startOf(own, job, stop);
      const told = said.filter((text) => text.includes("piece") || text.includes("kept"));
      assertEquals(told, [], what);
    }
  }
});

everywhere("work: what is kept where nothing is saved yet is told so", async (world) => {
  const stop = new AbortController();
  const first = task("first", { reads: { total }, writes: { total } })
    .run(({ total }) => ({ total: total + 1 }));
  const wait = task("wait", { reads: { total } }).run(async (_, { signal }) => {
    stop.abort(new StoppedError("a test"));
    await untilAborted(signal);
  });
  const said = await startOf(
    world,
    world.job({ init: [first, wait], epoch: [], exit: [], until, plan }),
    stop,
  );
  const many = world.nodes.length === 1 ? "1 task" : `${world.nodes.length} tasks`;
  assertStringIncludes(said.join("\n"), `what ${many} did since the start is kept too`);
});

everywhere(
  "work: a job that dies in init each time is told so though it has derived something",
  async (world) => {
    const said: string[][] = [];
    for (let start = 0; start < 4; start++) {
      const make = task("make", { writes: { images } }).run(() => ({
        images: new Float64Array(10),
      }));
      const die = task("die", { reads: { images } }).run(() => {
        throw new Error("dies here");
      });
      const job = world.job({ init: [make, die], epoch: [], exit: [], until, plan });
      said.push(
        (await startOf(world, job, new AbortController())).filter((t) => t.includes("in a row")),
      );
    }
    assertEquals(said.map(({ length }) => length), [0, 0, 1, 1]);
    assert(said[3]?.[0]?.includes("began at the very start"), `${said[3]}`);
  },
);
