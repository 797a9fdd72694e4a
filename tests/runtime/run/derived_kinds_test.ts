// Derived blobs of more kinds: skipped ones, of a resource, with a codec, and what is refused.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { blob, codec, epochs, group, param, resource, set, task, when } from "../../../dsl/mod.ts";
import { DerivedChangedError } from "../../../runtime/derived/errors.ts";
import { StoppedError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { untilAborted } from "../helpers.ts";
import { everywhere } from "./world.ts";

const images = blob<Float64Array>("images", { derived: true });

everywhere("skipped again where it was skipped, and otherwise another", async (world) => {
  const isOn = param("on", false);
  const make = (dieIn?: number) => {
    const condition = when(isOn, (isOn) => isOn);
    const read = task("read", { writes: { images } }).run(() => ({ images: new Float64Array(3) }));
    const train = task("train").run((_, { epoch }) => {
      if (epoch === dieIn) throw new Error("dies here");
    });
    const init = [group({ if: condition }, read)];
    return world.job({ init, epoch: [train], exit: [], until: epochs(3) });
  };
  await world.fail(make(2));
  const { error } = await world.fail(make(), { resumeFromEpoch: "auto", set: [set(isOn, true)] });
  assert(error instanceof DerivedChangedError, String(error));
  assertStringIncludes(error.message, "it was not set then, and is set now");
  const { seen } = await world.run(make(), { resumeFromEpoch: "auto", set: [set(isOn, false)] });
  assertEquals(seen.of("derived").map(({ outcome }) => outcome).slice(0, 1), ["same"]);
  assertEquals(seen.of("task-skipped").length, world.nodes.length);
});

everywhere("a resource that is another is named", async (world) => {
  let rows = 10;
  const data = resource("data", {
    open: () => new Float64Array(rows),
    stamp: ({ length }) => length,
  });
  const make = (dieIn?: number) => {
    const read = task("read", { reads: { data }, writes: { images } })
      .run(({ data }) => ({ images: data.slice() }));
    const train = task("train").run((_, { epoch }) => {
      if (epoch === dieIn) throw new Error("dies here");
    });
    return world.job({ init: [read], epoch: [train], exit: [], until: epochs(3) });
  };
  await world.fail(make(2));
  rows = 11;
  const { error } = await world.fail(make(), { resumeFromEpoch: "auto" });
  assertStringIncludes(
    error.message,
    'resource "data" is another: its stamp was number 10, and is number 11',
  );
});

everywhere("one with a codec is told from others by what that makes of it", async (world) => {
  class Tensor {
    constructor(readonly data: Float32Array) {}
  }
  let freed = 0;
  const tensor = blob("tensor", {
    derived: true,
    codec: codec({
      encode: async (value: Tensor) => await Promise.resolve(value.data),
      decode: (data) => new Tensor(data),
      dispose: () => void freed++,
    }),
  });
  const make = (first: number, dieIn?: number) => {
    const read = task("read", { writes: { tensor } })
      .run(() => ({ tensor: new Tensor(Float32Array.of(first, NaN)) }));
    const train = task("train", { reads: { tensor } }).run((_, { epoch }) => {
      if (epoch === dieIn) throw new Error("dies here");
    });
    return world.job({ init: [read], epoch: [train], exit: [], until: epochs(3) });
  };
  await world.fail(make(1, 2));
  assertEquals(freed, 0);
  const { error } = await world.fail(make(2), { resumeFromEpoch: "auto" });
  assertEquals(error.name, "DerivedChangedError");
  const runner = new JobRunner(make(1), { checkpoints: world.manager(), resumeFromEpoch: "auto" });
  assertEquals(await runner.run(world.session().session), 3);
});

everywhere("one that was saved is freed before it is made again", async (world) => {
  const freed: number[] = [];
  const make = (derived: boolean, dieIn?: number) => {
    const coder = codec({
      encode: (value: { readonly list: Uint8Array }) => value.list,
      decode: (list) => ({ list }),
      dispose: ({ list }) => void freed.push(list.length),
    });
    const box = derived ? blob("box", { derived, codec: coder }) : blob("box", { codec: coder });
    const read = task("read", { writes: { box } }).run(() => ({
      box: { list: new Uint8Array(5) },
    }));
    const train = task("train", { reads: { box } }).run(({ box }, { epoch }) => {
      if (epoch === dieIn) throw new Error("dies here");
      if (box.list.length !== 5) throw new Error("another box");
    });
    return world.job({ init: [read], epoch: [train], exit: [], until: epochs(3) });
  };
  await world.fail(make(false, 2));
  assertEquals(freed, []);
  const options = { resumeFromEpoch: "auto", allowChange: true } as const;
  const { seen } = await world.run(make(true), options);
  assertEquals(freed, world.nodes.map(() => 5));
  assertEquals([...new Set(seen.of("derived").map(({ outcome }) => outcome))], ["same"]);
});

everywhere("the time, and what cannot be looked into, are refused at once", async (world) => {
  const make = (body: () => unknown, name: string) => {
    const read = task(name, { writes: { images } }).run(body as () => { images: Float64Array });
    return world.job({ init: [read], epoch: [], exit: [], until: epochs(1) });
  };
  const timed = task("read", { writes: { images } }).run(async (_, { now }) => ({
    images: Float64Array.of((await now()).getTime()),
  }));
  const { error } = await world.fail(
    world.job({ init: [timed], epoch: [], exit: [], until: epochs(1) }),
  );
  assertStringIncludes(error.message, 'now() gives another time when task "read" runs again');
  for (const wait of ["sleep", "waitUntil"] as const) {
    const waits = task("read", { writes: { images } }).run(async (_, context) => {
      if (wait === "sleep") await context.sleep("a while", "1h");
      else await context.waitUntil("later", new Date(8.64e15));
      return { images: Float64Array.of(1) };
    });
    const waiting = world.job({ init: [waits], epoch: [], exit: [], until: epochs(1) });
    const { error } = await world.fail(waiting);
    assertStringIncludes(error.message, 'waited for in full whenever task "read" runs again');
    assertStringIncludes(error.message, wait);
  }
  const { error: other } = await world.fail(make(() => ({ images: () => 1 }), "wrong"));
  assertStringIncludes(other.message, "what it returned cannot be told from another value");
});

everywhere(
  "a stop while it is made again leaves all as it was, and so does a failure",
  async (world) => {
    let what: "works" | "fails" | "waits" = "works";
    const make = (dieIn?: number) => {
      const read = task("read", { writes: { images } }).run(async (_, { signal }) => {
        if (what === "fails") throw new Error("the server is down");
        if (what === "waits") await untilAborted(signal);
        return { images: new Float64Array(9) };
      });
      const train = task("train").run((_, { epoch }) => {
        if (epoch === dieIn) throw new Error("dies here");
      });
      return world.job({ init: [read], epoch: [train], exit: [], until: epochs(3) });
    };
    await world.fail(make(2));
    what = "fails";
    const { error } = await world.fail(make(), { resumeFromEpoch: "auto" });
    assertStringIncludes(error.message, "the server is down");
    what = "waits";
    const stopped = new AbortController();
    const { session, seen } = world.session();
    session.events.observe(({ type }) => {
      if (type === "derive-started") stopped.abort(new StoppedError("SIGTERM"));
    });
    const runner = new JobRunner(make(), { checkpoints: world.manager(), resumeFromEpoch: "auto" });
    const stop = await runner.run(session, { signal: stopped.signal }).catch((error) => error);
    assert(stop instanceof StoppedError, String(stop));
    assertEquals([runner.result?.outcome, seen.of("derived")], ["stopped", []]);
    what = "works";
    const { epoch } = await world.run(make(), { resumeFromEpoch: "auto" });
    assertEquals(epoch, 3);
  },
);
