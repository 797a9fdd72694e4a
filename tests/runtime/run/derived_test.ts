// Derived blobs: never saved, made again on a resume, and compared.
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { blob, cursor, epochs, param, set, task } from "../../../dsl/mod.ts";
import { DerivedChangedError } from "../../../runtime/derived/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { CheckpointStore, digestValue } from "../../../storage/mod.ts";
import { everywhere, type World } from "./world.ts";

const SIZE = 3000;

const images = blob<Float64Array>("images", { derived: true });
const labels = blob<Map<string, number>>("labels", { derived: true });
const total = blob("total", { initial: () => 0 });
const first = blob<number>("first");
const scale = param("scale", 1);
const next = cursor("next", { over: images, take: 7, shuffle: true });

/** What differs between the job that dies and the one that goes on. */
interface Changes {
  /** What the task that makes images adds to each. */
  readonly shift?: number;
  /** Where its task fails. */
  readonly dieIn?: number;
  readonly plan?: object;
  /** Whether the images are derived; they are. */
  readonly isSaved?: boolean;
}

function jobOf(world: World, changes: Changes = {}) {
  const { shift = 0, dieIn, plan = {}, isSaved = false } = changes;
  const pictures = isSaved ? blob<Float64Array>("images") : images;
  const over = isSaved ? cursor("next", { over: pictures, take: 7, shuffle: true }) : next;
  const read = task("read", { reads: { scale }, writes: { pictures } })
    .run(({ scale }, { rng, node }) => ({
      pictures: Float64Array.from({ length: SIZE }, () => rng(node).normal() * scale + shift),
    }));
  const name = task("name", { reads: { pictures }, writes: { labels } })
    .run(({ pictures }) => ({ labels: new Map([["first", pictures[0] ?? NaN]]) }));
  const begin = task("begin", { reads: { pictures, labels }, writes: { first } })
    .run(({ pictures, labels }) => ({
      first: (pictures[1] ?? NaN) + (labels.get("first") ?? NaN),
    }));
  const train = task("train", { reads: { over, labels, total }, writes: { total } })
    .run(({ over, labels, total }) => {
      const sum = over.items.reduce((sum, item) => sum + item, 0);
      return { total: total + sum + (labels.get("first") ?? NaN) };
    });
  const die = task("die", { reads: { total } }).run((_, { epoch }) => {
    if (epoch === dieIn) throw new Error("dies here");
  });
  const init = [read, name, begin];
  return world.job({ init, epoch: [train, die], exit: [die], until: epochs(4), plan });
}

/** The tasks that a run started, once each node. */
function started(seen: { of(type: "task-started"): readonly { id: string; epoch: number }[] }) {
  const ids = seen.of("task-started").map(({ id, epoch }) => `${id.replace(/@.*/, "")} ${epoch}`);
  return [...new Set(ids)];
}

async function manifestsOf(world: World) {
  const store = await CheckpointStore.open(world.store());
  const { line } = await store.history();
  return await Promise.all(line.map((ref) => store.readManifest(ref)));
}

everywhere("a derived blob is in no checkpoint, and its digest is in all", async (world) => {
  const { session } = await world.run(jobOf(world));
  const digest = await digestValue(session.workspace(world.node).get("images"));
  for (const { nodes, run } of await manifestsOf(world)) {
    assertEquals(Object.keys(nodes[world.node] ?? {}).sort(), ["first", "total"]);
    assertEquals(Object.keys(run.derived ?? {}), world.nodes);
    assertEquals(run.derived?.[world.node]?.["images"], digest);
    assertEquals(Object.keys(run.derived?.[world.node] ?? {}), ["images", "labels"]);
  }
});

for (const grain of ["epoch", "task"] as const) {
  everywhere(`a resume makes derived blobs again, grain ${grain}`, async (world) => {
    await using alone = await world.beside();
    const { values } = await alone.run(jobOf(alone), { seed: 5 });
    await world.fail(jobOf(world, { dieIn: 3, plan: { grain } }), { seed: 5 });
    const again = await world.run(jobOf(world, { plan: { grain } }), {
      resumeFromEpoch: "auto",
    });
    assertEquals(again.values, values);
    assertEquals(started(again.seen).slice(0, 2), ["read 0", "name 0"]);
    assert(!started(again.seen).includes("begin 0"));
    const outcomes = again.seen.of("derived").map((
      { node, blob, outcome },
    ) => [node, blob, outcome]);
    assertEquals(outcomes.filter(([node]) => node === world.node), [
      [world.node, "images", "same"],
      [world.node, "labels", "same"],
    ]);
    const [begun] = again.seen.of("derive-started");
    assertEquals(begun?.tasks.length, 2 * world.nodes.length);
  });
}

