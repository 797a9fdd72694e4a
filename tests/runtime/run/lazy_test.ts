import { crc32 } from "node:zlib";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  blob,
  cursor,
  epochs,
  from,
  gather,
  type Job,
  job,
  keepLast,
  migration,
  on,
  optional,
  previous,
  type Step,
  task,
  when,
} from "../../../dsl/mod.ts";
import { MultiNodeCheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { JobRunner, type JobRunnerOptions } from "../../../runtime/run/job_runner.ts";
import { Workspace } from "../../../runtime/session/workspace.ts";
import { DamagedStartError } from "../../../runtime/run/damaged_start_error.ts";
import { AliasedValueError, DamagedError, FileStore, MemoryStore } from "../../../storage/mod.ts";
import type { Store } from "../../../storage/mod.ts";
import { recorded } from "../helpers.ts";
import { temporaryFolder } from "../../storage/watched_file_system.ts";

const BYTES = 300_000;
const frozen = blob<Uint8Array>("frozen");
const weights = blob<Uint8Array>("weights");
const count = blob<number>("count");

function bytesOf(seed: number): Uint8Array {
  return Uint8Array.from({ length: BYTES }, (_, at) => (at * seed) >> 3);
}

const start = task("start", { writes: { frozen, weights, count } })
  .run(() => ({ frozen: bytesOf(7), weights: bytesOf(11), count: 0 }));
const step = task("step", { updates: { weights }, writes: { count } })
  .run(({ weights }, { epoch }) => {
    weights[epoch] = weights[0]! + epoch;
    return { count: epoch };
  });

function makeJob(n: number, epoch: readonly Step[] = [step], load: "eager" | "lazy" = "lazy"): Job {
  return job("late", {
    init: [start],
    epoch,
    until: epochs(n),
    checkpoint: { to: "memory:unused", load, keep: [keepLast(1)] },
  });
}

/** A value as it is compared; of a large one the sum, so that a difference can be shown. */
function shown(value: unknown): unknown {
  return value instanceof Uint8Array ? crc32(value) : structuredClone(value);
}

/** Runs a job, and gives what its blobs are in the end, and how many bytes the run read. */
async function run(made: Job, store: Store, options: JobRunnerOptions = {}) {
  const { session, seen } = recorded();
  await using _ = session;
  const checkpoints = new MultiNodeCheckpointManager("late", store.kind, { store });
  const before = store.bytesRead;
  await new JobRunner(made, { checkpoints, allowChange: true, ...options }).run(session);
  const bytesRead = store.bytesRead - before;
  const values = new Map<string, unknown>();
  for (const node of [...session.nodes].sort()) {
    for (const name of [...session.workspace(node).names].sort()) {
      values.set(`${node}/${name}`, shown(await session.fetch(name, { node })));
    }
  }
  return { bytesRead, values, loaded: seen.of("loaded").at(-1)?.bytes };
}

const resumed = { resumeFromEpoch: "latest" } as const;

Deno.test("a lazy resume reads what its tasks need, and ends with the values of a run never stopped", async () => {
  const store = new MemoryStore();
  await run(makeJob(6), store, { stopAfterEpoch: 3 });
  const { loaded, bytesRead, values } = await run(makeJob(6), store, resumed);
  assert((loaded ?? BYTES) < BYTES / 2, `${loaded} bytes at the start`);
  // The weights, and once more what the next save compares them with.
  assert(bytesRead > 2 * BYTES && bytesRead < 2.5 * BYTES, `${bytesRead} bytes`);
  assertEquals(values, (await run(makeJob(6), new MemoryStore())).values);
});

Deno.test("what nothing reads is saved all the same, and a blob that is replaced is never read", async () => {
  const store = new MemoryStore();
  await run(makeJob(6), store, { stopAfterEpoch: 3 });
  const replace = task("replace", { writes: { weights } })
    .run((_, { epoch }) => ({ weights: bytesOf(epoch) }));
  const { bytesRead } = await run(makeJob(6, [replace]), store, resumed);
  assert(bytesRead < 1.5 * BYTES, `${bytesRead} bytes`);
  const { values } = await run(makeJob(6, [replace], "eager"), store, resumed);
  assertEquals(values.get("main/frozen"), shown(bytesOf(7)));
  assertEquals(values.get("main/weights"), shown(bytesOf(6)));
});

Deno.test("every way to read a blob waits for it, and each is read once", async () => {
  const sums = blob<readonly number[]>("sums");
  const far = blob<Uint8Array>("far");
  const next = cursor("next", { over: frozen, take: 5, wrap: true });
  const sum = (bytes: Uint8Array | undefined) => bytes?.reduce((sum, byte) => sum + byte, 0) ?? -1;
  const farStart = on("b", task("far", { writes: { far } }).run(() => ({ far: bytesOf(3) })));
  const readers = [
    task("reads", {
      reads: {
        plain: frozen,
        perhaps: optional(frozen),
        list: [frozen, weights],
        elsewhere: from("b", far),
        all: gather(["b"], far),
        before: previous(weights),
        items: next,
        had: previous(sums, []),
      },
      writes: { sums },
    }).run(({ plain, perhaps, list, elsewhere, all, before, items, had }) => ({
      sums: [plain, perhaps, ...list, elsewhere, ...all, before, Uint8Array.from(items.items)].map(
        sum,
      ).concat(had),
    })),
    task("beside", { reads: { frozen } }).run(() => {}),
    task("gated", { reads: { sums }, if: when(frozen, (bytes) => bytes[9]! > 300) }).run(() => {}),
    step,
  ];
  const made = (load: "eager" | "lazy"): Job =>
    job("late", {
      init: [start, farStart],
      epoch: readers,
      until: [epochs(5), when(frozen, (bytes) => bytes.length === 1)],
      checkpoint: { to: "memory:unused", load },
    });
  const store = new MemoryStore();
  await run(made("lazy"), store, { stopAfterEpoch: 2 });
  const { values, bytesRead } = await run(made("lazy"), store, resumed);
  assertEquals(values, (await run(made("eager"), new MemoryStore())).values);
  // Three blobs, and the weights' snapshot.
  assert(bytesRead > 4 * BYTES && bytesRead < 4.5 * BYTES, `${bytesRead} bytes`);
});

Deno.test("what is read late is checked: what is altered when a task reads it, what is short at the start", async () => {
  await using folder = await temporaryFolder();
  const store = new FileStore(folder.path);
  const late = (epoch: number) =>
    task("late", { reads: { frozen }, if: when(count, (count) => count >= epoch) }).run(() => {});
  await run(makeJob(6, [step, late(4)]), store, { stopAfterEpoch: 3 });
  const [pack] = (await store.list("packs/a000001/")).filter((name) => name.includes("e000000"));
  const path = join(folder.path, pack ?? "none");
  const bytes = await Deno.readFile(path);
  await Deno.writeFile(path, bytes.with(1000, bytes[1000]! ^ 1));
  // All epochs have it in common.
  const failed = await assertRejects(() => run(makeJob(6, [step, late(4)]), store, resumed));
  assertInstanceOf(failed, DamagedStartError);
  assert(failed.message.startsWith("No epoch that is saved"), failed.message);
  await Deno.writeFile(path, bytes.subarray(0, 1000));
  await assertRejects(() => run(makeJob(6), store, resumed), DamagedError);
});

Deno.test("a blob is there to be read late, whatever was saved, copied forward and removed since", async () => {
  const store = new MemoryStore();
  const bulk = blob<Uint8Array>("bulk");
  const fill = task("fill", { writes: { bulk } })
    .run((_, { epoch }) => ({ bulk: new Uint8Array(4_000_000).fill(epoch) }));
  const late = task("late", { reads: { frozen }, if: when(count, (count) => count === 9) })
    .run(({ frozen }) => assertEquals(frozen, bytesOf(7)));
  // One pack holds what is read late, beside much that is soon replaced.
  const made = job("late", {
    init: [start, fill],
    epoch: [step, fill, late],
    until: epochs(9),
    checkpoint: { to: "memory:unused", load: "lazy", keep: [keepLast(1)] },
  });
  await run(made, store, { stopAfterEpoch: 0 });
  const { values } = await run(made, store, resumed);
  assertEquals(values.get("main/count"), 9);
  const [newest, ...more] = (await store.list("epochs/")).toReversed();
  // What it was resumed from has gone as well, once nothing was to be read of it.
  assertEquals(more, []);
  const packs = await store.list("packs/a000002/");
  assert(newest?.includes("e000009"), newest);
  assert(packs.length > 0 && packs.length < 9, `${packs.length} packs`);
});

Deno.test("what a migration reads or makes is read at the start, all else when it is needed", async () => {
  const store = new MemoryStore();
  await run(makeJob(4), store, { stopAfterEpoch: 2 });
  const made = (load: "eager" | "lazy") =>
    job("late", {
      init: [start],
      epoch: [
        task("count", { reads: { weights }, writes: { count } }).run(({ weights }) => ({
          count: weights[5]!,
        })),
      ],
      until: epochs(4),
      checkpoint: {
        ...{ to: "memory:unused", load, onChange: "allow" },
        // It makes a blob anew that is large, and was saved.
        migrate: [
          migration("mix", { reads: { frozen }, writes: { weights } })
            .run(({ frozen }) => ({ weights: frozen.map((byte) => byte + 1) })),
        ],
      },
    });
  const copy = new MemoryStore();
  for (const folder of ["", "attempts/", "epochs/", "packs/a000001/", "phases/"]) {
    for (const name of await store.list(folder)) {
      if (await store.stat(name) !== undefined) await copy.put(name, await store.get(name));
    }
  }
  const { values } = await run(made("lazy"), store, resumed);
  assertEquals(values.get("main/weights"), shown(bytesOf(7).map((byte) => byte + 1)));
  assertEquals(values, (await run(made("eager"), copy, resumed)).values);
});

Deno.test("memory that a blob shares with one read late is refused", async () => {
  const store = new MemoryStore();
  const other = blob<Uint8Array>("other");
  const share = task("share", {
    reads: { frozen },
    writes: { other },
    if: when(count, (count) => count === 3),
  }).run(({ frozen }) => ({ other: frozen.subarray(9) }));
  await run(makeJob(4, [step, share]), store, { stopAfterEpoch: 2 });
  const error = await assertRejects(() => run(makeJob(4, [step, share]), store, resumed), Error);
  assertInstanceOf(error.cause, AliasedValueError);
});

Deno.test("a value that arrives too late is freed, and a read that fails is tried again", async () => {
  const freed: unknown[] = [];
  const codec = {
    encode: (value: string) => value,
    decode: (plain: string) => plain,
    dispose: (value: string) => void freed.push(value),
  };
  const workspace = new Workspace("main");
  workspace.declare(blob("text", { codec }));
  const read = Promise.withResolvers<string>();
  workspace.setLate("text", () => read.promise);
  assert(workspace.has("text") && workspace.isLate("text"));
  const version = workspace.version("text");
  const arriving = workspace.arrive("text");
  assertEquals(workspace.arrive("text"), arriving);
  workspace.set("text", "new");
  read.resolve("old");
  await arriving;
  assertEquals([workspace.get("text"), freed], ["new", ["old"]]);
  let tries = 0;
  workspace.setLate("text", () => tries++ === 0 ? Promise.reject(new Error("EIO")) : read.promise);
  assert(workspace.version("text") > version);
  const before = workspace.version("text");
  await assertRejects(async () => await workspace.arrive("text"), Error, "EIO");
  await workspace.arrive("text");
  assertEquals([workspace.get("text"), workspace.version("text")], ["old", before]);
  assertEquals(workspace.isLate("text"), false);
});