everywhere(
  "a resume at the end makes them again, too, and a finished job nothing",
  async (world) => {
    await using alone = await world.beside();
    const { values } = await alone.run(jobOf(alone));
    // Epoch 4 is the last; exit is of the same epoch.
    const exit = task("end", { reads: { images } }).run(() => {
      throw new Error("dies here");
    });
    const dying = jobOf(world);
    const { build } = dying;
    await world.fail({
      ...dying,
      build: (given) => ({ ...build(given), exit: world.on(exit) }),
    });
    const again = await world.run(dying, { resumeFromEpoch: "auto", allowChange: true });
    assertEquals(again.values, values);
    assertEquals(again.seen.of("derived").length, 2 * world.nodes.length);
    const last = await world.run(dying, { resumeFromEpoch: "auto" });
    assertEquals([last.runner.result?.outcome, last.seen.of("derived")], ["already finished", []]);
  },
);

everywhere("a derived blob that comes to another value ends the resume", async (world) => {
  await world.fail(jobOf(world, { dieIn: 3 }));
  const { error, seen } = await world.fail(jobOf(world, { shift: 1 }), { resumeFromEpoch: "auto" });
  assert(error instanceof DerivedChangedError, String(error));
  assertEquals([error.blob, error.task], ["images", "read"]);
  assertNotEquals(error.found, error.saved);
  assertStringIncludes(error.message, 'Derived blob "images" of node');
  assertStringIncludes(
    error.message,
    'is not what it was when epoch 2@a1 was saved: task "read" ran again',
  );
  assertStringIncludes(error.message, "--allow-change");
  // Nothing else has run.
  assertEquals(started(seen).filter((task) => !task.startsWith("read")), []);
  assertEquals(await world.epochs(), ["0@a1", "1@a1", "2@a1"]);
});

everywhere("what another value may come from is said", async (world) => {
  await world.fail(jobOf(world, { dieIn: 3 }), { set: [set(scale, 2)] });
  const options = { resumeFromEpoch: "auto", set: [set(scale, 3)] } as const;
  const { error } = await world.fail(jobOf(world), options);
  assert(error instanceof DerivedChangedError, String(error));
  assertStringIncludes(error.message, "param scale is 3, and was 2 (--param scale=2)");
  const seeded = await world.fail(jobOf(world), { resumeFromEpoch: "auto", seed: 8 });
  assertStringIncludes(seeded.error.message, "the seed is 8, and was 0 (--seed 0)");
  const again = await world.run(jobOf(world), {
    ...{ resumeFromEpoch: "auto", set: [set(scale, 2)], seed: 0 },
  });
  assertEquals(again.epoch, 4);
});

everywhere("another value is gone on with where that is allowed, from then on", async (world) => {
  await world.fail(jobOf(world, { dieIn: 3 }));
  const other = jobOf(world, { shift: 1, dieIn: 4 });
  await world.fail(other, { resumeFromEpoch: "auto", allowChange: true });
  const before = (await manifestsOf(world)).map(({ run }) => run.derived?.[world.node]?.["images"]);
  assertNotEquals(before.at(-1), before[0]);
  const { seen, epoch } = await world.run(jobOf(world, { shift: 1 }), { resumeFromEpoch: "auto" });
  assertEquals(epoch, 4);
  assertEquals([...new Set(seen.of("derived").map(({ outcome }) => outcome))], ["same"]);
});

everywhere("what an unfinished epoch has done with another value is done again", async (world) => {
  const plan = { grain: "task" } as const;
  await world.fail(jobOf(world, { dieIn: 3, plan }));
  await using alone = await world.beside();
  await alone.fail(jobOf(alone, { dieIn: 3 }));
  const options = { resumeFromEpoch: "auto", allowChange: true } as const;
  const wanted = await alone.run(jobOf(alone, { shift: 1 }), options);
  const { values, seen } = await world.run(jobOf(world, { shift: 1, plan }), options);
  assertEquals(values, wanted.values);
  assertEquals(seen.of("task-reused"), []);
  assertEquals(seen.of("derived").map(({ outcome }) => outcome).slice(0, 1), ["changed"]);
});

everywhere(
  "what was done with another value is foreseen to be used if it comes out so again",
  async (world) => {
    const plan = { grain: "task" } as const;
    const options = { resumeFromEpoch: "auto", allowChange: true } as const;
    const given = (shift: number) => jobOf(world, { shift, dieIn: 3, plan });
    const reused = async (shift: number): Promise<readonly string[]> => {
      const known = await new JobRunner(given(shift), { checkpoints: world.manager() })
        .changesSince();
      return (known.first?.tasks ?? []).flatMap((one) => one.isReused ? [one.because] : []);
    };
    await world.fail(given(0));
    const asSaved = await reused(0);
    assert(asSaved.length > 0 && asSaved.every((because) => because === "it has finished"));
    await world.fail(given(1), options);
    const proviso = "it has finished, and is used if derived blobs come out as they did then";
    assertEquals(await reused(1), asSaved.map(() => proviso));
    const { seen } = await world.fail(given(1), options);
    assertEquals(seen.of("task-reused").length, asSaved.length);
  },
);

everywhere("a killed init is gone on with, and what it has derived compared", async (world) => {
  const plan = { grain: "task" } as const;
  const make = (world: World, shift: number, isDying: boolean, isEarly = false) => {
    // The code is the same in each; what it takes from around it is not seen.
    const read = task("read", { writes: { images } })
      .run(() => ({ images: Float64Array.from({ length: SIZE }, (_, i) => i + shift) }));
    const begin = task("begin", { reads: { images }, writes: { first } })
      .run(({ images }) => {
        if (isEarly) throw new Error("dies here");
        return { first: images[1] ?? NaN };
      });
    const end = task("end", { reads: { first } }).run(() => {
      if (isDying) throw new Error("dies here");
    });
    return world.job({ init: [read, begin, end], epoch: [], exit: [], until: epochs(1), plan });
  };
  await world.fail(make(world, 0, true));
  const { error } = await world.fail(make(world, 1, false), { resumeFromEpoch: "auto" });
  assert(error instanceof DerivedChangedError, String(error));
  assertStringIncludes(error.message, "is not what it was before the run was ended");
  await using allowed = await world.beside();
  await allowed.fail(make(allowed, 0, true));
  const options = { resumeFromEpoch: "auto", allowChange: true } as const;
  await allowed.fail(make(allowed, 1, false, true), options);
  const anew = await allowed.run(make(allowed, 1, false), options);
  // What was made of the other value is made again.
  assertEquals([anew.seen.of("task-reused"), anew.values[world.node]?.["first"]], [[], 2]);
  const { seen, values } = await world.run(make(world, 0, false), { resumeFromEpoch: "auto" });
  assertEquals([...new Set(seen.of("task-reused").map(({ task }) => task))], ["begin"]);
  assertEquals([...new Set(seen.of("derived").map(({ outcome }) => outcome))], ["same"]);
  assertEquals(values[world.node]?.["first"], 1);
});

everywhere("with load lazy only what is still read is made again", async (world) => {
  const plan = { load: "lazy" } as const;
  const spare = blob<number>("spare", { derived: true });
  const make = (dieIn?: number) => {
    const read = task("read", { writes: { images } }).run(() => ({
      images: new Float64Array(2000),
    }));
    const name = task("name", { reads: { images }, writes: { labels } })
      .run(({ images }) => ({ labels: new Map([["size", images.length]]) }));
    const save = task("save", { reads: { images }, writes: { spare } })
      .run(({ images }) => ({ spare: images.length }));
    const train = task("train", { reads: { labels, total }, writes: { total } })
      .run(({ total }, { epoch }) => {
        if (epoch === dieIn) throw new Error("dies here");
        return { total: total + 1 };
      });
    const init = [read, name, save];
    return world.job({ init, epoch: [train], exit: [], until: epochs(3), plan });
  };
  await world.fail(make(2));
  const { seen } = await world.run(make(), { resumeFromEpoch: "auto", allowChange: true });
  assertEquals(started(seen).slice(0, 3), ["read 0", "name 0", "train 2"]);
  const last = (await manifestsOf(world)).at(-1);
  assertEquals(Object.keys(last?.run.derived?.[world.node] ?? {}).sort(), [
    "images",
    "labels",
    "spare",
  ]);
});

everywhere(
  "a blob that was saved may become derived, and must be what was saved",
  async (world) => {
    await world.fail(jobOf(world, { dieIn: 3, isSaved: true }));
    const options = { resumeFromEpoch: "auto", allowChange: true } as const;
    const { seen, epoch } = await world.run(jobOf(world), options);
    assertEquals(epoch, 4);
    assertEquals([...new Set(seen.of("derived").map(({ outcome }) => outcome))], ["same"]);
    await using other = await world.beside();
    await other.fail(jobOf(other, { dieIn: 3, isSaved: true }));
    const { error } = await other.fail(
      { ...jobOf(other, { shift: 1 }) },
      { resumeFromEpoch: "auto", allowChange: false },
    );
    assert(error instanceof DerivedChangedError, String(error));
  },
);
